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
from cmlearn.data.storybook.render import render
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.training.checkpoint import CheckpointError
from cmlearn.training.runtime import seeded_generator


def some_pictures(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)


# ── sentence → pictures ────────────────────────────────────────────────────────────────────────


def test_pictures_have_the_size_of_storybook(loop):
    pictures = loop.draw("a red house", 3, seeded_generator(0))
    assert pictures.shape == (3, 64, 64, 3)
    assert pictures.dtype == np.uint8


def test_the_generator_alone_decides(loop):
    first, again, other = (loop.draw("a red house", 2, seeded_generator(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[0] != first[1]).any()


def test_the_sentence_matters(loop):
    red, blue = (
        loop.draw(f"a {colour} house", 1, seeded_generator(0)) for colour in ("red", "blue")
    )
    assert (red != blue).any()


def test_unknown_words_are_left_out_and_reported(loop):
    assert loop.unknown_words("A red dragon at night!") == ["dragon"]
    with_dragon = loop.draw("a red dragon house", 1, seeded_generator(0))
    without = loop.draw("a red house", 1, seeded_generator(0))
    np.testing.assert_array_equal(with_dragon, without)


@pytest.mark.parametrize("caption", ["", "  ", "?!…"])
def test_an_empty_caption_is_refused(loop, caption):
    with pytest.raises(ValueError, match=r"no words.*knows these words: a, at, big"):
        loop.draw(caption, 1, seeded_generator(0))


def test_only_unknown_words_are_refused_with_the_known_ones(loop):
    with pytest.raises(ValueError, match=r"none of: seven, dragons;.*house.*tree"):
        loop.draw("seven dragons", 1, seeded_generator(0))


def test_ten_thousand_words_are_refused(loop):
    with pytest.raises(ValueError, match=f"10,000 words.*at most {MAX_WORDS}"):
        loop.draw("house " * 10_000, 1, seeded_generator(0))


def test_the_longest_caption_is_drawn(loop):
    assert len(loop.draw("house " * MAX_WORDS, 1, seeded_generator(0))) == 1


def test_storybook_has_no_longer_captions():
    from cmlearn.data.storybook.captions import caption_scene
    from cmlearn.data.storybook.scene import sample_scene
    from cmlearn.text.cleaning import tokenize

    rng = np.random.default_rng(0)
    told = [c for _ in range(200) for c in caption_scene(sample_scene(rng), rng)]
    assert max(len(tokenize(caption)) for caption in told) < MAX_WORDS


@pytest.mark.parametrize("caption", [None, 7, ["a red house"], b"a red house"])
def test_what_is_no_string_is_refused(loop, caption):
    with pytest.raises(TypeError, match="caption"):
        loop.draw(caption, 1, seeded_generator(0))


@pytest.mark.parametrize("count", [0, -1, MAX_COUNT + 1])
def test_a_wrong_count_is_refused(loop, count):
    with pytest.raises(ValueError, match="count"):
        loop.draw("a house", count, seeded_generator(0))


def test_half_a_picture_is_refused(loop):
    with pytest.raises(TypeError):
        loop.draw("a house", 1.5, seeded_generator(0))


# ── pictures → sentences ───────────────────────────────────────────────────────────────────────


def test_each_picture_gets_its_sentence(loop, words):
    pictures = some_pictures(101)  # more than one batch
    said = loop.describe(pictures)
    assert len(said) == 101
    assert all(word in words for text in said for word in text.split())
    assert loop.describe(pictures[100:]) == said[100:]


def test_no_pictures_no_sentences(loop):
    assert loop.describe(some_pictures(1)[:0]) == []


def test_read_only_pictures_are_taken_without_a_warning(loop, recwarn):
    pictures = some_pictures(1)
    pictures.flags.writeable = False
    loop.describe(pictures)
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
def test_other_pictures_are_refused(loop, pictures):
    with pytest.raises(ValueError, match=r"pictures: \(N, 64, 64, 3\) uint8 RGB expected, got"):
        loop.describe(pictures)


def test_one_picture_without_its_batch_is_refused(loop):
    with pytest.raises(ValueError, match=r"picture\[None\]"):
        loop.describe(some_pictures(1)[0])


# ── and round ──────────────────────────────────────────────────────────────────────────────────


def test_the_round_trip_is_both_in_turn(loop):
    trip = loop.round_trip("a red house", seeded_generator(3))
    pictures = loop.draw("a red house", 1, seeded_generator(3))
    assert trip.caption == "a red house"
    np.testing.assert_array_equal(trip.picture, pictures[0])
    assert trip.said == loop.describe(pictures)[0]


def test_claims_that_come_back():
    told = repeated_claims("a big red house left of a tree at night", "a tree right of a red house")
    assert told == [
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


def test_of_a_picture_that_cannot_be_read_nothing_is_true():
    trip = RoundTrip("a red house at noon", some_pictures(1)[0], "")
    assert [shown for _, shown, _ in surviving_claims(trip)] == [False] * 3


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
