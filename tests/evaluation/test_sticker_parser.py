"""Tests of cmlearn.evaluation.sticker_parser."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cmlearn.data.storybook.stickers import load_stickers
from cmlearn.evaluation.sticker_parser import (
    check_stickers,
    parse_stickers,
    score_stickers,
    sticker_variety,
)

COUNT = 200


@pytest.fixture(scope="module")
def val() -> tuple[np.ndarray, list[str]]:
    stickers = load_stickers("val")
    return stickers.images[:COUNT], [texts[0] for texts in stickers.captions[:COUNT]]


def test_the_ceiling_is_one(val) -> None:
    images, captions = val
    scores = score_stickers(images, captions)
    assert scores == {"kind": 1, "colour": 1, "size": 1, "all": 1, "unreadable": 0}


def test_the_parse_of_a_true_sticker_is_its_thing() -> None:
    stickers = load_stickers("val")
    for parse, thing in zip(parse_stickers(stickers.images[:50]), stickers.known_scenes):
        assert parse is not None
        assert (parse.thing.kind, parse.thing.colour, parse.thing.column) == (
            thing.kind, thing.colour, thing.column,
        )  # fmt: skip
        assert (parse.ground == "") is thing.flies


def test_the_floor_is_low(val) -> None:
    images, captions = val
    shuffled = np.random.default_rng(0).permutation(captions).tolist()
    assert score_stickers(images, shuffled)["all"] < 0.06


@pytest.mark.parametrize(
    ("wrong", "part"),
    [("a small red car", "kind"), ("a big blue house", "colour"), ("a small red house", "size")],
)
def test_one_false_word_is_noticed(wrong: str, part: str) -> None:
    train = load_stickers("train")
    at = next(n for n, texts in enumerate(train.captions) if texts[0] == "a big red house")
    house = train.images[at : at + 1]
    assert score_stickers(house, ["a big red house"])["all"] == 1
    scores = score_stickers(house, [wrong])
    assert (scores[part], scores["all"], scores["unreadable"]) == (0, 0, 0)


def test_noise_flat_and_empty_pictures_and_blends_cannot_be_read(val) -> None:
    images, _ = val
    rng = np.random.default_rng(0)
    assert parse_stickers(rng.integers(0, 256, (20, 32, 32, 3)).astype(np.uint8)) == [None] * 20
    assert parse_stickers(np.full((2, 32, 32, 3), 128, np.uint8)) == [None] * 2
    assert parse_stickers(images.mean(0).astype(np.uint8)[None]) == [None]
    blends = ((images.astype(int) + np.roll(images, 1, 0)) // 2).astype(np.uint8)
    assert np.mean([parse is None for parse in parse_stickers(blends)]) > 0.85


def test_a_little_blur_or_noise_does_no_harm(val) -> None:
    images, captions = val
    blurred = np.stack([cv2.GaussianBlur(image, (0, 0), 0.7) for image in images])
    assert score_stickers(blurred, captions)["all"] > 0.98
    noise = np.random.default_rng(0).normal(0, 15, images.shape)
    noisy = (images + noise).clip(0, 255).astype(np.uint8)
    assert score_stickers(noisy, captions)["all"] > 0.98


def test_variety_counts_different_right_backdrops(val) -> None:
    images, captions = val
    same = np.repeat(images[:3, None], 4, axis=1)
    assert sticker_variety(same, captions[:3]) == 1
    assert sticker_variety(same, ["a big blue house"] * 3) < 1
    again = [n for n, text in enumerate(captions) if text == captions[0]]
    if len(again) > 1:
        assert sticker_variety(images[again][None], captions[:1]) >= 1


def test_what_cannot_be_scored_is_refused(val) -> None:
    images, captions = val
    with pytest.raises(ValueError, match="32, 32, 3"):
        parse_stickers(images[:, :16])
    with pytest.raises(ValueError, match="uint8"):
        parse_stickers(images.astype(np.float32))
    with pytest.raises(ValueError, match="one for each"):
        score_stickers(images, captions[:-1])
    with pytest.raises(ValueError, match="one for each"):
        check_stickers([], [])
    with pytest.raises(ValueError, match="does not name one thing"):
        score_stickers(images[:1], ["a small red thing"])
