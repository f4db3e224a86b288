"""Sky and ground: the colours of the picture, closed around the world."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from cmlearn.apps.vr.light import face_normals
from cmlearn.apps.vr.scenery import (
    RADIUS,
    RELIEF,
    clouds,
    dome,
    ground,
    ground_rgb,
    hills,
    sun_or_moon,
    tufts_and_waves,
)
from cmlearn.data.storybook.renderer import SKY_RGB, render
from cmlearn.data.storybook.scene import GROUNDS, SKIES, Scene

ALL = [Scene(sky, ground, (), variant) for sky, ground, variant in product(SKIES, GROUNDS, (0, 1))]


@pytest.mark.parametrize("scene", ALL, ids=str)
def test_the_scenery_stays_inside_the_dome_and_above_the_waves(scene):
    for make in (sun_or_moon, clouds, tufts_and_waves):
        mesh = make(scene)
        assert np.linalg.norm(mesh.vertices, axis=1).max() < RADIUS
        assert mesh.vertices[:, 1].min() > -0.3


@pytest.mark.parametrize("sky", SKIES)
def test_the_sky_runs_from_the_picture_s_horizon_to_its_top(sky):
    mesh = dome(Scene(sky, "grass", ()))
    height = mesh.corners.mean(1)[:, 1]
    top, low = SKY_RGB[sky]
    faces = slice(0, 600)  # stars come after
    assert mesh.colours[faces][height[faces].argmax()].tolist() == list(top)
    assert mesh.colours[faces][height[faces].argmin()].tolist() == list(low)
    assert not mesh.lit.any()


def test_the_sky_shows_to_somebody_inside():
    mesh = dome(Scene("day", "grass", ()))
    inwards = (face_normals(mesh.corners) * mesh.corners.mean(1)).sum(1)
    assert (inwards < 0).all()


def test_only_the_night_has_stars():
    assert dome(Scene("night", "sea", ())).size > dome(Scene("day", "sea", ())).size
    assert dome(Scene("sunset", "sea", ())).size == dome(Scene("day", "sea", ())).size


@pytest.mark.parametrize("scene", ALL, ids=str)
def test_the_ground_has_the_picture_s_colour_and_is_nearly_flat(scene):
    mesh = ground(scene)
    assert mesh.colours[0].tolist() == list(ground_rgb(scene))
    counts = np.unique(render(scene)[40:].reshape(-1, 3), axis=0, return_counts=True)
    assert counts[0][counts[1].argmax()] == pytest.approx(ground_rgb(scene), abs=2)
    assert np.abs(mesh.vertices[:, 1]).max() <= RELIEF[scene.ground]
    assert (face_normals(mesh.corners)[:, 1] > 0.8).all()


def test_there_are_no_hills_at_sea():
    assert hills(Scene("day", "sea", ())).size == 0 < hills(Scene("day", "sand", ())).size


def test_the_variant_of_the_picture_moves_clouds_and_hills():
    one, two = (Scene("day", "snow", (), variant) for variant in (0, 1))
    for make in (clouds, hills, tufts_and_waves):
        assert not np.allclose(make(one).vertices, make(two).vertices)
