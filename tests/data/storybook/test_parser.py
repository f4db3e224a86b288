"""Tests of cmlearn.data.storybook.parser."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.captions import is_grammatical
from cmlearn.data.storybook.claims import Description, Mention, Relation, check_claims
from cmlearn.data.storybook.lexicon import MEANING
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import Scene, Thing

SCENE = Scene("day", "grass", (Thing("house", "red", "big", 0), Thing("kite", "blue", "big", 1)))


@pytest.mark.parametrize("text", ["", "   ", ".,.,", "the of a and"])
def test_an_empty_caption_has_no_mentions(text):
    assert parse_caption(text) == Description()


def test_only_unknown_words():
    assert parse_caption("A dragon, sleeping!") == Description(unknown=("dragon", "sleeping"))


@pytest.mark.parametrize("text", [None, 3, ["a"], b"a red house"])
def test_a_string_is_needed(text):
    with pytest.raises(TypeError, match="caption: expected one string"):
        parse_caption(text)


def test_colours_that_contradict_each_other_are_both_kept():
    assert parse_caption("a red blue big house").mentions == (
        Mention("house", ("red", "blue"), ("big",)),
    )


def test_repeated_mentions_stay_apart():
    assert len(parse_caption("a red house and a red house").mentions) == 2


def test_a_relation_holds_between_its_neighbours():
    description = parse_caption("a house is to the left of a tree, with a ball")
    assert description.relations == (Relation(0, "left of", 1),)
    assert [mention.kind for mention in description.mentions] == ["house", "tree", "ball"]


@pytest.mark.parametrize(
    "text", ["left of a house", "a house left of", "a house left right of a tree", "under over"]
)
def test_dangling_relations_are_kept_as_such(text):
    assert parse_caption(text).dangling


def test_over_a_ground_is_no_relation():
    description = parse_caption("a kite over the snow and a house")
    assert (description.relations, description.dangling) == ((), ())
    assert description.grounds == ("snow",)
    assert parse_caption("a kite over a house on the snow").relations


def test_a_colour_of_nothing_is_unknown():
    assert parse_caption("a house is red").unknown == ("red",)


def test_case_and_synonyms():
    assert parse_caption("A TINY Violet Automobile AT DUSK.") == Description(
        (Mention("car", ("purple",), ("small",)),), skies=("sunset",)
    )


words = st.lists(st.sampled_from([*MEANING, "a", "an", "the", "of", "dragon", "and"]), max_size=30)


@settings(deadline=None)
@given(words)
@example(["house"] * 30)
@example(["red", "left"] * 15)
def test_any_words_can_be_held_against_a_scene(chosen):
    description = parse_caption(" ".join(chosen))
    claims = check_claims(description, SCENE)
    assert len(claims) == sum(
        (
            len(description.mentions),
            sum(len(m.colours) + len(m.sizes) for m in description.mentions),
            len(description.relations) + len(description.dangling),
            len(description.skies) + len(description.grounds),
        )
    )


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text):
    check_claims(parse_caption(text), SCENE)
    assert not is_grammatical(text)


@pytest.mark.parametrize(
    "piece",
    ["a red house and ", "dragon ", "left ", "house ", "a red house under a blue kite left of ",
     "at noon ", "a "],
)  # fmt: skip
def test_ten_thousand_words_take_no_time(piece):
    text = piece * (10_000 // len(piece.split()))
    start = time.process_time()
    description = parse_caption(text)
    check_claims(description, SCENE)
    assert not is_grammatical(text)
    assert time.process_time() - start < 2
