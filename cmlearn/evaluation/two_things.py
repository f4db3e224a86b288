"""Captions of two things, with the questions that a probe asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.grammar import article
from cmlearn.data.scene import COLOURS, KINDS

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


def ask_of_two_things(
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
