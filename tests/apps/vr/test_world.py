"""The compiled world: where things are, how large, what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.apps.vr.light import LIGHTS
from cmlearn.apps.vr.rasteriser import picture_camera, project
from cmlearn.apps.vr.world import (
    CAMERA_HEIGHT,
    compile_world,
    flying_depth,
    place,
    shadow_outline,
    standing_depth,
)
from cmlearn.data.storybook.renderer import WIDTH
from cmlearn.data.storybook.scene import KINDS, SIZES, Scene, Thing, sample_scene
from tests.apps.vr.scenes import NIGHT, SEA

EVERYWHERE = [
    Thing(kind, "red", size, column, dx, dy)
    for kind in KINDS
    for size in SIZES
    for column in range(3)
    for dx, dy in ((0, 0), (1, -1), (-1, 1))
]


@pytest.mark.parametrize("thing", EVERYWHERE, ids=str)
def test_a_thing_is_seen_in_the_picture_where_it_was_drawn(thing):
    position, width = place(thing)
    column, row, depth = project(position, picture_camera(), 64)
    assert (column, row) == pytest.approx((thing.x, thing.y))
    assert width * 64 / depth == pytest.approx(WIDTH[thing.size])


def test_what_stands_stands_on_the_ground_and_what_flies_flies_above_it():
    assert place(Thing("house", "red", "big", 0))[0][1] == 0
    assert place(Thing("kite", "red", "big", 0))[0][1] > CAMERA_HEIGHT


def test_a_lower_edge_is_nearer():
    assert standing_depth(58) < standing_depth(57) < standing_depth(56)
    assert standing_depth(37 + 64) == pytest.approx(CAMERA_HEIGHT)  # looking down at 45 degrees


def test_flying_things_of_one_scene_are_never_at_one_depth():
    depths = [flying_depth(Thing("star", "red", "big", column)) for column in range(3)]
    assert len(set(depths)) == 3


def test_a_world_has_its_things_by_name_and_its_scenery():
    world = compile_world(NIGHT)
    names = [part.name for part in world.parts]
    assert names[:3] == ["big red house", "small yellow tree", "big blue kite"]
    assert {"sky", "sun or moon", "clouds", "ground", "hills", "shadows"} < set(names)
    assert [part.thing for part in world.things] == list(NIGHT.things)
    assert world.light is LIGHTS["night"]
    assert "hills" not in {part.name for part in compile_world(SEA).parts}


def test_equal_things_get_different_names():
    twins = tuple(Thing("tree", "green", "big", column) for column in range(3))
    names = [part.name for part in compile_world(Scene("day", "grass", twins)).things]
    assert names == ["big green tree", "big green tree 2", "big green tree 3"]


def test_a_scene_without_things_is_an_empty_world():
    world = compile_world(Scene("day", "snow", ()))
    assert world.things == () and "shadows" not in {part.name for part in world.parts}


def test_the_same_scene_becomes_the_same_world():
    scene = sample_scene(np.random.default_rng(0))
    for one, two in zip(compile_world(scene).parts, compile_world(scene).parts, strict=True):
        assert np.array_equal(one.mesh.vertices, two.mesh.vertices)
        assert np.array_equal(one.mesh.colours, two.mesh.colours)


def test_a_shadow_falls_away_from_the_light_and_is_never_endless():
    pole = np.array([(0.0, 0, 0), (0.1, 0, 0.1), (0, 2.0, 0), (0.1, 2, 0.1)])
    outline = shadow_outline(pole, np.array([-0.6, 0.8, 0.0]))
    assert outline[:, 0].max() == pytest.approx(0.1 + 2 * 0.6 / 0.8)
    assert (outline[:, 1] == 0).all()
    low = shadow_outline(pole, np.array([-1.0, 0.001, 0.0]))
    assert low[:, 0].max() == pytest.approx(0.1 + 2 * 2.5, abs=0.01)
