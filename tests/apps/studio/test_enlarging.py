"""A drawing is drawn anew by the renderer, or resampled."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.apps.studio.enlarging import redraw, resample
from cmlearn.evaluation.scene_parser import parse_scenes
from tests.apps.studio.conftest import HOUSE, drawing_of, unreadable


def test_a_readable_picture_is_drawn_anew_with_the_same_scene():
    drawing = drawing_of("a red house", HOUSE)
    large = redraw(drawing, 256)
    assert large.shape == (256, 256, 3)
    assert parse_scenes(large[None])[0] == drawing.scene


def test_an_unreadable_picture_is_refused_with_a_way_out():
    with pytest.raises(ValueError, match="cannot read it. Resample"):
        redraw(unreadable("a red house"), 256)


@pytest.mark.parametrize("size", [63, 1025])
def test_the_size_is_bounded(size):
    with pytest.raises(ValueError, match="size"):
        redraw(drawing_of("a red house", HOUSE), size)


def test_resampling_keeps_the_picture():
    picture = drawing_of("a red house", HOUSE).picture
    large = resample(picture)
    assert large.shape == (128, 128, 3)
    small = large.reshape(64, 2, 64, 2, 3).mean((1, 3))
    assert np.abs(small - picture).mean() < 3
    with pytest.raises(ValueError, match="times"):
        resample(picture, 1)
