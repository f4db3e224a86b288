"""Tests of cmlearn.evaluation.claim_accuracy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.captions import caption_scene
from cmlearn.data.storybook.claims import CLAIM_KINDS, COUNT, all_true
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.edits import edit_one_word, falsify, reverse_relations
from cmlearn.data.storybook.lexicon import CLASSES, MEANING
from cmlearn.data.storybook.parser import parse_caption, words_of
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing, sample_scene
from cmlearn.data.storybook.second_captions import caption_second_scene
from cmlearn.data.storybook.second_scenes import sample_second_scene
from cmlearn.evaluation.claim_accuracy import (
    captions_hold,
    captions_hold_strictly,
    mark_words,
    score_caption,
    score_captions,
    score_pictures,
    score_scenes,
    variety,
)
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.text.cleaning import clean

# ── Captions ─────────────────────────────────────────────────────────────────────────────────────


SCENE = Scene("day", "grass", (Thing("house", "red", "big", 0), Thing("kite", "blue", "small", 2)))


def test_a_true_caption():
    score = score_caption("a big red house below a blue kite at noon", SCENE)
    assert score.all_true and score.grammatical
    assert score.coverage == 6 / 8
    assert all(claim.true for claim in score.claims)


@pytest.mark.parametrize("text", ["", "   ", "dragon dragon", "at noon", "a red"])
def test_a_caption_that_names_no_thing_is_not_true(text):
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
def test_captions_of_the_grammar_score_full_with_and_without_commas(seed, novel):
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
    assert set(rates) == {"all_true", "grammatical", *CLAIM_KINDS, COUNT, "coverage", "distinct"}


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


# ── False words ──────────────────────────────────────────────────────────────────────────────────


HOUSE = Thing("house", "red", "small", 0)
KITE = Thing("kite", "blue", "big", 2)
SNOW_SCENE = Scene("day", "snow", (HOUSE, KITE))


def false_words(caption: str) -> list[str]:
    return [word for word, true in mark_words(caption, SNOW_SCENE) if not true]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a small red house left of a blue kite over the snow at noon", []),
        ("a red house right of a blue kite", ["right"]),
        ("a green house and a small kite at night", ["green", "small", "night"]),
        ("a blue kite over the sea", ["sea"]),
        ("a purple tree left of a blue kite", ["tree"]),
        ("a dragon above a red house", ["dragon", "above"]),
        ("a blue kite is big", ["big"]),
        ("a red house and a red house", ["house"]),
        ("", []),
    ],
)
def test_the_false_words_are_marked(caption, expected):
    assert false_words(caption) == expected


def changed_and_found(caption: str, changed: str, scene: Scene) -> tuple[set[str], set[str]]:
    """The words that were changed (but for articles), and those that are marked false."""
    before = [word for word in words_of(caption) if word not in ",."]
    marked = mark_words(changed, scene)
    new = {word for (word, _), old in zip(marked, before, strict=True) if word != old}
    return new - {"a", "an"}, {word for word, true in marked if not true}


def test_true_captions_have_no_false_word():
    rng = np.random.default_rng(0)
    for _ in range(60):
        scene = sample_scene(rng)
        for caption in caption_scene(scene, rng):
            assert all(true for _, true in mark_words(caption, scene)), caption


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "kind"])
def test_the_changed_word_is_the_false_one(name):
    rng = np.random.default_rng(0)
    tried = 0
    for _ in range(60):
        scene = sample_scene(rng)
        for caption in caption_scene(scene, rng):
            changed = edit_one_word(caption, rng, only=name)
            if changed is not None:
                new, found = changed_and_found(caption, changed, scene)
                assert found == new, (caption, changed)
                tried += 1
    assert tried > 20


def test_a_changed_thing_is_the_false_word_unless_the_scene_has_one():
    rng = np.random.default_rng(0)
    absent = present = 0
    for _ in range(60):
        scene = sample_scene(rng)
        kinds = {thing.kind for thing in scene.things}
        for caption in caption_scene(scene, rng):
            changed = edit_one_word(caption, rng, only="kind")
            new, found = changed_and_found(caption, changed, scene)
            if MEANING[min(new)][1] in kinds:  # then its colour or size may be what is false
                assert found, (caption, changed)
                present += 1
            else:
                assert found == new, (caption, changed)
                absent += 1
    assert absent > 20 and present > 5


def test_a_caption_is_all_true_when_no_word_is_false():
    rng = np.random.default_rng(1)
    for _ in range(60):
        told, shown = sample_scene(rng), sample_scene(rng)
        for caption in caption_scene(told, rng):
            marked = all(true for _, true in mark_words(caption, shown))
            assert marked == all_true(parse_caption(caption), shown)


# ── Pictures ─────────────────────────────────────────────────────────────────────────────────────


BIG_HOUSE = Thing("house", "red", "big", 0)
GRASS_SCENE = Scene("day", "grass", (BIG_HOUSE, Thing("kite", "blue", "small", 2)))


@pytest.fixture(scope="module")
def some() -> CaptionedPictures:
    data, rows = load_storybook("val"), slice(0, 40)
    return CaptionedPictures(
        data.name, data.images[rows], data.captions[rows], data.image_ids[rows], data.scenes[rows]
    )


def test_rates_of_parsed_scenes():
    rates = score_scenes(
        [GRASS_SCENE, GRASS_SCENE, None, None],
        ["a red house at noon", "a blue house", "a red house", "a red car left of a house at dusk"],
    )
    assert rates["all_true"] == 0.25
    assert rates["unreadable"] == 0.5
    assert rates["thing"] == 2 / 5  # of what cannot be read nothing is true
    assert rates["colour"] == 1 / 2  # and its colours are not counted
    assert rates["sky"] == 1 / 2
    assert math.isnan(rates["relation"])
    strict = {"strict", "strict_1", "strict_2", "strict_3"}
    assert set(rates) == {"all_true", "unreadable", *strict, *CLAIM_KINDS, COUNT}


def test_unreadable_is_wrong_even_where_a_guess_would_be_right():
    day_on_grass = score_scenes([None], ["at noon, a red house on the grass"])
    assert day_on_grass["sky"] == day_on_grass["ground"] == day_on_grass["all_true"] == 0


def test_pictures_go_through_the_scene_parser(some):
    captions = [told[0] for told in some.captions]
    rates = score_pictures(some.images, captions, parse_scenes)
    assert all(rate == 1 or math.isnan(rate) for k, rate in rates.items() if k != "unreadable")
    assert rates["unreadable"] == 0
    assert score_pictures(some.images, captions, lambda p: [None] * len(p))["unreadable"] == 1


@pytest.mark.parametrize("captions", [[], ["a red house"] * 2])
def test_one_caption_for_each_picture(captions):
    with pytest.raises(ValueError, match="one for each picture"):
        score_pictures(np.zeros((1, 64, 64, 3), np.uint8), captions, parse_scenes)


def test_which_captions_hold():
    said = ["a red house", "a red car", "a red house"]
    assert captions_hold([GRASS_SCENE, GRASS_SCENE, None], said).tolist() == [
        True,
        False,
        False,
    ]


TWO_HOUSES = Scene("day", "grass", (BIG_HOUSE, Thing("house", "red", "small", 1)))
FULL = "a big red house on the grass at noon"


def test_a_thing_too_many_is_strictly_wrong():
    scenes, asked = [GRASS_SCENE, TWO_HOUSES, None], ["a red house"] * 3
    assert captions_hold(scenes, asked).tolist() == [True, True, False]
    assert captions_hold_strictly(scenes, asked).tolist() == [True, False, False]
    assert captions_hold_strictly([GRASS_SCENE], [FULL]).tolist() == [False]


def test_strict_truth_by_the_number_of_things_that_a_caption_names():
    rates = score_scenes(
        [GRASS_SCENE, TWO_HOUSES, TWO_HOUSES, GRASS_SCENE],
        ["a red house", FULL, "two houses", "two kites"],
    )
    assert (rates["all_true"], rates["strict"]) == (0.75, 0.5)
    assert (rates["strict_1"], rates["strict_2"]) == (0.5, 0.5)
    assert math.isnan(rates["strict_3"])
    assert rates["count"] == 0.5


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("two red houses", []),
        ("three red houses", ["three", "houses"]),
        ("two blue houses", ["two", "blue"]),
        ("houses and a kite", ["kite"]),
        ("two houses, one red and one blue", ["blue"]),
        ("two houses, one big and one small", []),
        ("two houses left of a kite at night", ["kite", "night"]),
        ("one house", ["one"]),
        ("something red in the sky", ["something"]),
        ("a house in the sky", ["sky"]),
    ],
)
def test_the_false_words_of_the_second_edition_are_marked(caption, expected):
    assert [word for word, true in mark_words(caption, TWO_HOUSES) if not true] == expected


def test_true_captions_of_the_second_edition_have_no_false_word():
    rng = np.random.default_rng(0)
    for _ in range(100):
        scene = sample_second_scene(rng)
        for caption in caption_second_scene(scene, rng):
            assert all(true for _, true in mark_words(caption, scene)), caption
            edited = falsify(caption, scene, rng)
            assert not all(true for _, true in mark_words(edited, scene)), edited


def test_variety_counts_different_true_scenes():
    drawn = [Scene(sky, "grass", (BIG_HOUSE,)) for sky in ("day", "night", "sunset")]
    wrong = Scene("day", "grass", (Thing("car", "red", "big", 0),))
    clouds = Scene("day", "grass", (BIG_HOUSE,), variant=1)
    pictures = np.stack([render(s) for s in (*drawn, wrong, clouds)])[None]
    assert variety(pictures, ["a red house"], parse_scenes) == 3
    assert variety(pictures, ["a red house at night"], parse_scenes) == 1
    assert variety(pictures, ["a blue house"], parse_scenes) == 0
    assert variety(np.repeat(pictures, 2, 0), ["a red house", "a car"], parse_scenes) == 2
