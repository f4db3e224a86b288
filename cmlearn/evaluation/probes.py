"""A linear probe measures what can be read from vectors by a straight cut."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def linear_probe(
    train_x: Tensor, train_y: Tensor, test_x: Tensor, test_y: Tensor, penalty: float = 1e-3
) -> float:
    """Fit logistic regression on frozen vectors, then score it on others.

    The vectors are not changed, so what the probe finds was in them already
    (Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes").
    Nothing here is random: the same vectors give the same accuracy.

    Args:
        train_x: (N, D) float, the vectors to fit on.
        train_y: (N,) int64, their classes, from 0.
        test_x: (M, D) float.
        test_y: (M,) int64.
        penalty: weight of the squared size of the coefficients.

    Returns:
        The share of test vectors whose class is named, 0 to 1.

    Raises:
        ValueError: if shapes do not fit or a vector is not finite.
    """
    _check(train_x, train_y, "train")
    _check(test_x, test_y, "test")
    mean, spread = train_x.double().mean(dim=0), train_x.double().std(dim=0).clamp(min=1e-8)
    weights, bias = _fit((train_x - mean) / spread, train_y, penalty)
    logits = (test_x - mean) / spread @ weights + bias  # (M, classes)
    return (logits.argmax(dim=1) == test_y).double().mean().item()


def _fit(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Minimise the convex loss in float64: (N, D), (N,) -> (D, classes), (classes,)."""
    classes = int(y.max()) + 1
    weights = torch.zeros(x.shape[1], classes, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = cross_entropy(x @ weights + bias, y) + penalty * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return weights.detach(), bias.detach()


def _check(x: Tensor, y: Tensor, name: str) -> None:
    """Refuse shapes that do not fit, or vectors that hold NaN."""
    if x.ndim != 2 or y.shape != x.shape[:1] or len(x) < 2:
        raise ValueError(
            f"{name}_x, {name}_y: expected (N, D) and (N,) with N ≥ 2, "
            f"got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    if not x.isfinite().all():
        raise ValueError(f"{name}_x: holds NaN or infinity; look for a mean of no vectors")
