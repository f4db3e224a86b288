"""Whether the hottest place of a map lies at the thing that it was asked for.

After the pointing game of Zhang et al. 2016, "Top-down neural attention by excitation backprop".
"""

from collections.abc import Sequence

import numpy as np

from cmlearn.data.boxes import thing_box
from cmlearn.data.scene import Scene, Thing

SIDE = 64  # things stand in 64ths of the picture
HALF_HEIGHT = 8  # about half a thing: on the ground, `Thing.y` is its foot


def hottest_place(heat: np.ndarray) -> tuple[float, float]:
    """Return the middle (x, y) of the hottest cell of a map (h, w), in 64ths of the picture."""
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return (column + 0.5) * SIDE / heat.shape[1], (row + 0.5) * SIDE / heat.shape[0]


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
        nearest_thing(scene, *hottest_place(heat)) == thing
        for heat, thing, scene in zip(maps, things, scenes, strict=True)
    ]
    return float(np.mean(hits))


def places_of(thing: Thing, shape: tuple[int, int]) -> np.ndarray:
    """Return which places of a grid (h, w) the thing's box touches: (h, w) bool."""
    box, (height, width) = thing_box(thing), shape
    x, y = np.arange(width) * SIDE / width, np.arange(height) * SIDE / height
    across = (x < box.right) & (x + SIDE / width > box.left)
    upright = (y < box.bottom) & (y + SIDE / height > box.top)
    return upright[:, None] & across


def points_into_box(heat: np.ndarray, thing: Thing) -> bool:
    """Whether the hottest place of a map (h, w) touches the thing's box."""
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return bool(places_of(thing, (heat.shape[0], heat.shape[1]))[row, column])
