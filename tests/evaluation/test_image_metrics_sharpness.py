"""Tests of cmlearn.evaluation.image_metrics."""

import numpy as np
import pytest

from cmlearn.data.images import blur
from cmlearn.evaluation.image_metrics import edge_energy


def test_one_edge_by_hand():
    picture = np.zeros((1, 2, 3, 3), np.uint8)
    picture[:, :, 2] = 10  # in each of 2 rows a step of 10 in one of 2 places; none down
    assert edge_energy(picture).tolist() == [50.0]


def test_a_flat_picture_has_none_and_bright_does_not_wrap_round():
    pictures = np.stack([np.full((4, 5, 3), 7, np.uint8), np.full((4, 5, 3), 7, np.uint8)])
    pictures[1, 0, 0] = 255
    flat, spot = edge_energy(pictures)
    assert flat == 0
    assert spot == pytest.approx(248**2 * (1 / 16 + 1 / 15))


def test_the_more_blur_the_less_sharp():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    sharp, soft, softer = (edge_energy(p) for p in (pictures, blur(pictures, 2), blur(pictures, 4)))
    assert (sharp > soft).all()
    assert (soft > softer).all()


def test_one_picture_without_its_batch():
    with pytest.raises(ValueError, match=r"\(N, H, W, 3\)"):
        edge_energy(np.zeros((4, 5, 3), np.uint8))
