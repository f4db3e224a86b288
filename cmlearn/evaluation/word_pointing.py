"""How often the map of a word points at the thing that the word speaks of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from cmlearn.data.scene import Scene
from cmlearn.evaluation.pointing import points_into_box
from cmlearn.evaluation.spoken_of import spoken_of


def point_by_word(
    maps: Sequence[np.ndarray], captions: Sequence[str], scenes: Sequence[Scene]
) -> dict[str, float]:
    """Find for each word of size, colour or kind whether its hottest place touches its thing.

    Args:
        maps: of each of N captions (T, h, w), a map for each word.
        captions: N captions.
        scenes: N scenes, that the captions speak of.

    Returns:
        for each of `OF_A_THING` that some caption has, the share of its words, 0 to 1, that point
        at their thing.

    Raises:
        ValueError: the numbers of maps, captions and scenes differ.
    """
    hits = defaultdict(list)
    for heats, caption, scene in zip(maps, captions, scenes, strict=True):
        for word in spoken_of(caption, scene):
            hits[word.about].append(points_into_box(heats[word.place], word.thing))
    return {about: float(np.mean(hit)) for about, hit in hits.items()}
