"""Rates of truth of captions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.captions import caption_scene
from cmlearn.data.storybook.claims import CLAIM_KINDS
from cmlearn.data.storybook.edits import edit_one_word, reverse_relations
from cmlearn.data.storybook.scene import Scene, Thing, sample_scene
from cmlearn.evaluation.claim_accuracy import score_caption, score_captions
from cmlearn.text.cleaning import clean

SCENE = Scene("day", "grass", (Thing("house", "red", "big", 0), Thing("kite", "blue", "small", 2)))


def test_a_true_caption():
    score = score_caption("a big red house below a blue kite at noon", SCENE)
    assert score.all_true and score.grammatical
    assert score.coverage == 6 / 8
    assert all(claim.true for claim in score.claims)


@pytest.mark.parametrize("text", ["", "   ", "dragon dragon", "at noon", "a red"])
def test_who_says_nothing_of_a_thing_says_nothing_true(text):
    assert not score_caption(text, SCENE).all_true


def test_true_and_ungrammatical_are_two_things():
    score = score_caption("house red kite", SCENE)
    assert not score.grammatical
    assert [claim.true for claim in score.claims] == [True, True, False]
    assert score_caption("red house red house", SCENE).all_true is False
    assert score_caption("red house big house", SCENE).all_true is False
    assert score_caption("the red house house", Scene("day", "sea", SCENE.things)).coverage == 2 / 8


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_what_the_grammar_says_scores_full_with_and_without_commas(seed, novel):
    rng = np.random.default_rng(seed)
    scene = sample_scene(rng, novel)
    for text in caption_scene(scene, rng):
        assert score_caption(text, scene) == score_caption(clean(text), scene)
        assert score_caption(clean(text), scene).all_true
        assert score_caption(clean(text), scene).grammatical
        edited = edit_one_word(clean(text), rng)
        assert edited and not score_caption(edited, scene).all_true


def test_rates():
    rates = score_captions(
        [
            "a red house at noon",
            "a red house at night",
            "a red kite right of a red house",
            "a green tree",
        ],
        [SCENE] * 4,
    )
    assert rates["all_true"] == 0.25
    assert rates["grammatical"] == 1
    assert rates["distinct"] == 1
    assert rates["thing"] == 4 / 5
    assert rates["colour"] == 3 / 4  # the green of a tree that is not there is not counted
    assert rates["relation"] == 1
    assert rates["sky"] == 0.5
    assert math.isnan(rates["ground"]) and math.isnan(rates["size"])
    assert set(rates) == {"all_true", "grammatical", *CLAIM_KINDS, "coverage", "distinct"}


def test_reversed_relations_are_seen_by_truth():
    rng = np.random.default_rng(1)
    scenes = [sample_scene(rng) for _ in range(100)]
    related = [caption_scene(scene, rng)[1] for scene in scenes]
    rates = score_captions([reverse_relations(text) for text in related], scenes)
    assert rates["relation"] == 0
    assert rates["colour"] == rates["thing"] == rates["grammatical"] == 1


def test_the_same_caption_for_all_is_not_distinct():
    assert score_captions(["a red house"] * 4, [SCENE] * 4)["distinct"] == 0.25


@pytest.mark.parametrize(("texts", "scenes"), [([], []), (["a"], []), ([], [SCENE])])
def test_one_text_for_each_scene(texts, scenes):
    with pytest.raises(ValueError, match="one text for each scene"):
        score_captions(texts, scenes)


def test_texts_must_be_strings():
    with pytest.raises(TypeError, match="expected one string"):
        score_captions([None], [SCENE])
