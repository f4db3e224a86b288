"""Muon, an optimiser of weight matrices whose updates change all directions equally.

Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks",
https://kellerjordan.github.io/posts/muon/. `torch.optim.Muon` is the same in bfloat16, which is
slow on a CPU without instructions for it (docs/decisions/0023-flow-matching.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

# Odd polynomial a·s + b·s³ + c·s⁵: applied five times, it brings singular values near 1.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Momentum, then an orthogonalised update, for matrices between hidden layers.

    Args:
        weights: matrices (D, E). Vectors, embeddings and the first and last layer are for another
            optimiser, such as AdamW.
        learning_rate: size of an update, whose singular values are about 1.
        momentum: coefficient of Nesterov's momentum, 0 to 1.

    Raises:
        ValueError: a weight is no matrix, or there are none.
    """

    def __init__(
        self, weights: Iterable[nn.Parameter], learning_rate: float, momentum: float = 0.95
    ) -> None:
        matrices = list(weights)
        shapes = [tuple(weight.shape) for weight in matrices if weight.ndim != 2]
        if shapes:
            raise ValueError(f"weights: matrices expected, got shapes {shapes}")
        super().__init__(matrices, {"lr": learning_rate, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update the weights that have a gradient.

        Raises:
            ValueError: a closure is given.
        """
        if closure is not None:
            raise ValueError("closure: not supported; compute the gradients before the step")
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
                    mean.lerp_(weight.grad, 1 - group["momentum"])
                    update = orthogonalise(weight.grad.lerp(mean, group["momentum"]))
                    weight.sub_(group["lr"] * max(1, len(weight) / weight.shape[1]) ** 0.5 * update)


def orthogonalise(matrix: Tensor) -> Tensor:
    """Bring all singular values of a matrix near 1 by Newton–Schulz iterations.

    Args:
        matrix: (D, E) float32.

    Returns:
        (D, E), with the singular vectors of `matrix` and singular values of about 0.7 to 1.2.
    """
    a, b, c = COEFFICIENTS
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)  # all singular values are at most 1
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x
