"""Tests of cmlearn.evaluation.localisation."""

import numpy as np
import pytest

from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.evaluation.localisation import (
    hottest_cell,
    nearest_thing,
    peak_in_box,
    pointing_accuracy,
    touched_cells,
)

HOUSE = Thing("house", "red", "big", column=0)
KITE = Thing("kite", "blue", "small", column=0)
BALL = Thing("ball", "green", "small", column=2)
SCENE = Scene("day", "grass", (HOUSE, KITE, BALL))


def hot(row: int, column: int) -> np.ndarray:
    heat = np.full((4, 4), -1.0)
    heat[row, column] = 2
    return heat


def test_the_middle_of_the_hottest_cell() -> None:
    assert hottest_cell(hot(0, 3)) == (56, 8)
    assert hottest_cell(np.array([[0, 0], [1, 0]])) == (16, 48)


@pytest.mark.parametrize(
    ("place", "thing"), [((8, 56), HOUSE), ((8, 8), KITE), ((56, 40), BALL), ((30, 60), HOUSE)]
)
def test_the_nearest_thing(place: tuple[float, float], thing: Thing) -> None:
    assert nearest_thing(SCENE, *place) == thing


def test_pointing_is_right_where_the_map_is_hot_on_its_thing() -> None:
    maps = [hot(3, 0), hot(0, 0), hot(3, 0), hot(2, 3)]
    things = [HOUSE, KITE, BALL, BALL]
    assert pointing_accuracy(maps, things, [SCENE] * 4) == 0.75


def test_numbers_must_match() -> None:
    with pytest.raises(ValueError, match="got 1, 2, 1"):
        pointing_accuracy([hot(0, 0)], [HOUSE, KITE], [SCENE])
    with pytest.raises(ValueError, match="got 0, 0, 0"):
        pointing_accuracy([], [], [])


def test_the_places_that_a_thing_touches() -> None:
    assert np.argwhere(touched_cells(HOUSE, (4, 4))).tolist() == [[2, 0], [2, 1], [3, 0], [3, 1]]
    assert touched_cells(KITE, (1, 2)).tolist() == [[True, False]]
    assert touched_cells(BALL, (64, 64)).sum() < 14 * 14


def test_a_map_points_into_a_box_or_not() -> None:
    assert peak_in_box(hot(3, 0), HOUSE) and peak_in_box(hot(2, 1), HOUSE)
    assert not peak_in_box(hot(0, 0), HOUSE) and not peak_in_box(hot(3, 2), HOUSE)


def test_what_stands_is_nearest_at_its_middle_and_what_flies_at_its_own() -> None:
    assert (HOUSE.y, KITE.y, HOUSE.x == KITE.x) == (57, 13, True)
    # The house's middle is 8 above its foot, at 49, and half way from there to the kite is 31.
    assert nearest_thing(SCENE, HOUSE.x, 31.1) == HOUSE
    assert nearest_thing(SCENE, HOUSE.x, 30.9) == KITE
