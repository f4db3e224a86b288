"""Tests of cmlearn.data.splits."""

from pathlib import Path

import numpy as np
import pytest

from cmlearn.data.captioned import CaptionedImage
from cmlearn.data.splits import split_by_picture

ITEMS = [
    CaptionedImage(key // 2, Path(f"{key // 2}.png"), (f"caption {key}",)) for key in range(40)
]
FRACTIONS = {"train": 0.6, "val": 0.25, "test": 0.15}


def test_parts_have_their_sizes_and_share_no_picture() -> None:
    parts = split_by_picture(ITEMS, FRACTIONS, np.random.default_rng(0))
    ids = {name: {item.image_id for item in part} for name, part in parts.items()}
    assert {name: len(part) for name, part in ids.items()} == {"train": 12, "val": 5, "test": 3}
    assert set.union(*ids.values()) == set(range(20))
    assert sum(len(part) for part in parts.values()) == len(ITEMS)


def test_same_seed_same_split() -> None:
    def train(seed: int) -> list[CaptionedImage]:
        return split_by_picture(ITEMS, FRACTIONS, np.random.default_rng(seed))["train"]

    assert train(1) == train(1) != train(2)


def test_the_order_of_the_items_does_not_matter() -> None:
    one = split_by_picture(ITEMS, FRACTIONS, np.random.default_rng(0))
    other = split_by_picture(ITEMS[::-1], FRACTIONS, np.random.default_rng(0))
    assert set(one["test"]) == set(other["test"])


@pytest.mark.parametrize("fractions", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": 0.0, "b": 1.0}])
def test_fractions_must_make_a_whole(fractions: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="fractions must be positive and sum to 1"):
        split_by_picture(ITEMS, fractions, np.random.default_rng(0))
