"""Tests of cmlearn.data.storybook.parser."""

import hashlib
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.captions import is_grammatical
from cmlearn.data.storybook.claims import Count, Description, Mention, Relation, check_claims
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.lexicon import MEANING, TYPED_MEANING
from cmlearn.data.storybook.parser import parse_caption, parse_words, words_of
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


# ── the second edition ────────────────────────────────────────────────────────────────────────

RED_HOUSE = Mention("house", ("red",))


def test_the_claims_of_the_first_edition_are_those_of_its_own_parser():
    """The digest was computed with the parser as it was before it could count."""
    data, digest = load_storybook("val"), hashlib.sha256()
    others = (*data.scenes[1:], data.scenes[0])
    for texts, scene, other in zip(data.captions, data.scenes, others):
        for text in texts:
            said = parse_caption(text)
            claims = [claim for s in (scene, other) for claim in check_claims(said, s)]
            rows = [(c.kind, c.text, c.true, c.relevant) for c in claims]
            digest.update(repr(rows).encode())
            digest.update(repr((said.unknown, said.dangling)).encode())
    expected = "3cfb8ace713fe2bd504fd1a2ca80cbd0711f2977aa9294e2ed04bc265beb2fcc"
    assert digest.hexdigest() == expected


@pytest.mark.parametrize("text", ["two red houses", "2 red houses", "two red house"])
def test_a_count_mentions_each_thing_and_counts_them(text):
    assert parse_caption(text) == Description((RED_HOUSE,) * 2, counts=(Count(RED_HOUSE, 2),))


def test_one_is_a_count_too():
    assert parse_caption("one red house").counts == (Count(RED_HOUSE, 1),)
    assert parse_caption("a red house").counts == ()


def test_a_plural_without_a_number_is_two_or_more():
    description = parse_caption("red houses on the beach")
    assert description.mentions == (RED_HOUSE,) * 2
    assert description.counts == (Count(RED_HOUSE, None),)


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("two cars, one red and one blue", ["red", "blue"]),
        ("two cars, one red and one blue on the grass at night", ["red", "blue"]),
        ("three cars, one red, one green and one blue", ["red", "green", "blue"]),
        ("three cars, two red and one blue", ["red", "red", "blue"]),
    ],
)
def test_a_group_is_divided(text, colours):
    description = parse_caption(text)
    assert [m.colours for m in description.mentions] == [(colour,) for colour in colours]
    assert description.counts == (Count(Mention("car"), len(colours)),)
    assert description.unknown == ()


@pytest.mark.parametrize("text", ["two red cars and one blue", "two red cars and a blue one"])
def test_one_blue_after_red_cars_is_another_car(text):
    description = parse_caption(text)
    blue = Mention("car", ("blue",))
    assert description.mentions == (Mention("car", ("red",)),) * 2 + (blue,)
    assert description.counts == (Count(description.mentions[0], 2), Count(blue, 1))
    assert description.unknown == ()


def test_one_red_house_after_cars_is_no_part_of_them():
    description = parse_caption("two cars, one red house")
    assert description.mentions == (Mention("car"), Mention("car"), RED_HOUSE)


@pytest.mark.parametrize("text", ["two cars, three red", "two cars, one red, one blue, one green"])
def test_more_parts_than_things_are_unknown(text):
    assert parse_caption(text).unknown


def test_the_relation_of_a_group_is_that_of_each_thing():
    description = parse_caption("two houses are left of three trees")
    assert description.relations == tuple(
        Relation(a, "left of", b) for a in (0, 1) for b in (2, 3, 4)
    )


def test_something_takes_the_colours_and_sizes_after_it():
    description = parse_caption("something small red and a ball in the snow")
    assert description.mentions == (Mention("thing", ("red",), ("small",)), Mention("ball"))
    assert parse_caption("a red thing").mentions == (Mention("thing", ("red",)),)


def test_only_what_flies_is_in_the_sky():
    assert parse_caption("two kites in the sky").unknown == ()
    assert parse_caption("something red in the sky").mentions == (
        Mention("flying thing", ("red",)),
    )
    assert parse_caption("a house in the sky").unknown == ("sky",)
    assert parse_caption("in the sky").unknown == ("sky",)
    assert parse_caption("a kite and a flying car").unknown == ()  # "flying" follows the kite


def test_a_number_of_nothing_is_unknown():
    assert parse_caption("a house and two").unknown == ("2",)
    assert parse_caption("four houses").unknown == ("four",)


def test_each_claim_knows_its_word():
    words = words_of("two red houses, a kite above something green at noon")
    description, positions = parse_words(words)
    claims = check_claims(description, SCENE)
    assert [(claim.kind, words[i]) for claim, i in zip(claims, positions.claims, strict=True)] == [
        ("thing", "houses"),
        ("colour", "red"),
        ("thing", "houses"),
        ("colour", "red"),
        ("thing", "kite"),
        ("thing", "something"),
        ("colour", "green"),
        ("relation", "above"),
        ("sky", "noon"),
        ("count", "two"),
    ]
    assert positions.unknown == frozenset()


typed_words = st.lists(
    st.sampled_from([*TYPED_MEANING, "sky", "flying", "it", ",", "dragon", "and"]), max_size=20
)


@settings(deadline=None)
@given(typed_words)
def test_any_typed_words_have_a_claim_for_each_position(chosen):
    words = words_of(" ".join(chosen))
    description, positions = parse_words(words)
    assert len(positions.claims) == len(check_claims(description, SCENE))
    assert len(positions.unknown) == len(description.unknown)
