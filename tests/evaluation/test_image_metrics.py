"""Tests of cmlearn.evaluation.image_metrics."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.evaluation.image_metrics import course_frechet_distance, nearest_training_distance


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def clouds(rng: np.random.Generator, count: int = 200, other: int = 150) -> list[np.ndarray]:
    mixing = rng.normal(size=(6, 6))
    return [rng.normal(size=(count, 6)) @ mixing, rng.normal(1, 2, size=(other, 6))]


def by_matrix_root(one: np.ndarray, two: np.ndarray) -> float:
    """Equation 6 of Heusel et al. as it is written."""
    first, second = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    root = sqrtm(first @ second).real
    apart = ((one.mean(0) - two.mean(0)) ** 2).sum()
    return apart + np.trace(first + second - 2 * root)


def test_the_equation_as_it_is_written(rng) -> None:
    one, two = clouds(rng)
    assert course_frechet_distance(one, two) == pytest.approx(by_matrix_root(one, two))


def test_by_hand() -> None:
    # Means 0 and 3; variances 2 and 8, whose roots differ by √2: 9 + 2.
    one, two = np.array([[-1.0], [1.0]]), np.array([[1.0], [5.0]])
    assert course_frechet_distance(one, two) == pytest.approx(9 + 2)


def test_a_shift_is_its_length_squared(rng) -> None:
    one, _ = clouds(rng)
    assert course_frechet_distance(one + 2, one) == pytest.approx(6 * 2**2)


def test_equal_clouds_are_at_no_distance_and_both_ways_are_one(rng) -> None:
    one, two = clouds(rng)
    assert course_frechet_distance(one, one[::-1]) == pytest.approx(0, abs=1e-9)
    assert course_frechet_distance(one, two) == pytest.approx(course_frechet_distance(two, one))


def test_turning_both_clouds_changes_nothing(rng) -> None:
    one, two = clouds(rng)
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    turned = course_frechet_distance(one @ turn, two @ turn)
    assert turned == pytest.approx(course_frechet_distance(one, two))


def test_fewer_pictures_than_features(rng) -> None:
    one, two = rng.normal(size=(2, 5, 40))
    distance = course_frechet_distance(one, two)
    assert np.isfinite(distance)
    assert distance > course_frechet_distance(*rng.normal(size=(2, 4000, 40)))


def test_half_precision_is_not_summed_in_half_precision(rng) -> None:
    one, two = (100 * cloud for cloud in clouds(rng))
    half = course_frechet_distance(one.astype(np.float16), two.astype(np.float16))
    assert half == pytest.approx(course_frechet_distance(one, two), rel=1e-2)


def test_wrong_input_is_refused(rng) -> None:
    one, _ = clouds(rng)
    with pytest.raises(ValueError, match="features must be .N, D. with N ≥ 2"):
        course_frechet_distance(one[:1], one)
    with pytest.raises(ValueError, match="of one network, got 6 and 5"):
        course_frechet_distance(one, one[:, :5])
    with pytest.raises(ValueError, match="true_features must be finite"):
        course_frechet_distance(one, np.full((9, 6), np.nan))


# ── Distance to the nearest training picture ─────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def some() -> CaptionedPictures:
    data, rows = load_storybook("val"), slice(0, 40)
    return CaptionedPictures(
        data.name, data.images[rows], data.captions[rows], data.image_ids[rows], data.scenes[rows]
    )


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
