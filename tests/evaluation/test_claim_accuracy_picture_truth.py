"""Rates of truth of pictures, and what is measured of their judges."""

import math

import numpy as np
import pytest

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.images import blur
from cmlearn.data.storybook.claims import CLAIM_KINDS
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.edits import edit_one_word
from cmlearn.data.storybook.render import render
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.evaluation.claim_accuracy import (
    captions_hold,
    score_pictures,
    score_scenes,
    variety,
)
from cmlearn.evaluation.image_metrics import nearest_training_distance
from cmlearn.evaluation.scene_parser import parse_scenes

HOUSE = Thing("house", "red", "big", 0)
SCENE = Scene("day", "grass", (HOUSE, Thing("kite", "blue", "small", 2)))


@pytest.fixture(scope="module")
def some() -> CaptionedPictures:
    data, rows = load_storybook("val"), slice(0, 40)
    return CaptionedPictures(
        data.name, data.images[rows], data.captions[rows], data.image_ids[rows], data.scenes[rows]
    )


def test_rates_of_readings():
    rates = score_scenes(
        [SCENE, SCENE, None, None],
        ["a red house at noon", "a blue house", "a red house", "a red car left of a house at dusk"],
    )
    assert rates["all_true"] == 0.25
    assert rates["unreadable"] == 0.5
    assert rates["thing"] == 2 / 5  # of what cannot be read nothing is true
    assert rates["colour"] == 1 / 2  # and its colours are not counted
    assert rates["sky"] == 1 / 2
    assert math.isnan(rates["relation"])
    assert set(rates) == {"all_true", "unreadable", *CLAIM_KINDS}


def test_unreadable_is_wrong_even_where_a_guess_would_be_right():
    day_on_grass = score_scenes([None], ["at noon, a red house on the grass"])
    assert day_on_grass["sky"] == day_on_grass["ground"] == day_on_grass["all_true"] == 0


def test_pictures_go_through_the_judge(some):
    captions = [told[0] for told in some.captions]
    rates = score_pictures(some.images, captions, parse_scenes)
    assert all(rate == 1 or math.isnan(rate) for k, rate in rates.items() if k != "unreadable")
    assert rates["unreadable"] == 0
    assert score_pictures(some.images, captions, lambda p: [None] * len(p))["unreadable"] == 1


@pytest.mark.parametrize("captions", [[], ["a red house"] * 2])
def test_one_caption_for_each_picture(captions):
    with pytest.raises(ValueError, match="one for each picture"):
        score_pictures(np.zeros((1, 64, 64, 3), np.uint8), captions, parse_scenes)


def test_tells_true():
    said = ["a red house", "a red car", "a red house"]
    assert captions_hold([SCENE, SCENE, None], said).tolist() == [True, False, False]


def test_variety_counts_different_true_scenes():
    drawn = [Scene(sky, "grass", (HOUSE,)) for sky in ("day", "night", "sunset")]
    wrong = Scene("day", "grass", (Thing("car", "red", "big", 0),))
    clouds = Scene("day", "grass", (HOUSE,), variant=1)
    pictures = np.stack([render(s) for s in (*drawn, wrong, clouds)])[None]
    assert variety(pictures, ["a red house"], parse_scenes) == 3
    assert variety(pictures, ["a red house at night"], parse_scenes) == 1
    assert variety(pictures, ["a blue house"], parse_scenes) == 0
    assert variety(np.repeat(pictures, 2, 0), ["a red house", "a car"], parse_scenes) == 2


def test_distance_to_the_nearest_training_picture(some):
    training = np.asarray(some.images)
    distance, rows = nearest_training_distance(training[[7, 3]], training)
    assert distance.tolist() == [0, 0]
    assert rows.tolist() == [7, 3]
    shifted = (training[5].astype(int) + 3).clip(0, 255).astype(np.uint8)
    distance, rows = nearest_training_distance(shifted[None], training)
    assert rows.tolist() == [5]
    assert 2 < distance[0] <= 3


def test_distance_agrees_with_the_plain_formula():
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 256, (n, 8, 8, 3), dtype=np.uint8) for n in (5, 1200))
    squared = ((a[:, None].astype(float) - b[None]) ** 2).mean((2, 3, 4))
    distance, rows = nearest_training_distance(a, b)
    assert np.array_equal(rows, squared.argmin(1))
    assert np.allclose(distance, np.sqrt(squared.min(1)), rtol=1e-5)


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (4, 16, 16, 3)])
def test_training_pictures_must_fit(shape):
    with pytest.raises(ValueError, match="does not fit"):
        nearest_training_distance(np.zeros((1, 8, 8, 3), np.uint8), np.zeros(shape, np.uint8))


def rate(scenes, captions) -> float:
    """Share of all captions that hold of their scenes."""
    repeated = [scene for scene, texts in zip(scenes, captions) for _ in texts]
    return captions_hold(repeated, [text for texts in captions for text in texts]).mean()


def test_ceiling_floor_and_specificity_of_the_scene_parser(some):
    scenes, rng = parse_scenes(some.images), np.random.default_rng(0)
    assert rate(scenes, some.captions) == 1
    assert rate(scenes, [*some.captions[1:], some.captions[0]]) < 0.1
    edited = [[edit_one_word(text, rng) for text in texts] for texts in some.captions]
    assert rate(scenes, edited) == 0


def test_blur_is_measured_in_64ths():
    edge = np.zeros((1, 128, 128, 3), np.uint8)
    edge[:, :, 64:] = 255
    large, small = blur(edge, 2)[0, 0, ::2, 0], blur(edge[:, ::2, ::2], 2)[0, 0, :, 0]
    assert np.abs(large.astype(int) - small).max() < 30
    assert 0 < small[30] < 128
