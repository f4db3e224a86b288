"""Tests of cmlearn.data.storybook.requests."""

import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.captions import caption_scene
from cmlearn.data.storybook.claims import Description, Mention, strictly_true
from cmlearn.data.storybook.lexicon import TYPED_MEANING
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.requests import explain_request
from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUNDS,
    KINDS_ON,
    SIZES,
    SKY_KINDS,
    Scene,
    Thing,
    sample_scene,
)
from cmlearn.data.storybook.second_captions import caption_second_scene
from cmlearn.data.storybook.second_scenes import sample_second_scene
from cmlearn.data.storybook.typed import load_typed_requests

seeds = st.integers(0, 2**32 - 1)
words = st.lists(
    st.sampled_from([*TYPED_MEANING, "a", "the", "sky", "it", "no", "four", "cat", ",", "and"]),
    max_size=12,
)


@pytest.mark.parametrize("case", load_typed_requests(), ids=lambda case: case.request)
def test_the_sentence_names_what_cannot_be_drawn(case):
    sentence = explain_request(case.request)
    assert sentence is not None
    assert case.named in sentence
    assert_one_sentence(sentence)


def assert_one_sentence(text: str) -> None:
    assert text[-1] in ".?" and not any(mark in text[:-1] for mark in (". ", "? ", "\n"))
    assert text[0].isupper() or text[0] in '"4' or text[0].isdecimal()
    assert len(text) < 130


@settings(deadline=None)
@given(seeds, st.booleans())
def test_every_caption_of_both_grammars_can_be_drawn(seed, novel):
    rng = np.random.default_rng(seed)
    for text in caption_second_scene(sample_second_scene(rng, novel), rng):
        assert explain_request(text) is None, text
    for text in caption_scene(sample_scene(rng, novel), rng):
        assert explain_request(text) is None, text


@settings(deadline=None)
@given(words)
def test_any_words_get_one_sentence_or_can_be_drawn(chosen):
    text = " ".join(chosen)
    sentence = explain_request(text)
    if sentence is None:
        description = parse_caption(text)
        assert 1 <= len(description.mentions) <= 3
        assert not description.unknown and not description.dangling
    else:
        assert_one_sentence(sentence)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_answered(text):
    assert explain_request(text) is None or isinstance(explain_request(text), str)


known_words = st.lists(
    st.sampled_from(["house", "boat", "kite", "houses", "stars", "red", "blue", "small", "two",
                     "something", "left", "right", "above", "under", "snow", "sea", "night", "and",
                     "one", "3", "sky", ","]), min_size=1, max_size=8)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(known_words)
@example(["house", "left", "kite", "left", "star"])
@example(["2", "houses", "right", "kite"])
@example(["something", "above", "house", "sea"])
def test_what_can_be_drawn_is_strictly_true_of_some_scene(chosen):
    text = " ".join(chosen)
    if explain_request(text) is None:
        assert some_scene(parse_caption(text)) is not None, text


def some_scene(description: Description) -> Scene | None:
    """Search for a scene of the world of which the description is strictly true."""
    rng = np.random.default_rng(0)
    for _ in range(5000):
        ground = next(iter(description.grounds), str(rng.choice(GROUNDS)))
        things = tuple(fill(mention, ground, rng) for mention in description.mentions)
        sky = next(iter(description.skies), "day")
        if len({(t.flies, t.column) for t in things}) == len(things):
            scene = Scene(sky, ground, things)
            if strictly_true(description, scene):
                return scene
    return None


def fill(mention: Mention, ground: str, rng: np.random.Generator) -> Thing:
    """Choose what a mention leaves open."""
    kinds = {"thing": (*KINDS_ON[ground], *SKY_KINDS), "flying thing": SKY_KINDS}
    kind = str(rng.choice(kinds.get(mention.kind, (mention.kind,))))
    colour = str(rng.choice(mention.colours or COLOURS))
    return Thing(kind, colour, str(rng.choice(mention.sizes or SIZES)), int(rng.integers(3)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a hosue", '"hosue" is not known: did you mean "house"?'),
        ("two sailboats", '"sailboats" is not known: did you mean "boat"?'),
        ("a house at lunchtime", '"lunchtime" is not known: did you mean "noon"?'),
        (
            "a ball under a tree",
            'A ball cannot be "below" a tree: both stand on the ground, and nothing stands below '
            "what stands there.",
        ),
        (
            "two red houses and a red house",
            '"two red houses" leaves no room for the others that are named: write '
            '"three red houses".',
        ),
        (
            "a house left of a tree left of a house",
            None,
        ),
    ],
)
def test_sentences(text, sentence):
    assert explain_request(text) == sentence


def test_a_string_is_needed():
    with pytest.raises(TypeError, match="caption: expected one string"):
        explain_request(None)


@pytest.mark.parametrize("piece", ["a red house and ", "dragon ", "left ", "house ", "two "])
def test_a_long_request_takes_no_time(piece):
    text = piece * (2_000 // len(piece.split()))
    start = time.process_time()
    assert explain_request(text)
    assert time.process_time() - start < 2
