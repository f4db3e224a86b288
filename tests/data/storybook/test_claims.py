"""Tests of cmlearn.data.storybook.claims."""

import pytest

from cmlearn.data.storybook.claims import (
    CLAIM_KINDS,
    Claim,
    Mention,
    all_true,
    check_claims,
    coverage,
    strictly_true,
    tells_all,
)
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import Scene, Thing

HOUSE, KITE = Thing("house", "red", "big", 0), Thing("kite", "blue", "small", 2)
SCENE = Scene("day", "grass", (HOUSE, KITE))


def claims(text: str, scene: Scene = SCENE) -> dict[tuple[str, str], bool]:
    return {(c.kind, c.text): c.true for c in check_claims(parse_caption(text), scene)}


def test_each_claim_by_itself():
    assert claims("a small red house under a red kite at night on the meadow") == {
        ("thing", "house"): True,
        ("thing", "kite"): True,
        ("colour", "red house"): True,
        ("colour", "red kite"): False,
        ("size", "small house"): False,
        ("relation", "house below kite"): True,
        ("sky", "night"): False,
        ("ground", "grass"): True,
    }


def test_claims_about_an_absent_thing_are_false_and_irrelevant():
    told = check_claims(parse_caption("a red tree left of a red house"), SCENE)
    assert [c.relevant for c in told if c.kind == "colour"] == [False, True]
    assert Claim("relation", "tree left of house", False, relevant=False) in told
    assert Claim("thing", "tree", False, relevant=True) in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a red house", True),
        ("", False),
        ("at noon", False),  # speaks of nothing
        ("a red blue house", False),
        ("a red red house", True),
        ("a red house and a red house", False),
        ("a red house left of", False),
        ("a red dragon and a red house", False),
        ("a house is left of and below a blue kite", False),  # "left of" lacks its thing
        ("at noon at night a red house", False),
    ],
)
def test_all_true(text, expected):
    assert all_true(parse_caption(text), SCENE) is expected


def test_repeated_mentions_are_matched_so_that_most_comes_true():
    twins = Scene("day", "sand", (HOUSE, Thing("house", "blue", "small", 2)))
    assert all_true(parse_caption("a blue house right of a red house"), twins)
    assert not all_true(parse_caption("a blue house left of a red house"), twins)
    assert not all_true(parse_caption("a blue house and a blue house"), twins)
    assert claims("a green house and a red house")[("colour", "red house")]


def test_six_houses_need_six_houses():
    crowd = tuple(Thing("house", "red", "big", c) for c in range(3))
    scene = Scene("day", "grass", crowd)
    assert all_true(parse_caption("a house a house a house"), scene)
    assert not all_true(parse_caption("a house a house a house a house"), scene)
    assert not all_true(parse_caption("house " * 3000), scene)


def test_coverage_is_the_share_of_facts():
    assert coverage(parse_caption(""), SCENE) == 0
    assert coverage(parse_caption("a red house"), SCENE) == 2 / 8
    assert coverage(parse_caption("a red house, a red house, a red house"), SCENE) == 2 / 8
    full = "a big red house on the grass and a small blue kite at noon"
    assert coverage(parse_caption(full), SCENE) == 1
    assert coverage(parse_caption(f"{full} at night"), SCENE) == 1  # what is false adds nothing


def test_a_mention_fits_what_it_describes():
    assert Mention("house", ("red",)).fits(HOUSE)
    assert not Mention("house", ("red", "blue")).fits(HOUSE)
    assert not Mention("house", sizes=("small",)).fits(HOUSE)


def test_kinds_of_claims_are_those_listed():
    told = check_claims(
        parse_caption("a small red house under a red kite at night on the meadow"), SCENE
    )
    assert {claim.kind for claim in told} == set(CLAIM_KINDS)


# ── the second edition ────────────────────────────────────────────────────────────────────────


def houses(*colours: str) -> Scene:
    return Scene("day", "grass", tuple(Thing("house", c, "big", i) for i, c in enumerate(colours)))


RED, TWO_RED, RED_BLUE = houses("red"), houses("red", "red"), houses("red", "blue")
BESIDE_TREE = Scene("day", "grass", (HOUSE, Thing("tree", "green", "small", 1)))
FULL = "a big red house on the grass at noon"


@pytest.mark.parametrize(
    ("text", "scene", "expected"),
    [
        ("two houses", RED, False),
        ("two houses", TWO_RED, True),
        ("two houses", RED_BLUE, True),
        ("two houses", houses("red", "red", "red"), False),  # exactly two
        ("two red houses", TWO_RED, True),
        ("two red houses", RED_BLUE, False),
        ("two red houses", houses("red", "blue", "red"), True),
        ("two cars", TWO_RED, False),
        ("one house", RED, True),
        ("one house", TWO_RED, False),
        ("one red house", RED_BLUE, True),
        ("houses", RED, False),
        ("houses", houses("red", "red", "red"), True),
        ("two houses, one red and one blue", RED_BLUE, True),
        ("two houses, one red and one green", RED_BLUE, False),
        ("a house", TWO_RED, True),
        ("something red", RED, True),
        ("something blue", RED, False),
        ("something blue in the sky", SCENE, True),
        ("something red in the sky", SCENE, False),
        ("two things", SCENE, True),
        ("two houses left of a kite", SCENE, False),
        ("a kite above two houses", Scene("day", "sea", (*TWO_RED.things, KITE)), True),
        ("two houses left of a kite", Scene("day", "sea", (*TWO_RED.things, KITE)), True),
        ("two houses left of a tree", Scene("day", "sea", (
            HOUSE, Thing("tree", "green", "big", 1), Thing("house", "red", "big", 2))), False),
    ],
)  # fmt: skip
def test_counts_and_open_words(text, scene, expected):
    assert all_true(parse_caption(text), scene) is expected


@pytest.mark.parametrize(
    ("text", "scene", "expected"),
    [
        (FULL, RED, True),
        (FULL, TWO_RED, False),
        (FULL, BESIDE_TREE, False),  # it tells all, and not the tree
        ("a red house", RED, True),
        ("a red house", TWO_RED, False),
        ("a red house", RED_BLUE, True),
        ("a red house", BESIDE_TREE, True),
        ("a house", RED_BLUE, False),
        ("a house and a red house", RED_BLUE, True),
        ("two houses", RED_BLUE, True),
        ("two red houses", houses("red", "blue", "red"), True),
        ("two red houses and a house", houses("red", "blue", "red"), True),
        ("houses", houses("red", "red", "red"), True),
        ("houses and a tree", BESIDE_TREE, False),
        ("something red", RED, True),
        ("something red", TWO_RED, False),
        ("something red", BESIDE_TREE, True),
        ("a blue house", RED, False),
        ("", RED, False),
        ("a red dragon and a red house", RED, False),
    ],
)
def test_strictly_true(text, scene, expected):
    assert strictly_true(parse_caption(text), scene) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FULL, True),
        ("big red house on the grass, small blue kite at noon", True),
        ("two small red houses in the snow at dusk", True),
        ("a red house on the grass at noon", False),
        ("a big house on the grass at noon", False),
        ("a big red house at noon", False),
        ("a big red house on the grass", False),
        ("something big red on the grass at noon", False),
        ("a big red house and a tree on the grass at noon", False),
        ("two houses, one red and one blue on the grass at noon", False),
        (f"{FULL} dragon", False),
        (f"{FULL} at night", False),
        ("at noon on the grass", False),
    ],
)
def test_tells_all(text, expected):
    assert tells_all(parse_caption(text)) is expected


def test_the_claims_of_a_count():
    assert claims("two red houses", RED) == {
        ("thing", "house"): False,
        ("colour", "red house"): False,
        ("count", "2 red house"): False,
    }
    assert claims("two red houses", TWO_RED)["count", "2 red house"]
    assert claims("kites", SCENE)["count", "several kite"] is False


def test_coverage_counts_each_thing():
    full = "two big red houses on the grass at noon"
    assert coverage(parse_caption(full), TWO_RED) == 1
    assert coverage(parse_caption(FULL), TWO_RED) == 5 / 8
