"""Tests of cmlearn.evaluation.spoken_of."""

import pytest

from cmlearn.data.scene import Scene, Thing
from cmlearn.evaluation.spoken_of import spoken_of

HOUSE = Thing("house", "red", "big", column=0)
KITE = Thing("kite", "blue", "small", column=2)
SCENE = Scene("day", "grass", (HOUSE, KITE))


def test_each_word_finds_its_thing():
    found = spoken_of("at noon, a huge red home on the grass and a blue kite", SCENE)
    assert [(s.place, s.word, s.about, s.thing) for s in found] == [
        (3, "huge", "size", HOUSE),
        (4, "red", "colour", HOUSE),
        (5, "home", "kind", HOUSE),
        (11, "blue", "colour", KITE),
        (12, "kite", "kind", KITE),
    ]


def test_a_wrong_colour_speaks_of_the_thing_all_the_same():
    assert [s.thing for s in spoken_of("a green kite", SCENE)] == [KITE, KITE]


@pytest.mark.parametrize("caption", ["", "a red ball", "red", "over the grass", "a blue ball left"])
def test_of_what_is_not_there_nothing_speaks(caption):
    assert spoken_of(caption, SCENE) == []


def test_a_word_after_a_missing_kind_belongs_to_the_next():
    assert [s.word for s in spoken_of("a blue ball and a small kite", SCENE)] == ["small", "kite"]


def test_only_text():
    with pytest.raises(TypeError, match="string"):
        spoken_of(None, SCENE)
