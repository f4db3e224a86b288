"""Probing of representations: linear probes, principal components and a word-order task."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.scene import COLOURS, KINDS

FIRST_KIND = 2  # position of the first kind in a caption of `word_order_captions`, from 0

Item = tuple[str, str]  # colour, kind


@dataclass(frozen=True)
class WordOrderCaptions:
    """Captions such as "a red house left of a blue tree", with the answers of three probes.

    Attributes:
        captions: N captions of eight words each.
        left_kind: (N,) int64, index in `KINDS` of the thing on the left.
        first_is_left: (N,) int64, 1 if the thing named first is on the left.
        first_colour: (N,) int64, index in `COLOURS` of the thing named first.
    """

    captions: tuple[str, ...]
    left_kind: Tensor
    first_is_left: Tensor
    first_colour: Tensor


def linear_probe(
    train_x: Tensor, train_y: Tensor, test_x: Tensor, test_y: Tensor, penalty: float = 1e-3
) -> float:
    """Fit logistic regression on frozen vectors and return its accuracy on test vectors.

    The vectors stay fixed, so the probe finds only what they encode linearly (Alain and Bengio
    2016, "Understanding intermediate layers using linear classifier probes"). The inputs are
    standardised. The loss is convex and nothing is random: equal inputs give equal accuracies.
    It is computed in float64 on the CPU, wherever the vectors are.

    Args:
        train_x: (N, D) float, the vectors to fit on.
        train_y: (N,) int64, their classes, at least two different ones.
        test_x: (M, D) float.
        test_y: (M,) int64.
        penalty: weight of the squared norm of the coefficients beside the mean cross-entropy.

    Returns:
        The accuracy on the test vectors, 0 to 1.

    Raises:
        ValueError: shapes do not fit, a vector is not finite, or there is only one class.
    """
    # Imported here: scikit-learn is slow to import and draws from the global `random` generator.
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    _check(train_x, train_y, "train")
    _check(test_x, test_y, "test")
    # scikit-learn minimises C · (sum of cross-entropies) + |W|² / 2. The small tolerance makes the
    # accuracy that of the optimum, not of the step at which the solver stops.
    strength = 1 / (2 * penalty * len(train_x))
    regression = LogisticRegression(C=strength, tol=1e-6, max_iter=1000)
    probe = make_pipeline(StandardScaler(), regression)
    probe.fit(train_x.detach().cpu().double().numpy(), train_y.cpu().numpy())
    return float(probe.score(test_x.detach().cpu().double().numpy(), test_y.cpu().numpy()))


def principal_components(vectors: np.ndarray, count: int = 2) -> np.ndarray:
    """Project vectors on their first principal components (PCA).

    Args:
        vectors: (N, D) float.
        count: number of components, at most min(N, D).

    Returns:
        (N, count). PCA leaves the sign of a component open: here the coordinate with the largest
        magnitude is positive.

    Raises:
        ValueError: there are fewer than `count` components.
    """
    from sklearn.decomposition import PCA

    if vectors.ndim != 2 or min(vectors.shape) < count:
        raise ValueError(f"vectors: {vectors.shape} has no {count} principal axes")
    points = PCA(count, svd_solver="full").fit_transform(vectors)
    furthest = np.abs(points).argmax(axis=0)
    return points * np.sign(points[furthest, range(count)])


def word_order_captions(
    num_train: int, num_test: int, rng: np.random.Generator
) -> tuple[WordOrderCaptions, WordOrderCaptions]:
    """Generate training and test captions about different pairs of things.

    Each pair gives four captions: both orders with both relations. A bag of words therefore
    contains no information about which thing is on the left.

    Args:
        num_train: training pairs, four captions each.
        num_test: test pairs, none of them a training pair.
        rng: shuffles the pairs.

    Returns:
        The training captions and the test captions.

    Raises:
        ValueError: there are not enough pairs.
    """
    items = [(colour, kind) for colour in COLOURS for kind in KINDS]
    pairs = [(a, b) for a, b in combinations(items, 2) if a[0] != b[0] and a[1] != b[1]]
    if num_train + num_test > len(pairs):
        raise ValueError(f"num_train + num_test: at most {len(pairs)}, got {num_train + num_test}")
    order = rng.permutation(len(pairs))
    train, test = order[:num_train], order[num_train : num_train + num_test]
    return _caption_pairs([pairs[i] for i in train]), _caption_pairs([pairs[i] for i in test])


def _check(x: Tensor, y: Tensor, name: str) -> None:
    if x.ndim != 2 or y.shape != x.shape[:1] or len(x) < 2:
        raise ValueError(
            f"{name}_x, {name}_y: expected (N, D) and (N,) with N ≥ 2, "
            f"got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    if not x.isfinite().all():
        raise ValueError(f"{name}_x: holds NaN or infinity; look for a mean of no vectors")


def _caption_pairs(pairs: list[tuple[Item, Item]]) -> WordOrderCaptions:
    rows = [
        (f"{_noun_phrase(a)} {relation} of {_noun_phrase(b)}", a if relation == "left" else b, a)
        for a, b in [ordered for pair in pairs for ordered in (pair, pair[::-1])]
        for relation in ("left", "right")
    ]
    return WordOrderCaptions(
        tuple(caption for caption, _, _ in rows),
        torch.tensor([KINDS.index(left[1]) for _, left, _ in rows]),
        torch.tensor([int(left == first) for _, left, first in rows]),
        torch.tensor([COLOURS.index(first[0]) for _, _, first in rows]),
    )


def _noun_phrase(item: Item) -> str:
    return f"{article(item[0])} {' '.join(item)}"
