"""Tests of cmlearn.data.storybook.second_captions."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.claims import all_true, check_claims, strictly_true, tells_all
from cmlearn.data.storybook.dataset import SPLITS, load_storybook
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.data.storybook.second_captions import (
    MAX_WORDS,
    caption_second_scene,
    is_second_grammatical,
)
from cmlearn.data.storybook.second_scenes import group_sizes, sample_second_scene


@st.composite
def captioned_scenes(draw) -> tuple[Scene, tuple[str, ...]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scene = sample_second_scene(rng, novel=draw(st.booleans()))
    return scene, caption_second_scene(scene, rng)


@settings(deadline=None)
@given(captioned_scenes())
def test_every_caption_is_strictly_true_of_its_scene(case):
    scene, texts = case
    for text in texts:
        description = parse_caption(text)
        assert description.mentions and not description.unknown and not description.dangling
        assert all(claim.true for claim in check_claims(description, scene)), text
        assert strictly_true(description, scene), text


@settings(deadline=None)
@given(captioned_scenes())
def test_five_different_grammatical_captions(case):
    _, texts = case
    assert len(texts) == len(set(texts)) == 5
    assert all(map(is_second_grammatical, texts)), texts
    assert all(1 <= len(text.split()) <= MAX_WORDS for text in texts)
    assert all(text == text.lower().strip() for text in texts)


@settings(deadline=None)
@given(captioned_scenes())
def test_the_first_caption_tells_all(case):
    scene, (full, *_) = case
    description = parse_caption(full)
    assert tells_all(description)
    assert sorted((m.kind, *m.colours, *m.sizes) for m in description.mentions) == sorted(
        (t.kind, t.colour, t.size) for t in scene.things
    )
    assert (description.skies, description.grounds) == ((scene.sky,), (scene.ground,))


@settings(deadline=None)
@given(captioned_scenes())
def test_relations_are_stated_from_both_sides(case):
    scene, (_, there, back, *_) = case
    first, second = parse_caption(there), parse_caption(back)
    assert bool(first.relations) == bool(second.relations)
    if len({thing.kind for thing in scene.things}) == len(scene.things) > 1:
        assert first.relations
    for relation in first.relations:
        ends = first.mentions[relation.subject].kind, first.mentions[relation.object].kind
        turned = [(second.mentions[r.object].kind, second.mentions[r.subject].kind) for r in
                  second.relations]  # fmt: skip
        assert ends in turned


@settings(deadline=None)
@given(captioned_scenes())
def test_the_ends_of_a_relation_are_unique(case):
    scene, texts = case
    for text in texts:
        description = parse_caption(text)
        for relation in description.relations:
            ends = [description.mentions[i] for i in (relation.subject, relation.object)]
            subjects, objects = ([t for t in scene.things if end.fits(t)] for end in ends)
            assert subjects and objects and not set(subjects) & set(objects), text


@settings(deadline=None)
@given(captioned_scenes())
def test_a_repeated_caption_is_not_grammatical(case):
    _, texts = case
    assert not any(is_second_grammatical(f"{text} at noon {text}") for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "red house",
        "two red houses and a tree",
        "three kites over the sea",
        "two cars, one red and one blue",
        "something red in the snow at night",
        "by day, red house, small green tree",
        "two big boats are left of a red ball on the water, with a kite at dusk",
        "three kites in the sky",
    ],
)
def test_grammatical(text):
    assert is_second_grammatical(text)


@pytest.mark.parametrize(
    "text",
    ["", "red", "kites over the sea", "2 red houses", "red house in snow", "a red house a",
     "an car", "the red house", "two red house", "red house night", "something", "four houses"],
)  # fmt: skip
def test_ungrammatical(text):
    assert not is_second_grammatical(text)


def test_the_grammar_needs_a_string():
    with pytest.raises(TypeError, match="caption"):
        is_second_grammatical(None)


def test_the_smallest_scene_has_five_captions():
    scene = Scene("day", "snow", (Thing("star", "red", "big", 0),))
    for seed in range(200):
        assert len(set(caption_second_scene(scene, np.random.default_rng(seed)))) == 5


@pytest.mark.parametrize("colours", [(), ("red", "red", "blue")])
def test_a_scene_that_breaks_the_rules_is_refused(colours):
    things = tuple(Thing("car", colour, "big", i) for i, colour in enumerate(colours))
    with pytest.raises(ValueError, match="scene: it must have one to three things"):
        caption_second_scene(Scene("day", "snow", things), np.random.default_rng(0))


def test_twins_have_no_relation():
    scene = Scene("day", "snow", tuple(Thing("car", "red", "big", i) for i in (0, 2)))
    for seed in range(50):
        texts = caption_second_scene(scene, np.random.default_rng(seed))
        assert not any(parse_caption(text).relations for text in texts)


# ── the splits ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def splits():
    return {name: load_storybook(name, edition=2) for name in SPLITS}


def test_every_caption_of_every_split_is_strictly_true(splits):
    for name, data in splits.items():
        for texts, scene in zip(data.captions, data.scenes, strict=True):
            assert len(set(texts)) == 5
            assert tells_all(parse_caption(texts[0]))
            for text in texts:
                assert strictly_true(parse_caption(text), scene), (name, text)


def test_the_grammar_recognises_every_caption_of_the_small_splits(splits):
    for name in ("val", "test", "novel"):
        texts = list(chain.from_iterable(splits[name].captions))
        assert [text for text in texts if not is_second_grammatical(text)] == []


def test_the_words_of_both_editions(splits):
    words = words_in(splits["train"])
    assert len(words) == 79
    assert words_in(load_storybook("train")) <= words
    assert all(words_in(splits[name]) <= words for name in splits)


def words_in(data) -> set[str]:
    return {word.strip(",") for texts in data.captions for text in texts for word in text.split()}


def test_newcomers_forms_are_there(splits):
    texts = list(chain.from_iterable(splits["train"].captions))
    for part in ("two red", "in the snow", "in the grass", "on the beach", "in the sky",
                 "by the sea", "something", "by day", "three ", "one red and one"):  # fmt: skip
        assert sum(part in text for text in texts) >= 20, part
    assert sum("," in text for text in texts) > 0.1 * len(texts)
    no_articles = [text for text in texts if not {"a", "an", "one"} & set(text.split())]
    assert len(no_articles) > 0.2 * len(texts)


def test_another_scene_makes_a_caption_false(splits):
    data = splits["val"]
    true = [
        all_true(parse_caption(text), scene)
        for texts, scene in zip(data.captions, data.scenes[1:])
        for text in texts
    ]
    assert np.mean(true) < 0.02


def test_a_counted_kind_is_counted_right(splits):
    data = splits["train"]
    for texts, scene in zip(data.captions[:2000], data.scenes):
        for text in texts:
            for count in parse_caption(text).counts:
                assert count.number is not None
                assert count.number <= group_sizes(scene).get(count.mention.kind, 3)
