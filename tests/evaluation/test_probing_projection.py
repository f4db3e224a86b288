"""Tests of cmlearn.evaluation.probing."""

import numpy as np
import pytest

from cmlearn.evaluation.probing import principal_components


def test_the_widest_direction_comes_first() -> None:
    rng = np.random.default_rng(0)
    spread = np.array([0.1, 5.0, 1.0])
    vectors = rng.normal(size=(300, 3)) * spread + 7
    points = principal_components(vectors)
    assert points.shape == (300, 2)
    assert abs(np.corrcoef(points[:, 0], vectors[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(points[:, 1], vectors[:, 2])[0, 1]) > 0.99
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-9)


def test_the_sign_is_settled() -> None:
    vectors = np.random.default_rng(1).normal(size=(9, 4))
    points = principal_components(vectors)
    assert (points.max(axis=0) == np.abs(points).max(axis=0)).all()


def test_too_few_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="no 2 principal axes"):
        principal_components(np.zeros((1, 5)))
