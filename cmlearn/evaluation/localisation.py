"""Localisation accuracy: how often the peak of a map lies on the thing it is meant to show.

After the pointing game of Zhang et al. 2016, "Top-down Neural Attention by Excitation Backprop",
section 4.1. A map may be a class activation map (CAM) or an attention map.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cmlearn.data.storybook.lexicon import MEANING
from cmlearn.data.storybook.parser import words_of
from cmlearn.data.storybook.renderer import thing_box
from cmlearn.data.storybook.scene import Scene, Thing

SCENE_UNITS = 64  # coordinates of things are in 64ths of the picture
HALF_HEIGHT = 8  # about half a thing: `Thing.y` is the foot of a thing on the ground
REFERRING_CLASSES = ("size", "colour", "kind")  # classes of words that refer to one thing


class Referent(NamedTuple):
    """A word of a caption and the thing it refers to.

    Attributes:
        place: position of the word in the caption, commas and full stops not counted.
        word: the word.
        about: its class, one of `REFERRING_CLASSES`.
        thing: the thing of the scene.
    """

    place: int
    word: str
    about: str
    thing: Thing


def peak_centre(heat: np.ndarray) -> tuple[float, float]:
    """Return the centre (x, y) of the peak cell of a map (h, w), in 64ths of the picture."""
    row, column = _peak(heat)
    return (column + 0.5) * SCENE_UNITS / heat.shape[1], (row + 0.5) * SCENE_UNITS / heat.shape[0]


def nearest_thing(scene: Scene, x: float, y: float) -> Thing:
    """Return the thing whose centre is nearest to a point; the first one of equally near things.

    Args:
        scene: a scene with at least one thing.
        x: distance from the left edge, 0 to 64.
        y: distance from the top edge, 0 to 64.
    """

    def squared_distance(thing: Thing) -> float:
        middle = thing.y if thing.flies else thing.y - HALF_HEIGHT
        return (thing.x - x) ** 2 + (middle - y) ** 2

    return min(scene.things, key=squared_distance)


def pointing_accuracy(
    maps: Sequence[np.ndarray], things: Sequence[Thing], scenes: Sequence[Scene]
) -> float:
    """Return the share of maps whose peak is nearer to the target thing than to any other.

    Args:
        maps: N maps (h, w) of any float or integer type.
        things: N things, the target of each map.
        scenes: the N scenes of these things; a scene with one thing is always a hit.

    Returns:
        The accuracy, 0 to 1.

    Raises:
        ValueError: the numbers of maps, things and scenes differ, or are 0.
    """
    if not len(maps) == len(things) == len(scenes) > 0:
        raise ValueError(
            f"maps, things and scenes must be equally many and not empty, "
            f"got {len(maps)}, {len(things)}, {len(scenes)}"
        )
    hits = [
        nearest_thing(scene, *peak_centre(heat)) == thing
        for heat, thing, scene in zip(maps, things, scenes, strict=True)
    ]
    return float(np.mean(hits))


def pointing_by_word(
    maps: Sequence[np.ndarray], captions: Sequence[str], scenes: Sequence[Scene]
) -> dict[str, float]:
    """Return how often the attention map of a word peaks on the thing the word refers to.

    Args:
        maps: for each of N captions (T, h, w), one map for each word.
        captions: N captions.
        scenes: N scenes that the captions describe.

    Returns:
        Word class to accuracy, 0 to 1, for each of `REFERRING_CLASSES` that occurs in a caption.

    Raises:
        ValueError: the numbers of maps, captions and scenes differ.
    """
    hits = defaultdict(list)
    for heats, caption, scene in zip(maps, captions, scenes, strict=True):
        for word in word_referents(caption, scene):
            hits[word.about].append(peak_in_box(heats[word.place], word.thing))
    return {about: float(np.mean(hit)) for about, hit in hits.items()}


def peak_in_box(heat: np.ndarray, thing: Thing) -> bool:
    """Check whether the peak cell of a map touches the thing's bounding box.

    Args:
        heat: (h, w) map over the picture.
        thing: the target.

    Returns:
        True if they overlap.
    """
    return bool(cells_in_box(thing, (heat.shape[0], heat.shape[1]))[_peak(heat)])


def cells_in_box(thing: Thing, shape: tuple[int, int]) -> np.ndarray:
    """Return the grid cells that overlap the thing's bounding box.

    Args:
        thing: the thing.
        shape: rows h and columns w of the grid over the picture.

    Returns:
        (h, w) bool.
    """
    box, (height, width) = thing_box(thing), shape
    x, y = np.arange(width) * SCENE_UNITS / width, np.arange(height) * SCENE_UNITS / height
    across = (x < box.right) & (x + SCENE_UNITS / width > box.left)
    down = (y < box.bottom) & (y + SCENE_UNITS / height > box.top)
    return down[:, None] & across


def word_referents(caption: str, scene: Scene) -> list[Referent]:
    """Find the words for size, colour and kind, each with the thing it refers to.

    A size or colour belongs to the next kind in the caption, as in `parse_caption`. Words about a
    kind that is not in the scene have no referent. A wrong colour still refers to its thing.

    Args:
        caption: any text.
        scene: a scene with at most one thing of each kind.

    Returns:
        The referring words in the order of the caption.

    Raises:
        TypeError: the caption is not a string.
    """
    things = {thing.kind: thing for thing in scene.things}
    words = [word for word in words_of(caption) if word not in ",."]
    found, waiting = [], []
    for place, word in enumerate(words):
        about, meaning = MEANING.get(word, ("", ""))
        if about in REFERRING_CLASSES:
            waiting.append((place, word, about))
        if about == "kind":
            if meaning in things:
                found += [Referent(*waited, things[meaning]) for waited in waiting]
            waiting = []
    return found


def _peak(heat: np.ndarray) -> tuple[int, int]:
    """Return row and column of the largest value."""
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return int(row), int(column)
