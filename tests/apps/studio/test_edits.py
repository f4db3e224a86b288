"""One word changes, and what changed in the picture is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmlearn.apps.studio.edits import (
    ATTRIBUTES,
    change_word,
    compare_drawings,
    replacements,
    with_attribute,
)
from cmlearn.apps.studio.sentences import EXAMPLES, check_sentence
from tests.apps.studio.conftest import HOUSE, TREE, drawing_of


def test_a_word_changes_with_its_article():
    assert change_word("A red house, night", 1, "orange") == "an orange house, night"
    with pytest.raises(ValueError, match="position"):
        change_word("a red house", 3, "tree")


@pytest.mark.parametrize("sentence", EXAMPLES)
def test_every_replacement_can_be_drawn(sentence):
    found = replacements(sentence)
    assert found
    for position, word, others in found:
        assert word not in others
        for other in others:
            assert check_sentence(change_word(sentence, position, other)) is None


def test_replacements_keep_the_class_and_leave_out_the_impossible():
    found = {word: others for _, word, others in replacements("two red houses in the snow")}
    assert found["two"] == ("three",)
    assert "flowers" not in found["houses"] and "cars" in found["houses"]
    assert "sea" not in found["snow"]


@pytest.mark.parametrize(
    ("sentence", "name", "value", "wanted"),
    [
        ("a red house at night", "sky", "day", "a red house at noon"),
        ("a red house", "sky", "sunset", "a red house at sunset"),
        ("a red house", "colour", "orange", "an orange house"),
        ("a house", "colour", "orange", "an orange house"),
        ("a house left of a red tree", "colour", "blue", "a blue house left of a red tree"),
        ("a red house", "ground", "snow", "a red house in the snow"),
        ("red house", "size", "big", "red big house"),
    ],
)
def test_an_attribute_is_replaced_or_added(sentence, name, value, wanted):
    assert with_attribute(sentence, name, value) == wanted
    assert check_sentence(wanted) is None


def test_unknown_attributes_are_refused():
    assert set(ATTRIBUTES) == {"colour", "size", "sky", "ground"}
    with pytest.raises(ValueError, match="no attribute"):
        with_attribute("a red house", "colour", "pink")
    with pytest.raises(ValueError, match="names no thing"):
        with_attribute("at night", "colour", "red")


def test_what_changed_is_marked_and_what_was_kept_is_counted():
    before = drawing_of("a red house left of a tree at night", HOUSE, TREE)
    blue = replace(HOUSE, colour="blue")
    swapped = (replace(blue, column=1), replace(TREE, column=0))
    after = drawing_of("a blue house left of a tree at night", *swapped)
    change = compare_drawings(before, after)
    assert [word for word, new in change.words if new] == ["blue"]
    assert ("night", True, True) in change.kept
    assert ("house left of tree", True, False) in change.kept
    assert change.new == (("blue house", True),)
    assert 0.05 < change.area < 0.5
    assert change.difference.shape == (64, 64) and change.difference.max() <= 1


def test_nothing_changes_between_a_drawing_and_itself():
    drawing = drawing_of("a red house", HOUSE)
    change = compare_drawings(drawing, drawing)
    assert change.area == 0 and not change.new and not any(new for _, new in change.words)
