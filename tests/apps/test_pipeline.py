"""Tests of cmlearn.apps.pipeline."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cmlearn.apps.pipeline import (
    CHECKPOINTS,
    MAX_COUNT,
    MAX_WORDS,
    Pipeline,
    RoundTrip,
    repeated_claims,
    surviving_claims,
)
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.training.checkpoint import CheckpointError
from cmlearn.training.runtime import seeded_generator


def some_pictures(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)


# ── sentence → pictures ────────────────────────────────────────────────────────────────────────


def test_pictures_have_the_size_of_storybook(pipeline):
    pictures = pipeline.draw("a red house", 3, seeded_generator(0))
    assert pictures.shape == (3, 64, 64, 3)
    assert pictures.dtype == np.uint8


def test_the_generator_alone_decides(pipeline):
    first, again, other = (pipeline.draw("a red house", 2, seeded_generator(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[0] != first[1]).any()


def test_the_sentence_matters(pipeline):
    red, blue = (
        pipeline.draw(f"a {colour} house", 1, seeded_generator(0)) for colour in ("red", "blue")
    )
    assert (red != blue).any()


def test_unknown_words_are_left_out_and_reported(pipeline):
    assert pipeline.unknown_words("A red dragon at night!") == ["dragon"]
    with_dragon = pipeline.draw("a red dragon house", 1, seeded_generator(0))
    without = pipeline.draw("a red house", 1, seeded_generator(0))
    np.testing.assert_array_equal(with_dragon, without)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Red house, night", "a red house at night"),
        ("blue tree left of big blue boat", "a blue tree left of a big blue boat"),
    ],
)
def test_what_newcomers_type_is_drawn_as_in_the_grammar(pipeline, typed, said):
    first, second = (pipeline.draw(text, 1, seeded_generator(0)) for text in (typed, said))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("caption", ["", "  ", "?!…"])
def test_an_empty_caption_is_refused(pipeline, caption):
    with pytest.raises(ValueError, match=r"no words.*knows these words: a, at, big"):
        pipeline.draw(caption, 1, seeded_generator(0))


def test_only_unknown_words_are_refused_with_the_known_ones(pipeline):
    with pytest.raises(
        ValueError, match=r"none of these words is known: seven, dragons;.*house.*tree"
    ):
        pipeline.draw("seven dragons", 1, seeded_generator(0))


def test_ten_thousand_words_are_refused(pipeline):
    with pytest.raises(ValueError, match=f"10,000 words.*at most {MAX_WORDS}"):
        pipeline.draw("house " * 10_000, 1, seeded_generator(0))


def test_the_longest_caption_is_drawn(pipeline):
    assert len(pipeline.draw("house " * MAX_WORDS, 1, seeded_generator(0))) == 1


def test_storybook_has_no_longer_captions():
    from cmlearn.data.storybook.captions import caption_scene
    from cmlearn.data.storybook.scene import sample_scene
    from cmlearn.text.cleaning import tokenize

    rng = np.random.default_rng(0)
    captions = [c for _ in range(200) for c in caption_scene(sample_scene(rng), rng)]
    assert max(len(tokenize(caption)) for caption in captions) < MAX_WORDS


@pytest.mark.parametrize("caption", [None, 7, ["a red house"], b"a red house"])
def test_a_caption_that_is_not_a_string_is_refused(pipeline, caption):
    with pytest.raises(TypeError, match="caption"):
        pipeline.draw(caption, 1, seeded_generator(0))


@pytest.mark.parametrize("count", [0, -1, MAX_COUNT + 1])
def test_a_wrong_count_is_refused(pipeline, count):
    with pytest.raises(ValueError, match="count"):
        pipeline.draw("a house", count, seeded_generator(0))


def test_a_fractional_count_is_refused(pipeline):
    with pytest.raises(TypeError):
        pipeline.draw("a house", 1.5, seeded_generator(0))


# ── pictures → sentences ───────────────────────────────────────────────────────────────────────


def test_each_picture_gets_its_sentence(pipeline, words):
    pictures = some_pictures(101)  # more than one batch
    descriptions = pipeline.describe(pictures)
    assert len(descriptions) == 101
    assert all(word in words for text in descriptions for word in text.split())
    assert pipeline.describe(pictures[100:]) == descriptions[100:]


def test_no_pictures_give_no_descriptions(pipeline):
    assert pipeline.describe(some_pictures(1)[:0]) == []


def test_read_only_pictures_are_taken_without_a_warning(pipeline, recwarn):
    pictures = some_pictures(1)
    pictures.flags.writeable = False
    pipeline.describe(pictures)
    assert not recwarn.list


@pytest.mark.parametrize(
    "pictures",
    [
        some_pictures(1).astype(np.float32),
        some_pictures(1)[:, :32, :32],
        some_pictures(1)[..., :1],
        some_pictures(1)[..., 0],
        some_pictures(1).tolist(),
        torch.zeros(1, 64, 64, 3, dtype=torch.uint8),
        None,
    ],
    ids=["float", "small", "grey", "flat", "list", "tensor", "none"],
)
def test_other_pictures_are_refused(pipeline, pictures):
    with pytest.raises(ValueError, match=r"pictures: \(N, 64, 64, 3\) uint8 RGB expected, got"):
        pipeline.describe(pictures)


def test_one_picture_without_its_batch_is_refused(pipeline):
    with pytest.raises(ValueError, match=r"picture\[None\]"):
        pipeline.describe(some_pictures(1)[0])


# ── round trips ──────────────────────────────────────────────────────────────────────────────────


def test_a_round_trip_draws_then_describes(pipeline):
    trip = pipeline.round_trip("a red house", seeded_generator(3))
    pictures = pipeline.draw("a red house", 1, seeded_generator(3))
    assert trip.caption == "a red house"
    np.testing.assert_array_equal(trip.picture, pictures[0])
    assert trip.description == pipeline.describe(pictures)[0]


def test_claims_that_come_back():
    claims = repeated_claims(
        "a big red house left of a tree at night", "a tree right of a red house"
    )
    assert claims == [
        ("house", True),
        ("red house", True),
        ("big house", False),
        ("tree", True),
        ("house left of tree", True),
        ("night", False),
    ]


def test_claims_are_followed_around_the_loop():
    house = Thing("house", "red", "big", column=0)
    tree = Thing("tree", "blue", "big", column=2)
    picture = render(Scene("night", "grass", (house, tree)))
    trip = RoundTrip("a red tree right of a house at noon", picture, "a red tree at noon")
    assert surviving_claims(trip) == [
        ("tree", True, True),
        ("red tree", False, True),
        ("house", True, False),
        ("tree right of house", True, False),
        ("day", False, True),
    ]


def test_no_claim_is_true_of_a_picture_that_cannot_be_parsed():
    trip = RoundTrip("a red house at noon", some_pictures(1)[0], "")
    assert [true for _, true, _ in surviving_claims(trip)] == [False] * 3


def test_a_sentence_without_claims_has_none_to_lose():
    assert repeated_claims("well well", "a red house") == []
    assert repeated_claims("a red house", "") == [("house", False), ("red house", False)]


# ── checkpoints that are missing or wrong ──────────────────────────────────────────────────────


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_missing_checkpoint_is_reported_with_its_command(tmp_path, save, name):
    for other in set(CHECKPOINTS) - {name}:
        save(tmp_path, other)
    with pytest.raises(FileNotFoundError, match=f"python -m cmlearn train {name}`$"):
        Pipeline.load(tmp_path)


def test_an_empty_folder_names_all_three(tmp_path):
    with pytest.raises(FileNotFoundError, match="vae and resnet18 and captioner"):
        Pipeline.load(tmp_path)


@pytest.mark.parametrize("short", [False, True], ids=["none", "short"])
@pytest.mark.parametrize("name", ["vae", "captioner"])
def test_a_vocabulary_that_does_not_fit_is_refused(tmp_path, save, words, name, short):
    for other in CHECKPOINTS:
        save(tmp_path, other)
    save(tmp_path, name, words.tokens[:-1] if short else None)
    with pytest.raises(CheckpointError, match=rf"{name}.json: a vocabulary of {len(words)} words"):
        Pipeline.load(tmp_path)
