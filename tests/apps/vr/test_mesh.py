"""Shapes: closed, turned outwards, as large as asked."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.apps.vr.mesh import (
    Mesh,
    box,
    ellipsoid,
    fan,
    frustum,
    inside_out,
    join,
    outlined,
    slab,
    transformed,
    turned,
)

RED = (216, 46, 50)
SQUARE = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
SHAPES = {
    "box": (box((2, 3, 4), (1, 1, 1), RED), 24.0),
    "cylinder": (frustum(1, 1, 2, (0, 0, 0), RED, 64), 2 * np.pi),
    "pyramid": (frustum(np.sqrt(2), 0, 3, (0, 0, 0), RED, 4), 4.0),
    "ellipsoid": (ellipsoid((1, 2, 3), (0, 0, 0), RED, 40, 60), 8 * np.pi),
    "slab": (slab(SQUARE, 0.5, (0, 0, 2), RED), 2.0),
}


def volume(mesh: Mesh) -> float:
    """By the divergence theorem: positive only if all faces turn outwards."""
    a, b, c = mesh.corners.transpose(1, 0, 2)
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_its_volume_and_turns_outwards(name):
    mesh, wanted = SHAPES[name]
    assert volume(mesh) == pytest.approx(wanted, rel=0.01)
    assert (mesh.colours == RED).all() and mesh.lit.all()


@pytest.mark.parametrize("name", SHAPES)
def test_every_edge_has_a_face_on_both_sides(name):
    faces = SHAPES[name][0].faces
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forward = {(int(a), int(b)) for a, b in edges}
    assert all((b, a) in forward for a, b in forward)


def test_a_pyramid_faces_along_the_axes():
    x, _, z = frustum(np.sqrt(2), 0, 1, (0, 0, 0), RED, 4).vertices.T
    assert np.abs(x).max() == pytest.approx(1) and np.abs(z).max() == pytest.approx(1)


def test_moving_and_turning():
    mesh = box((1, 1, 1), (2, 0, 0), RED)
    assert transformed(mesh, (0, 5, 0), 2).vertices.mean(0) == pytest.approx([4, 5, 0])
    assert turned(mesh, 1, np.pi / 2).vertices.mean(0) == pytest.approx([0, 0, -2])
    assert turned(mesh, 2, np.pi / 2).vertices.mean(0) == pytest.approx([0, 2, 0])
    assert volume(turned(mesh, 0, 0.3)) == pytest.approx(1)
    assert volume(inside_out(mesh)) == pytest.approx(-1)


def test_joined_meshes_keep_their_faces():
    both = join([box((1, 1, 1), (0, 0, 0), RED), box((1, 1, 2), (5, 0, 0), (1, 2, 3), lit=False)])
    assert both.size == 24 and volume(both) == pytest.approx(3)
    assert both.colours[-1].tolist() == [1, 2, 3]
    assert both.lit.sum() == 12
    assert join([]).size == 0


def test_an_outline_is_larger_dark_and_turned_inwards():
    mesh = outlined(box((1, 1, 1), (3, 0, 0), RED), 0.1, (9, 9, 9))
    hull = Mesh(mesh.vertices, mesh.faces[12:], mesh.colours[12:], mesh.lit[12:])
    assert volume(hull) == pytest.approx(-(1.2**3))
    assert (hull.colours == 9).all() and not hull.lit.any()


def test_a_fan_shows_on_the_side_from_which_it_is_counter_clockwise():
    a, b, c = fan(np.array([(0, 0, 0), (0, 0, 1), (1, 0, 1.0), (1, 0, 0)]), RED).corners[0]
    assert np.cross(b - a, c - a)[1] > 0
