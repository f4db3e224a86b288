"""Tests of cmlearn.evaluation.image_metrics."""

import numpy as np
import pytest

from cmlearn.evaluation.image_metrics import covered_modes

CENTRES = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])


def test_points_on_every_centre_cover_all():
    assert covered_modes(np.repeat(CENTRES, 5, axis=0), CENTRES, 0.1) == (4, 1.0)


def test_one_mode_and_points_that_are_nowhere():
    points = np.array([[0.0, 0.05], [0, -0.05], [5, 5], [5, 6]])
    assert covered_modes(points, CENTRES, 0.1) == (1, 0.5)


def test_a_stray_point_covers_nothing():
    points = np.concatenate([np.repeat(CENTRES[:1], 99, axis=0), CENTRES[1:2]])
    assert covered_modes(points, CENTRES, 0.1, least=0.2) == (1, 1.0)
    assert covered_modes(points, CENTRES, 0.1, least=0.04) == (2, 1.0)


def test_bad_shapes():
    with pytest.raises(ValueError, match="do not fit"):
        covered_modes(np.zeros((5, 3)), CENTRES, 0.1)
    with pytest.raises(ValueError, match="do not fit"):
        covered_modes(np.zeros((0, 2)), CENTRES, 0.1)
