"""Words true of a scene, as numbers."""

import numpy as np

from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.data.storybook.targets import LABELS, labels_of, multi_hot

HOUSE = Thing("house", "red", "big", 0)


def test_labels_are_the_words_of_the_scene():
    scene = Scene("day", "grass", (HOUSE, Thing("kite", "red", "big", 1)))
    assert labels_of(scene) == {"day", "grass", "house", "kite", "red", "big"}


def test_one_row_for_each_scene():
    rows = multi_hot([Scene("night", "sea", ()), Scene("day", "snow", (HOUSE,))])
    assert rows.shape == (2, len(LABELS)) == (2, 24)
    assert rows.dtype == np.float32
    assert {LABELS[i] for i in rows[0].nonzero()[0]} == {"night", "sea"}
    assert rows.sum(1).tolist() == [2, 5]
    assert multi_hot([]).shape == (0, 24)
