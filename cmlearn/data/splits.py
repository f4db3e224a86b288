"""Split a data set by picture, so that no picture is on both sides."""

from collections.abc import Mapping, Sequence

import numpy as np

from cmlearn.data.captioned import CaptionedImage

# For data sets that come without a split.
SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
SEED = 0  # the same picture is always on the same side


def split_by_picture(
    items: Sequence[CaptionedImage], fractions: Mapping[str, float], rng: np.random.Generator
) -> dict[str, list[CaptionedImage]]:
    """Return the items in named parts; items of one picture stay in one part.

    Split by caption instead, and a model is tested on pictures it has trained on.

    Args:
        items: captioned pictures; several of one `image_id` stay together.
        fractions: share of the pictures for each part, such as {"train": 0.8, "val": 0.2}.
        rng: decides which picture goes where.

    Raises:
        ValueError: the fractions are not positive, or do not sum to 1.
    """
    shares = np.array(list(fractions.values()))
    if len(shares) == 0 or (shares <= 0).any() or abs(shares.sum() - 1) > 1e-6:
        raise ValueError(f"fractions must be positive and sum to 1, got {dict(fractions)}")
    pictures = np.array(sorted({item.image_id for item in items}))
    # Rounding the running sum, not each share, so that no picture is lost.
    ends = np.round(np.cumsum(shares) * len(pictures)).astype(int)
    parts = np.split(rng.permutation(pictures), ends[:-1])
    chosen = {name: set(part.tolist()) for name, part in zip(fractions, parts)}
    return {name: [item for item in items if item.image_id in ids] for name, ids in chosen.items()}
