"""Normals, Lambert's law and linear colours."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.apps.vr.light import (
    LIGHTS,
    Light,
    balanced,
    face_normals,
    lambert,
    to_linear,
    to_srgb,
)
from cmlearn.data.storybook.scene import SKIES

UP = np.array([0.0, 1.0, 0.0])
LAMP = Light(UP, np.full(3, 0.8), np.full(3, 0.2))
WHITE = np.full((1, 3), 255, np.uint8)


def test_normals_stand_on_faces_and_have_length_one():
    corners = np.array([[(0, 0, 0), (0, 0, 5), (3, 0, 0)], [(1, 1, 1)] * 3], float)
    assert face_normals(corners).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_srgb_there_and_back():
    levels = np.arange(256).reshape(-1, 1).repeat(3, 1)
    assert (to_srgb(to_linear(levels)) == levels).all()
    assert to_linear(np.array([188]))[0] == pytest.approx(0.5, abs=0.01)


def test_the_light_falls_off_with_the_cosine():
    slanted = np.array([[np.sin(np.pi / 3), np.cos(np.pi / 3), 0]])  # 60 degrees
    assert to_linear(lambert(UP[None], WHITE, LAMP)) == pytest.approx(1.0)
    assert to_linear(lambert(slanted, WHITE, LAMP)) == pytest.approx(0.2 + 0.4, abs=0.005)
    assert to_linear(lambert(-UP[None], WHITE, LAMP)) == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize("sky", SKIES)
def test_level_ground_keeps_its_colour_in_balanced_light(sky):
    colour = np.array([[158, 200, 112]], np.uint8)
    assert (lambert(UP[None], colour, balanced(LIGHTS[sky])) == colour).all()


def test_the_night_is_darker_and_bluer_and_the_sunset_redder():
    front = np.array([[0.0, 0.0, 1.0]])
    grey = np.full((1, 3), 128, np.uint8)
    seen = {sky: lambert(front, grey, light)[0].astype(int) for sky, light in LIGHTS.items()}
    assert seen["night"].sum() < seen["day"].sum()
    assert seen["night"][2] > seen["night"][0]
    assert seen["sunset"][0] > seen["sunset"][2]
