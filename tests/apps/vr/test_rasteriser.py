"""Projection, the z-buffer, and the order of things in the world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cmlearn.apps.vr.rasteriser import (
    Camera,
    order_errors,
    part_masks,
    picture_camera,
    project,
    rasterise,
    render_world,
)
from cmlearn.apps.vr.turntable import orbit
from cmlearn.apps.vr.world import Part, compile_world
from cmlearn.data.storybook import sample_second_scene
from cmlearn.data.storybook.renderer import GROUND_RGB, SKY_RGB
from tests.apps.vr.scenes import NIGHT, SEA

AHEAD = Camera(np.zeros(3), np.array([0.0, 0.0, -1.0]))
NEARER = [(2, 2, 4), (2, 14, 4), (14, 2, 4)]  # column, row, depth: counter-clockwise as seen
FARTHER = [(2, 2, 8), (2, 14, 8), (14, 14, 8)]


def test_projection_divides_by_the_depth():
    points = np.array([(0.0, 0, -2), (1, 0, -2), (0, 1, -4), (0, 0, 3)])
    assert project(points, AHEAD, 100)[:3].tolist() == [[50, 50, 2], [100, 50, 2], [50, 25, 4]]
    assert project(points, AHEAD, 100)[3, 2] == -3


def test_the_nearer_face_hides_the_farther_one_in_any_order():
    for order in ([0, 1], [1, 0]):
        face, depth = rasterise(np.array([NEARER, FARTHER], float)[order], 16)
        assert face[4, 4] == order.index(0) and depth[4, 4] == pytest.approx(4)
        assert face[12, 5] == order.index(1) and face[0, 0] == -1


def test_a_face_that_turns_its_back_or_is_behind_the_camera_is_left_out():
    back = np.array([NEARER[::-1]], float)
    behind = np.array([NEARER], float) * (1, 1, -1)
    for corners in (back, behind):
        assert (rasterise(corners, 16)[0] == -1).all()


def test_between_corners_the_inverse_depth_is_linear():
    slanted = np.array([[(0, 0, 2), (0, 16, 2), (16, 0, 6)]], float)
    _, depth = rasterise(slanted, 16)
    weight = 8.5 / 16  # of the far corner at column 8
    assert depth[0, 8] == pytest.approx(1 / ((1 - weight) / 2 + weight / 6), rel=1e-6)


def test_a_face_may_be_larger_than_the_picture():
    face, _ = rasterise(np.array([[(-90, -90, 3), (-90, 300, 3), (300, -90, 3)]], float), 16)
    assert (face == 0).all()


def test_a_world_from_the_picture_s_camera_has_its_sky_and_ground():
    world = compile_world(replace(SEA, sky="day"))
    picture = render_world(world, picture_camera(), 64).astype(int)
    assert np.abs(picture[62, 60] - GROUND_RGB["sea"]).max() < 25
    assert np.abs(picture[30, 60] - SKY_RGB["day"][1]).max() < 25


def test_the_pixels_of_the_house_are_red():
    world = compile_world(NIGHT)
    mask = part_masks(world, picture_camera(), 128)
    r, g, b = render_world(world, picture_camera(), 128)[mask == 0].astype(int).T
    assert (r > 2 * np.maximum(g, b)).mean() > 0.6


def test_no_hole_shows_from_any_side():
    world = compile_world(NIGHT)
    corners = np.concatenate([part.corners for part in world.parts])
    for turn in np.arange(0, 1, 0.125):
        assert (rasterise(project(corners, orbit(turn), 64), 64)[0] >= 0).all()


def test_every_relation_of_a_scene_holds_in_its_world():
    rng = np.random.default_rng(1)
    worlds = [compile_world(sample_second_scene(rng)) for _ in range(25)]
    assert sum(len(world.things) > 1 for world in worlds) > 10
    assert [order_errors(world, 64) for world in worlds] == [[]] * len(worlds)


def test_a_thing_on_the_wrong_side_is_found():
    world = compile_world(NIGHT)
    house, *rest = world.parts
    moved = Part(house.name, house.mesh, house.position + (9.0, 0, 0), house.thing)
    lost = order_errors(replace(world, parts=(moved, *rest)))
    assert "big red house left of small yellow tree" in lost
    assert "big blue kite above big red house" not in lost


def test_a_hidden_thing_loses_its_relations():
    world = compile_world(NIGHT)
    house, *rest = world.parts
    hidden = Part(house.name, house.mesh, house.position + (0, -50.0, 0), house.thing)
    assert len(order_errors(replace(world, parts=(hidden, *rest)))) >= 4
