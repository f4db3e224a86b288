"""Whether the hottest place of a map lies at the thing that it was asked for.

After the pointing game of Zhang et al. 2016, "Top-down neural attention by excitation backprop".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cmlearn.data.storybook.lexicon import MEANING
from cmlearn.data.storybook.parser import words_of
from cmlearn.data.storybook.render import thing_box
from cmlearn.data.storybook.scene import Scene, Thing

SCENE_UNITS = 64  # things stand in 64ths of the picture


HALF_HEIGHT = 8  # about half a thing: on the ground, `Thing.y` is its foot


def hottest_cell(heat: np.ndarray) -> tuple[float, float]:
    """Return the middle (x, y) of the hottest cell of a map (h, w), in 64ths of the picture."""
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return (column + 0.5) * SCENE_UNITS / heat.shape[1], (row + 0.5) * SCENE_UNITS / heat.shape[0]


def nearest_thing(scene: Scene, x: float, y: float) -> Thing:
    """Return the thing whose middle is nearest to a place; of equally near ones, the first.

    Args:
        scene: with at least one thing.
        x: from the left, in 64ths of the picture.
        y: from the top, likewise.
    """

    def distance(thing: Thing) -> float:
        middle = thing.y if thing.flies else thing.y - HALF_HEIGHT
        return (thing.x - x) ** 2 + (middle - y) ** 2

    return min(scene.things, key=distance)


def pointing_accuracy(
    maps: Sequence[np.ndarray], things: Sequence[Thing], scenes: Sequence[Scene]
) -> float:
    """Return how often a map for a thing points at that thing rather than at another.

    Args:
        maps: N maps (h, w).
        things: N things, the one that each map was asked for.
        scenes: N scenes, where these things stand; only those with two things or more say much.

    Raises:
        ValueError: the numbers of maps, things and scenes differ, or are 0.
    """
    if not len(maps) == len(things) == len(scenes) > 0:
        raise ValueError(
            f"maps, things and scenes must be equally many and some, "
            f"got {len(maps)}, {len(things)}, {len(scenes)}"
        )
    hits = [
        nearest_thing(scene, *hottest_cell(heat)) == thing
        for heat, thing, scene in zip(maps, things, scenes, strict=True)
    ]
    return float(np.mean(hits))


def touched_cells(thing: Thing, shape: tuple[int, int]) -> np.ndarray:
    """Return which places of a grid (h, w) the thing's box touches: (h, w) bool."""
    box, (height, width) = thing_box(thing), shape
    x, y = np.arange(width) * SCENE_UNITS / width, np.arange(height) * SCENE_UNITS / height
    across = (x < box.right) & (x + SCENE_UNITS / width > box.left)
    upright = (y < box.bottom) & (y + SCENE_UNITS / height > box.top)
    return upright[:, None] & across


def peak_in_box(heat: np.ndarray, thing: Thing) -> bool:
    """Whether the hottest place of a map (h, w) touches the thing's box."""
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return bool(touched_cells(thing, (heat.shape[0], heat.shape[1]))[row, column])


def pointing_by_word(
    maps: Sequence[np.ndarray], captions: Sequence[str], scenes: Sequence[Scene]
) -> dict[str, float]:
    """Find for each word of size, colour or kind whether its hottest place touches its thing.

    Args:
        maps: of each of N captions (T, h, w), a map for each word.
        captions: N captions.
        scenes: N scenes, that the captions speak of.

    Returns:
        for each of `REFERRING_CLASSES` that some caption has, the share of its words, 0 to 1, that point
        at their thing.

    Raises:
        ValueError: the numbers of maps, captions and scenes differ.
    """
    hits = defaultdict(list)
    for heats, caption, scene in zip(maps, captions, scenes, strict=True):
        for word in word_referents(caption, scene):
            hits[word.about].append(peak_in_box(heats[word.place], word.thing))
    return {about: float(np.mean(hit)) for about, hit in hits.items()}


REFERRING_CLASSES = ("size", "colour", "kind")  # the classes of words that speak of one thing


class Referent(NamedTuple):
    """A word that speaks of a thing.

    Attributes:
        place: the word's place in the caption, commas and full stops not counted.
        word: the word.
        about: one of `REFERRING_CLASSES`.
        thing: the thing of the scene.
    """

    place: int
    word: str
    about: str
    thing: Thing


def word_referents(caption: str, scene: Scene) -> list[Referent]:
    """Find the words that tell size, colour or kind, and the thing that they tell it of.

    Sizes and colours belong to the next kind named, as in `parse_caption`. A caption that names a
    kind which the scene does not have speaks of nothing there; a wrong colour of a thing that is
    there speaks of that thing.

    Args:
        caption: any text.
        scene: in which no kind stands twice.

    Raises:
        TypeError: if the caption is not a string.
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
