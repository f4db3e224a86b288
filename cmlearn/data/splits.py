"""Split a data set by picture, so that no picture is in two parts."""

from collections.abc import Mapping, Sequence

import numpy as np

from cmlearn.data.captioned import CaptionedImage

# For data sets that are published without a split.
SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
SEED = 0  # fixed, so that a picture is in the same part in every run


def split_by_picture(
    items: Sequence[CaptionedImage], fractions: Mapping[str, float], rng: np.random.Generator
) -> dict[str, list[CaptionedImage]]:
    """Divide items at random into named parts, all items of a picture into the same part.

    A split by caption would test a model on pictures that it was trained on.

    Args:
        items: captioned pictures; items with the same `image_id` stay together.
        fractions: share of the pictures for each part, such as {"train": 0.8, "val": 0.2}.
        rng: random generator that assigns the pictures.

    Returns:
        The items of each part, in the order of `items`.

    Raises:
        ValueError: the fractions are not positive, or do not sum to 1.
    """
    shares = np.array(list(fractions.values()))
    if len(shares) == 0 or (shares <= 0).any() or abs(shares.sum() - 1) > 1e-6:
        raise ValueError(f"fractions must be positive and sum to 1, got {dict(fractions)}")
    pictures = np.array(sorted({item.image_id for item in items}))
    # The cumulative sum is rounded, not each share, so that no picture is lost.
    ends = np.round(np.cumsum(shares) * len(pictures)).astype(int)
    parts = np.split(rng.permutation(pictures), ends[:-1])
    chosen = {name: set(part.tolist()) for name, part in zip(fractions, parts)}
    return {name: [item for item in items if item.image_id in ids] for name, ids in chosen.items()}
