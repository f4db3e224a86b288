"""Tests of cmlearn.evaluation.word_referents."""

import pytest

from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.evaluation.localisation import word_referents

HOUSE = Thing("house", "red", "big", column=0)
KITE = Thing("kite", "blue", "small", column=2)
SCENE = Scene("day", "grass", (HOUSE, KITE))


def test_each_word_finds_its_thing():
    found = word_referents("at noon, a huge red home on the grass and a blue kite", SCENE)
    assert [(s.place, s.word, s.about, s.thing) for s in found] == [
        (3, "huge", "size", HOUSE),
        (4, "red", "colour", HOUSE),
        (5, "home", "kind", HOUSE),
        (11, "blue", "colour", KITE),
        (12, "kite", "kind", KITE),
    ]


def test_a_wrong_colour_speaks_of_the_thing_all_the_same():
    assert [s.thing for s in word_referents("a green kite", SCENE)] == [KITE, KITE]


@pytest.mark.parametrize("caption", ["", "a red ball", "red", "over the grass", "a blue ball left"])
def test_of_what_is_not_there_nothing_speaks(caption):
    assert word_referents(caption, SCENE) == []


def test_a_word_after_a_missing_kind_belongs_to_the_next():
    assert [s.word for s in word_referents("a blue ball and a small kite", SCENE)] == [
        "small",
        "kite",
    ]


def test_only_text():
    with pytest.raises(TypeError, match="string"):
        word_referents(None, SCENE)
