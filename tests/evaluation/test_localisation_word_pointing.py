"""Tests of cmlearn.evaluation.localisation."""

import numpy as np
import pytest

from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.evaluation.localisation import pointing_by_word

HOUSE = Thing("house", "red", "big", column=0)
KITE = Thing("kite", "blue", "small", column=2)
SCENE = Scene("day", "grass", (HOUSE, KITE))
CAPTION = "a red house and a tiny blue kite"


def hot(row: int, column: int) -> np.ndarray:
    heat = np.zeros((4, 4))
    heat[row, column] = 1
    return heat


def test_each_word_is_held_against_its_own_thing():
    house, kite, nowhere = hot(3, 0), hot(0, 3), hot(0, 0)
    right = np.stack([nowhere, house, house, nowhere, nowhere, kite, kite, kite])
    assert pointing_by_word([right], [CAPTION], [SCENE]) == {"colour": 1, "kind": 1, "size": 1}
    wrong = np.stack([house] * 8)
    assert pointing_by_word([wrong], [CAPTION], [SCENE]) == {"colour": 0.5, "kind": 0.5, "size": 0}
    both = pointing_by_word([right, wrong], [CAPTION] * 2, [SCENE] * 2)
    assert both == {"colour": 0.75, "kind": 0.75, "size": 0.5}


def test_who_speaks_of_nothing_points_nowhere():
    assert pointing_by_word([np.zeros((3, 4, 4))], ["at the sea"], [SCENE]) == {}


def test_numbers_must_match():
    with pytest.raises(ValueError, match="zip"):
        pointing_by_word([np.zeros((8, 4, 4))], [CAPTION, CAPTION], [SCENE])
