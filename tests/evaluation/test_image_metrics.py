"""Tests of cmlearn.evaluation.image_metrics."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from cmlearn.evaluation.image_metrics import course_frechet_distance


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
