"""Tests of cmlearn.evaluation.localisation."""

import numpy as np
import pytest

from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.evaluation.localisation import (
    cells_in_box,
    nearest_thing,
    peak_centre,
    peak_in_box,
    pointing_accuracy,
    pointing_by_word,
    word_referents,
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
    assert peak_centre(hot(0, 3)) == (56, 8)
    assert peak_centre(np.array([[0, 0], [1, 0]])) == (16, 48)


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


def test_the_cells_that_a_thing_touches() -> None:
    assert np.argwhere(cells_in_box(HOUSE, (4, 4))).tolist() == [[2, 0], [2, 1], [3, 0], [3, 1]]
    assert cells_in_box(KITE, (1, 2)).tolist() == [[True, False]]
    assert cells_in_box(BALL, (64, 64)).sum() < 14 * 14


def test_a_map_points_into_a_box_or_not() -> None:
    assert peak_in_box(hot(3, 0), HOUSE) and peak_in_box(hot(2, 1), HOUSE)
    assert not peak_in_box(hot(0, 0), HOUSE) and not peak_in_box(hot(3, 2), HOUSE)


# ── The thing that a word describes ──────────────────────────────────────────────────────────────


TWO_THING_KITE = Thing("kite", "blue", "small", column=2)
TWO_THING_SCENE = Scene("day", "grass", (HOUSE, TWO_THING_KITE))


def test_each_word_finds_its_thing():
    found = word_referents("at noon, a huge red home on the grass and a blue kite", TWO_THING_SCENE)
    assert [(s.place, s.word, s.about, s.thing) for s in found] == [
        (3, "huge", "size", HOUSE),
        (4, "red", "colour", HOUSE),
        (5, "home", "kind", HOUSE),
        (11, "blue", "colour", TWO_THING_KITE),
        (12, "kite", "kind", TWO_THING_KITE),
    ]


def test_a_wrong_colour_speaks_of_the_thing_all_the_same():
    assert [s.thing for s in word_referents("a green kite", TWO_THING_SCENE)] == [
        TWO_THING_KITE,
        TWO_THING_KITE,
    ]


@pytest.mark.parametrize("caption", ["", "a red ball", "red", "over the grass", "a blue ball left"])
def test_of_what_is_not_there_nothing_speaks(caption):
    assert word_referents(caption, TWO_THING_SCENE) == []


def test_a_word_after_a_missing_kind_belongs_to_the_next():
    assert [s.word for s in word_referents("a blue ball and a small kite", TWO_THING_SCENE)] == [
        "small",
        "kite",
    ]


def test_only_text():
    with pytest.raises(TypeError, match="string"):
        word_referents(None, TWO_THING_SCENE)


# ── Pointing accuracy by word ────────────────────────────────────────────────────────────────────


SMALL_KITE = Thing("kite", "blue", "small", column=2)
SMALL_SCENE = Scene("day", "grass", (HOUSE, SMALL_KITE))
CAPTION = "a red house and a tiny blue kite"


def hot_cells(row: int, column: int) -> np.ndarray:
    heat = np.zeros((4, 4))
    heat[row, column] = 1
    return heat


def test_each_word_is_held_against_its_own_thing():
    house, kite, nowhere = hot_cells(3, 0), hot_cells(0, 3), hot_cells(0, 0)
    right = np.stack([nowhere, house, house, nowhere, nowhere, kite, kite, kite])
    assert pointing_by_word([right], [CAPTION], [SMALL_SCENE]) == {
        "colour": 1,
        "kind": 1,
        "size": 1,
    }
    wrong = np.stack([house] * 8)
    assert pointing_by_word([wrong], [CAPTION], [SMALL_SCENE]) == {
        "colour": 0.5,
        "kind": 0.5,
        "size": 0,
    }
    both = pointing_by_word([right, wrong], [CAPTION] * 2, [SMALL_SCENE] * 2)
    assert both == {"colour": 0.75, "kind": 0.75, "size": 0.5}


def test_a_caption_that_names_no_thing_has_no_score():
    assert pointing_by_word([np.zeros((3, 4, 4))], ["at the sea"], [SMALL_SCENE]) == {}
