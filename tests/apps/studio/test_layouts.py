"""Variations, their order, grids and strips."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmlearn.apps.studio.drawing import Settings
from cmlearn.apps.studio.layouts import (
    MAX_COUNT,
    best_of,
    by_truth,
    by_variety,
    grid,
    strip,
    variations,
)
from tests.apps.studio.conftest import HOUSE, TREE, drawing_of, unreadable

START = Settings("a red house at night", seed=5)


def test_variations_differ_in_the_noise_only():
    found = variations(START, 3)
    assert [each.index for each in found] == [0, 1, 2]
    assert {replace(each, index=0) for each in found} == {START}
    for count in (0, MAX_COUNT + 1, 1.5):
        with pytest.raises(ValueError, match="count"):
            variations(START, count)


def test_truth_puts_right_pictures_first_and_keeps_the_order_of_equals():
    right = [drawing_of("a red house", HOUSE, index=i) for i in (1, 3)]
    twice = drawing_of("a red house", HOUSE, replace(HOUSE, column=1))
    wrong = drawing_of("a red house", TREE)
    mixed = [wrong, right[0], twice, unreadable("a red house"), right[1]]
    assert by_truth(mixed)[:3] == [*right, twice]
    assert best_of(mixed) is right[0]
    with pytest.raises(ValueError, match="empty"):
        best_of([])


def test_variety_puts_the_most_different_next_and_unreadable_last():
    one = drawing_of("a house", HOUSE)
    same = drawing_of("a house", HOUSE)
    other = drawing_of("a house", replace(HOUSE, colour="blue", size="small"), TREE, sky="day")
    noise = unreadable("a house")
    assert by_variety([noise, one, same, other]) == [one, other, same, noise]
    assert by_variety([]) == [] and by_variety([noise]) == [noise]


def test_a_grid_changes_two_attributes_and_no_noise():
    cells = grid(START, "colour", "sky")
    assert (len(cells), len(cells[0])) == (6, 3)
    assert cells[1][0].sentence == "an orange house at noon"
    assert {(cell.seed, cell.index) for row in cells for cell in row} == {(5, 0)}


def test_a_grid_says_which_cells_cannot_be_drawn():
    cells = grid(Settings("a flower"), "sky", "ground")
    assert all("cannot be on the snow" in row[2] for row in cells)
    assert all(isinstance(row[0], Settings) for row in cells)
    for rows, columns in (("sky", "sky"), ("kind", "sky")):
        with pytest.raises(ValueError, match="two different ones"):
            grid(START, rows, columns)


def test_a_strip_goes_from_one_sentence_to_the_other():
    found = strip(START, "a blue boat", 5)
    assert [each.mix for each in found] == [0, 0.25, 0.5, 0.75, 1]
    assert [each.nearer for each in found] == [START.sentence] * 3 + ["a blue boat"] * 2
    with pytest.raises(ValueError, match="cat"):
        strip(START, "a cat", 5)
    with pytest.raises(ValueError, match="count"):
        strip(START, "a tree", 2)
