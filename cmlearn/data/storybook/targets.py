"""Encode scenes as training targets: class indices for each slot, or multi-hot labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUNDS,
    KINDS,
    NUM_SLOTS,
    SIZES,
    SKIES,
    Scene,
    Thing,
)

EMPTY = 0  # kind of an empty slot; KINDS[k] is encoded as k + 1
IGNORE = -100  # colour and size of an empty slot: the default ignore_index of cross-entropy
LABELS = KINDS + COLOURS + SIZES + SKIES + GROUNDS


def slot_of(thing: Thing) -> int:
    """Return the slot of a thing, 0 to `NUM_SLOTS` - 1."""
    return thing.column if thing.flies else 3 + thing.column


def to_slots(scenes: Sequence[Scene]) -> dict[str, np.ndarray]:
    """Encode N scenes as class indices.

    Args:
        scenes: N scenes.

    Returns:
        "kind" (N, 6), `EMPTY` or an index into `KINDS` plus one; "colour" and "size" (N, 6),
        indices into `COLOURS` and `SIZES`, `IGNORE` in empty slots; "sky" and "ground" (N,),
        indices into `SKIES` and `GROUNDS`. All int64.
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
    """Decode class indices to scenes, the inverse of `to_slots` without jitter and variant.

    Args:
        rows: arrays as `to_slots` returns them.

    Returns:
        N scenes; None for a scene with a kind in the wrong slot, such as a star on the ground.
    """
    return [
        _scene({name: values[n] for name, values in rows.items()}) for n in range(len(rows["sky"]))
    ]


def labels_of(scene: Scene) -> frozenset[str]:
    """Return the labels of a scene; they do not bind colours and sizes to things."""
    words = {scene.sky, scene.ground}
    for thing in scene.things:
        words |= {thing.kind, thing.colour, thing.size}
    return frozenset(words)


def multi_hot(scenes: Iterable[Scene]) -> np.ndarray:
    """Encode the labels of N scenes.

    Args:
        scenes: N scenes.

    Returns:
        (N, len(LABELS)) float32 of zeros and ones, in the order of `LABELS`.
    """
    rows = [[word in labels_of(scene) for word in LABELS] for scene in scenes]
    return np.array(rows, np.float32).reshape(-1, len(LABELS))


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
