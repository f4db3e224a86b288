"""A scene as what stands in each of its six places, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cmlearn.data.scene import COLOURS, GROUNDS, KINDS, SIZES, SKIES, Scene, Thing

PLACES = 6  # left, middle and right of the sky, then of the ground
NOTHING = 0  # the kind of an empty place; KINDS[k] is k + 1
UNSAID = -100  # the colour and size of an empty place: what cross-entropy leaves out


def place_of(thing: Thing) -> int:
    """Which of the six places a thing takes."""
    return thing.column if thing.flies else 3 + thing.column


def to_places(scenes: Sequence[Scene]) -> dict[str, np.ndarray]:
    """Write N scenes as whole numbers.

    Returns:
        kind (N, 6), `NOTHING` or a place in `KINDS` plus one; colour and size (N, 6), places in
        `COLOURS` and `SIZES`, `UNSAID` where nothing stands; sky and ground (N,). All int64.
    """
    rows = {name: np.full((len(scenes), PLACES), UNSAID) for name in ("kind", "colour", "size")}
    rows["kind"][:] = NOTHING
    for n, scene in enumerate(scenes):
        for thing in scene.things:
            rows["kind"][n, place_of(thing)] = KINDS.index(thing.kind) + 1
            rows["colour"][n, place_of(thing)] = COLOURS.index(thing.colour)
            rows["size"][n, place_of(thing)] = SIZES.index(thing.size)
    sky = np.array([SKIES.index(scene.sky) for scene in scenes], int)
    ground = np.array([GROUNDS.index(scene.ground) for scene in scenes], int)
    return {**rows, "sky": sky, "ground": ground}


def from_places(rows: Mapping[str, np.ndarray]) -> list[Scene | None]:
    """Read scenes off whole numbers: `to_places` undone, without jitter and variant.

    Returns:
        N scenes; None where the kind and the place do not go together (a star on the ground).
    """
    return [
        _scene({name: values[n] for name, values in rows.items()}) for n in range(len(rows["sky"]))
    ]


def _scene(row: Mapping[str, np.ndarray]) -> Scene | None:
    things = []
    for place in range(PLACES):
        if row["kind"][place] == NOTHING:
            continue
        kind = KINDS[row["kind"][place] - 1]
        colour, size = COLOURS[row["colour"][place]], SIZES[row["size"][place]]
        things.append(Thing(kind, colour, size, place % 3))
        if place_of(things[-1]) != place:
            return None
    return Scene(SKIES[row["sky"]], GROUNDS[row["ground"]], tuple(things))
