"""How much a recurrent network's last state depends on what it read long before.

Hochreiter 1991 and Bengio et al. 1994, "Learning long-term dependencies with gradient descent is
difficult": going back in time, gradients shrink or grow by about the same factor at every step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def gradient_norms(network: nn.Module, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Measure how strongly each input pulls at the last state.

    The last state of each sequence is projected on a random direction of length one, and the
    gradient of that number taken for every input.

    Args:
        network: takes (B, T, input_dim), returns states (B, T, hidden_dim) and something else.
        inputs: what it reads.
        generator: draws the directions.

    Returns:
        (T,) the mean length of the gradient; the first is that of the last input, the second that
        of the one before, and so on back in time.

    Raises:
        ValueError: the inputs are no batch of sequences.
    """
    if inputs.ndim != 3 or 0 in inputs.shape:
        raise ValueError(f"inputs: (B, T, input_dim) needed, got {tuple(inputs.shape)}")
    inputs = inputs.detach().requires_grad_()
    with torch.enable_grad():
        last = network(inputs)[0][:, -1]
        direction = torch.randn(last.shape, generator=generator)
        projected = last * direction / direction.norm(dim=1, keepdim=True)
        (gradient,) = torch.autograd.grad(projected.sum(), inputs)
    return gradient.norm(dim=2).mean(dim=0).flip(0)
