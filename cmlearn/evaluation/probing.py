"""A linear probe measures what can be read from vectors by a straight cut."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.scene import COLOURS, KINDS


def linear_probe(
    train_x: Tensor, train_y: Tensor, test_x: Tensor, test_y: Tensor, penalty: float = 1e-3
) -> float:
    """Fit logistic regression on frozen vectors, then score it on others.

    The vectors are not changed, so what the probe finds was in them already
    (Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes").
    Nothing here is random: the same vectors give the same accuracy. It is computed in float64 on
    the CPU, wherever the vectors lie: MPS has no float64.

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
    train_x, train_y, test_x, test_y = (x.cpu() for x in (train_x, train_y, test_x, test_y))
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


def principal_components(vectors: np.ndarray, count: int = 2) -> np.ndarray:
    """Project vectors on the directions along which they differ most (principal components).

    Args:
        vectors: (N, D) float.
        count: how many directions, at most min(N, D).

    Returns:
        (N, count). Each axis points so that its largest coordinate is positive, since the
        decomposition leaves the sign open.

    Raises:
        ValueError: if there are fewer than `count` directions.
    """
    if vectors.ndim != 2 or min(vectors.shape) < count:
        raise ValueError(f"vectors: {vectors.shape} has no {count} principal axes")
    centred = vectors - vectors.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    points = left[:, :count] * spread[:count]
    furthest = np.abs(points).argmax(axis=0)
    return points * np.sign(points[furthest, range(count)])


Thing = tuple[str, str]  # colour, kind


@dataclass(frozen=True)
class TwoThings:
    """Captions such as "a red house left of a blue tree", with their answers.

    Attributes:
        captions: N captions of eight words each.
        left_kind: (N,) int64, the row in `KINDS` of what stands on the left.
        first_is_left: (N,) int64, 1 where the thing that is named first stands there.
        first_colour: (N,) int64, the row in `COLOURS` of the thing that is named first.
    """

    captions: tuple[str, ...]
    left_kind: Tensor
    first_is_left: Tensor
    first_colour: Tensor


FIRST_KIND = 2  # the place of the first thing's kind among a caption's words, from 0


def two_thing_captions(
    num_train: int, num_test: int, rng: np.random.Generator
) -> tuple[TwoThings, TwoThings]:
    """Make captions to learn from and captions of other pairs of things to be tested on.

    Each pair is said in four ways, in both orders with both relations, so that the words alone
    tell nothing of who is where.

    Args:
        num_train: pairs to learn from; four captions each.
        num_test: other pairs.
        rng: chooses the pairs.

    Raises:
        ValueError: more pairs than there are.
    """
    things = [(colour, kind) for colour in COLOURS for kind in KINDS]
    pairs = [(a, b) for a, b in combinations(things, 2) if a[0] != b[0] and a[1] != b[1]]
    if num_train + num_test > len(pairs):
        raise ValueError(f"num_train + num_test: at most {len(pairs)}, got {num_train + num_test}")
    order = rng.permutation(len(pairs))
    seen, unseen = order[:num_train], order[num_train : num_train + num_test]
    return _said([pairs[i] for i in seen]), _said([pairs[i] for i in unseen])


def _said(pairs: list[tuple[Thing, Thing]]) -> TwoThings:
    rows = [
        (f"{_named(a)} {relation} of {_named(b)}", a if relation == "left" else b, a)
        for a, b in [pair for one in pairs for pair in (one, one[::-1])]
        for relation in ("left", "right")
    ]
    return TwoThings(
        tuple(caption for caption, _, _ in rows),
        torch.tensor([KINDS.index(left[1]) for _, left, _ in rows]),
        torch.tensor([int(left == first) for _, left, first in rows]),
        torch.tensor([COLOURS.index(first[0]) for _, _, first in rows]),
    )


def _named(thing: Thing) -> str:
    return f"{article(thing[0])} {' '.join(thing)}"
