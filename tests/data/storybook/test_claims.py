"""Tests of cmlearn.data.storybook.claims."""

import pytest

from cmlearn.data.storybook.claims import (
    CLAIM_KINDS,
    Claim,
    Mention,
    all_true,
    check_claims,
    coverage,
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
