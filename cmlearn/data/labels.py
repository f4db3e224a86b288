"""The words that are true of a scene, as numbers to train on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cmlearn.data.scene import COLOURS, GROUNDS, KINDS, SIZES, SKIES, Scene

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
