"""Tests of cmlearn.data.storybook.restatement."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.captions import caption_scene, is_grammatical
from cmlearn.data.storybook.claims import Description
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.restatement import restate
from cmlearn.data.storybook.scene import OPPOSITE, sample_scene
from cmlearn.data.storybook.second_captions import caption_second_scene
from cmlearn.data.storybook.second_scenes import sample_second_scene
from cmlearn.data.storybook.typed import load_typed

seeds = st.integers(0, 2**32 - 1)


def test_a_string_is_needed():
    with pytest.raises(TypeError, match="caption: expected one string"):
        restate(None)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_restated_or_not(text):
    assert restate(text) is None or is_grammatical(restate(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kite, boat, sunset", "a kite and a boat at sunset"),
        ("red house, night", "a red house at night"),
        ("house left of tree", "a house left of a tree"),
        ("two houses", None),
        ("something red", None),
    ],
)
def test_in_the_second_edition_colours_may_be_left_out(text, expected):
    assert restate(text, edition=2) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red house", "a red house"),
        ("Orange big car, night!", "a big orange car at night"),
        ("red house in the snow, yellow kite in the sky, by day",
         "a red house on the snow and a yellow kite at noon"),
        ("blue kite by the sea", "a blue kite over the sea"),
        ("one red house", "a red house"),
        ("red house, green tree, yellow kite, sand", "a red house, a green tree on the sand and a "
         "yellow kite"),
        ("the red house is left of the yellow star", "a red house left of a yellow star"),
        ("red house below blue kite in the snow", "a blue kite above a red house on the snow"),
        ("red house left of green tree with blue car at dusk",
         "a red house left of a green tree, with a blue car at sunset"),
        ("house", None),
        ("something red", None),
        ("two red houses", None),
        ("red houses", None),
        ("a red house and a blue house", None),
        ("a red kite left of a blue star over the snow", None),
        ("a red house left of a green tree left of a blue car", None),
        ("a red cat", None),
        ("", None),
    ],
)  # fmt: skip
def test_restated(text, expected):
    assert restate(text) == expected


@settings(deadline=None)
@given(seeds)
def test_a_restated_caption_has_the_same_claims(seed):
    rng = np.random.default_rng(seed)
    texts = [*caption_second_scene(sample_second_scene(rng), rng),
             *caption_scene(sample_scene(rng), rng)]  # fmt: skip
    for text in texts:
        assert_same_claims(text)


def test_a_restated_typed_caption_has_the_same_claims():
    restated = [assert_same_claims(case.caption) for case in load_typed()]
    assert sum(restated) >= 40


def test_most_of_the_first_edition_is_restated():
    rng = np.random.default_rng(0)
    texts = [t for _ in range(100) for t in caption_scene(sample_scene(rng), rng)]
    assert np.mean([restate(text) is not None for text in texts]) > 0.95


def assert_same_claims(text: str) -> bool:
    sentence = restate(text)
    if sentence is not None:
        assert is_grammatical(sentence)
        assert canonical(parse_caption(sentence)) == canonical(parse_caption(text)), text
    return sentence is not None


def canonical(description: Description) -> tuple[object, ...]:
    """The claims without their order; a count of one, and the side of a relation, are dropped."""
    mentions = description.mentions
    relations = Counter()
    for relation in description.relations:
        ends = mentions[relation.subject], relation.name, mentions[relation.object]
        turned = relation.name in ("right of", "below")
        relations[(ends[2], OPPOSITE[ends[1]], ends[0]) if turned else ends] += 1
    rest = dataclasses.replace(description, mentions=(), relations=(), counts=())
    return Counter(mentions), relations, rest
