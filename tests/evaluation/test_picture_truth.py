"""Rates of truth of pictures, and what is measured of their judges."""

import math

import numpy as np
import pytest

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.claims import CLAIM_KINDS
from cmlearn.data.render import render
from cmlearn.data.scene import Scene, Thing
from cmlearn.data.storybook import load_storybook
from cmlearn.evaluation.picture_truth import (
    add_noise,
    blur,
    calibrate,
    nearest_training_distance,
    score_pictures,
    score_readings,
    tells_true,
    variety,
)
from cmlearn.evaluation.scene_reader import read_scenes

HOUSE = Thing("house", "red", "big", 0)
SCENE = Scene("day", "grass", (HOUSE, Thing("kite", "blue", "small", 2)))


@pytest.fixture(scope="module")
def some() -> CaptionedPictures:
    data, rows = load_storybook("val"), slice(0, 40)
    return CaptionedPictures(
        data.name, data.images[rows], data.captions[rows], data.image_ids[rows], data.scenes[rows]
    )


def test_rates_of_readings():
    rates = score_readings(
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
    day_on_grass = score_readings([None], ["at noon, a red house on the grass"])
    assert day_on_grass["sky"] == day_on_grass["ground"] == day_on_grass["all_true"] == 0


def test_pictures_go_through_the_judge(some):
    captions = [told[0] for told in some.captions]
    rates = score_pictures(some.images, captions, read_scenes)
    assert all(rate == 1 or math.isnan(rate) for k, rate in rates.items() if k != "unreadable")
    assert rates["unreadable"] == 0
    assert score_pictures(some.images, captions, lambda p: [None] * len(p))["unreadable"] == 1


@pytest.mark.parametrize("captions", [[], ["a red house"] * 2])
def test_one_caption_for_each_picture(captions):
    with pytest.raises(ValueError, match="one for each picture"):
        score_pictures(np.zeros((1, 64, 64, 3), np.uint8), captions, read_scenes)


def test_tells_true():
    said = ["a red house", "a red car", "a red house"]
    assert tells_true([SCENE, SCENE, None], said).tolist() == [True, False, False]


def test_variety_counts_different_true_scenes():
    drawn = [Scene(sky, "grass", (HOUSE,)) for sky in ("day", "night", "sunset")]
    wrong = Scene("day", "grass", (Thing("car", "red", "big", 0),))
    clouds = Scene("day", "grass", (HOUSE,), variant=1)
    pictures = np.stack([render(s) for s in (*drawn, wrong, clouds)])[None]
    assert variety(pictures, ["a red house"], read_scenes) == 3
    assert variety(pictures, ["a red house at night"], read_scenes) == 1
    assert variety(pictures, ["a blue house"], read_scenes) == 0
    assert variety(np.repeat(pictures, 2, 0), ["a red house", "a car"], read_scenes) == 2


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


def test_calibration_of_the_deterministic_judge(some):
    rates = calibrate(read_scenes, some)
    assert rates["exact"] == rates["ceiling"] == rates["specificity"] == 1
    assert rates["unreadable"] == 0
    assert rates["floor"] < 0.1
    assert all(rates[name] >= 0.97 for name in ("blur_0.5", "blur_1", "noise_10", "noise_20"))
    assert rates == calibrate(read_scenes, some)


def test_calibration_of_a_judge_that_sees_nothing(some):
    rates = calibrate(lambda pictures: [None] * len(pictures), some)
    assert rates["exact"] == rates["ceiling"] == rates["floor"] == 0
    assert rates["unreadable"] == rates["specificity"] == 1


def test_calibration_needs_scenes(some):
    photographs = CaptionedPictures("photos", some.images, some.captions, some.image_ids)
    with pytest.raises(ValueError, match="photos has no scenes"):
        calibrate(read_scenes, photographs)


def test_blur_is_measured_in_64ths():
    edge = np.zeros((1, 128, 128, 3), np.uint8)
    edge[:, :, 64:] = 255
    large, small = blur(edge, 2)[0, 0, ::2, 0], blur(edge[:, ::2, ::2], 2)[0, 0, :, 0]
    assert np.abs(large.astype(int) - small).max() < 30
    assert 0 < small[30] < 128


def test_noise_has_the_spread_asked_for():
    grey = np.full((4, 64, 64, 3), 128, np.uint8)
    noisy = add_noise(grey, 10, np.random.default_rng(0))
    assert noisy.dtype == np.uint8
    assert abs(noisy.std() - 10) < 0.2
    assert abs(noisy.mean() - 128) < 0.2
