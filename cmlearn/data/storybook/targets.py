"""A scene as what stands in each of its six places, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cmlearn.data.storybook.scene import COLOURS, GROUNDS, KINDS, SIZES, SKIES, Scene, Thing

NUM_SLOTS = 6  # left, middle and right of the sky, then of the ground


EMPTY = 0  # the kind of an empty place; KINDS[k] is k + 1


IGNORE = -100  # the colour and size of an empty place: what cross-entropy leaves out


def slot_of(thing: Thing) -> int:
    """Which of the six places a thing takes."""
    return thing.column if thing.flies else 3 + thing.column


def to_slots(scenes: Sequence[Scene]) -> dict[str, np.ndarray]:
    """Write N scenes as whole numbers.

    Returns:
        kind (N, 6), `NOTHING` or a place in `KINDS` plus one; colour and size (N, 6), places in
        `COLOURS` and `SIZES`, `UNSAID` where nothing stands; sky and ground (N,). All int64.
    """
    rows = {name: np.full((len(scenes), NUM_SLOTS), IGNORE) for name in ("kind", "colour", "size")}
    rows["kind"][:] = EMPTY
    for n, scene in enumerate(scenes):
        for thing in scene.things:
            rows["kind"][n, slot_of(thing)] = KINDS.index(thing.kind) + 1
            rows["colour"][n, slot_of(thing)] = COLOURS.index(thing.colour)
            rows["size"][n, slot_of(thing)] = SIZES.index(thing.size)
    sky = np.array([SKIES.index(scene.sky) for scene in scenes], int)
    ground = np.array([GROUNDS.index(scene.ground) for scene in scenes], int)
    return {**rows, "sky": sky, "ground": ground}


def from_slots(rows: Mapping[str, np.ndarray]) -> list[Scene | None]:
    """Read scenes off whole numbers: `to_slots` undone, without jitter and variant.

    Returns:
        N scenes; None where the kind and the place do not go together (a star on the ground).
    """
    return [
        _scene({name: values[n] for name, values in rows.items()}) for n in range(len(rows["sky"]))
    ]


def _scene(row: Mapping[str, np.ndarray]) -> Scene | None:
    things = []
    for slot in range(NUM_SLOTS):
        if row["kind"][slot] == EMPTY:
            continue
        kind = KINDS[row["kind"][slot] - 1]
        colour, size = COLOURS[row["colour"][slot]], SIZES[row["size"][slot]]
        things.append(Thing(kind, colour, size, slot % 3))
        if slot_of(things[-1]) != slot:
            return None
    return Scene(SKIES[row["sky"]], GROUNDS[row["ground"]], tuple(things))


LABELS = KINDS + COLOURS + SIZES + SKIES + GROUNDS


def labels_of(scene: Scene) -> frozenset[str]:
    """Which of `LABELS` are true of the scene; not which colour belongs to which thing."""
    words = {scene.sky, scene.ground}
    for thing in scene.things:
        words |= {thing.kind, thing.colour, thing.size}
    return frozenset(words)


def multi_hot(scenes: Iterable[Scene]) -> np.ndarray:
    """Labels of N scenes: (N, len(LABELS)) float32 of zeros and ones, in the order of `LABELS`."""
    rows = [[word in labels_of(scene) for word in LABELS] for scene in scenes]
    return np.array(rows, np.float32).reshape(-1, len(LABELS))
