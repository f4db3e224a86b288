"""Tests of cmlearn.data.storybook.captions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.captions import caption_scene, is_grammatical
from cmlearn.data.storybook.claims import all_true, check_claims
from cmlearn.data.storybook.edits import edit_one_word, reverse_relations
from cmlearn.data.storybook.lexicon import CLASSES, MEANING
from cmlearn.data.storybook.parser import parse_caption, words_of
from cmlearn.data.storybook.scene import Scene, Thing, sample_scene

seeds = st.integers(0, 2**32 - 1)


@st.composite
def captioned_scenes(draw) -> tuple[Scene, tuple[str, ...], np.random.Generator]:
    """A scene, its captions, and a source of chance."""
    rng = np.random.default_rng(draw(seeds))
    scene = sample_scene(rng, novel=draw(st.booleans()))
    return scene, caption_scene(scene, rng), rng


@settings(deadline=None)
@given(captioned_scenes())
def test_every_caption_is_true_of_its_scene(case):
    scene, texts, _ = case
    for text in texts:
        description = parse_caption(text)
        assert description.mentions and not description.unknown and not description.dangling
        assert all(claim.true for claim in check_claims(description, scene)), text
        assert all_true(description, scene)


@settings(deadline=None)
@given(captioned_scenes())
def test_five_different_grammatical_captions(case):
    _, texts, _ = case
    assert len(texts) == len(set(texts)) == 5
    assert all(map(is_grammatical, texts)), texts
    assert all(text == text.lower().strip() for text in texts)


@settings(deadline=None)
@given(captioned_scenes())
def test_the_first_caption_tells_everything(case):
    scene, (full, *_), _ = case
    description = parse_caption(full)
    assert {(m.kind, *m.colours, *m.sizes) for m in description.mentions} == {
        (t.kind, t.colour, t.size) for t in scene.things
    }
    assert (description.skies, description.grounds) == ((scene.sky,), (scene.ground,))


@settings(deadline=None)
@given(captioned_scenes())
def test_two_things_are_related_from_both_sides(case):
    scene, (_, there, back, *_), _ = case
    if len(scene.things) > 1:
        (a, b, *_), (c, d, *_) = (parse_caption(text).mentions for text in (there, back))
        assert (a.kind, b.kind) == (d.kind, c.kind)
        assert parse_caption(there).relations and parse_caption(back).relations


@pytest.mark.parametrize("only", [None, *CLASSES])
@settings(deadline=None, max_examples=40)
@given(case=captioned_scenes())
def test_a_changed_word_makes_a_claim_false(only, case):
    scene, texts, rng = case
    for text in texts:
        has_one = only in (None, *(MEANING.get(word, ("",))[0] for word in words_of(text)))
        edited = edit_one_word(text, rng, only)
        if edited is None:
            assert not has_one or only == "vertical"  # "over the snow" is no relation
            continue
        assert not all_true(parse_caption(edited), scene), (text, edited)
        changed = [
            (old, new)
            for old, new in zip(words_of(text), words_of(edited), strict=True)
            if old != new and {old, new} != {"a", "an"}
        ]
        ((old, new),) = changed
        assert MEANING[old][0] == MEANING[new][0]
        assert only in (None, MEANING[old][0])


@settings(deadline=None)
@given(captioned_scenes())
def test_reversed_relations_are_false_and_reverse_back(case):
    scene, texts, _ = case
    for text in texts:
        reversed_once = reverse_relations(text)
        before, after = parse_caption(text), parse_caption(reversed_once)
        assert all_true(after, scene) == (not before.relations)
        assert before.mentions == after.mentions
        assert parse_caption(reverse_relations(reversed_once)) == before


def test_where_a_thing_flies_is_no_relation_to_reverse():
    text = "a red kite over the snow"
    assert reverse_relations(text) == text
    assert edit_one_word(text, np.random.default_rng(0), "vertical") is None


def test_a_caption_without_a_word_of_the_class_is_not_edited():
    assert edit_one_word("a red house", np.random.default_rng(0), "sky") is None
    assert edit_one_word("", np.random.default_rng(0)) is None


@pytest.mark.parametrize(
    "text",
    [
        "a red house on the snow",
        "A red house, on the snow.",
        "an orange kite over the sea at dusk",
        "a red house and an orange kite",
        "a red house a blue tree and an orange kite at noon",  # tokens have no commas
        "at noon a red house",
        "there is a tiny red house at night",
        "a red house is to the left of a blue tree on the sand with a green ball",
        "a red house and a red house",  # of a scene that Storybook does not have
    ],
)
def test_grammatical(text):
    assert is_grammatical(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "house",
        "an red house",
        "a orange house",
        "a house",
        "a red house a blue tree",
        "a red house and",
        "a red house on the noon",
        "a red star on the snow",
        "a red house over the snow",
        "a red house on the snow and a blue tree on the sand",
        "a red house left of",
        "a red house left of a blue tree left of a green car",
        "at noon at noon",
        "a red house at noon at noon",
        "a red house dragon",
    ],
)
def test_ungrammatical(text):
    assert not is_grammatical(text)


@settings(deadline=None)
@given(captioned_scenes())
def test_repeated_and_cut_captions_are_ungrammatical(case):
    _, texts, _ = case
    for text in texts:
        assert not is_grammatical(f"{text} {text}")
        assert not is_grammatical(" ".join(text.split()[1:]))


def test_grammar_needs_a_string():
    with pytest.raises(TypeError, match="caption"):
        is_grammatical(None)


def test_the_smallest_scene_has_five_captions():
    scene = Scene("day", "snow", (Thing("star", "red", "big", 0),))
    for seed in range(200):
        assert len(set(caption_scene(scene, np.random.default_rng(seed)))) == 5
