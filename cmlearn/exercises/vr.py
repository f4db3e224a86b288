"""Checks of the exercises on scenes in three dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from cmlearn.exercises.checking import Check, call, expect, expect_number, expect_shape


def check_depth(answer: Any) -> None:
    """`depth(y, horizon, focal, height)` returns how far away the ground is in row y."""
    found = call(answer, 57, 37, 64, 4.0)
    twice = call(answer, 57, 37, 64, 8.0)
    expect_number(call(answer, 47, 37, 64, 4.0) / found, 2, "Half as far below the horizon should "
                  "be twice as far away. Is y - horizon in the denominator?")  # fmt: skip
    expect_number(twice / found, 2, "A camera twice as high sees everything twice as far away.")
    expect_number(found, 12.8, "The proportions are right, but not the number. Put the four "
                  "quantities into the similar triangles once more.")  # fmt: skip


def check_normals(answer: Any) -> None:
    """`normals(corners)` returns unit vectors, (F, 3), for corners (F, 3, 3)."""
    corners = np.array(
        [[(0, 0, 0), (0, 0, 5), (3, 0, 0)], [(1, 1, 1), (3, 1, 1), (1, 4, 1)]], float
    )
    found = np.asarray(call(answer, corners))
    expect_shape(found, (2, 3), "(faces, 3)")
    length = np.linalg.norm(found, axis=1)
    expect(not np.allclose(length, 0), "All your normals are zero.")
    expect(np.allclose(length, 1), "A normal has length 1. Yours have other lengths.")
    wanted = np.array([(0, 1, 0), (0, 0, 1)])
    expect(
        not np.allclose(found, -wanted),
        "Your normals point inwards. Which edge comes first in the cross product?",
    )
    expect(np.allclose(found, wanted), "Your vectors are not perpendicular to the faces.")


def check_brightness(answer: Any) -> None:
    """`brightness(normal, towards, lamp, ambient)` returns one number by Lambert's law."""
    up, lamp = np.array([0.0, 1.0, 0.0]), np.array([0.6, 0.8, 0.0])
    bright = call(answer, up, lamp, 0.5, 0.25)
    dark = call(answer, -up, lamp, 0.5, 0.25)
    expect_number(dark, 0.25, "A face turned away from the lamp gets the ambient light, not less "
                  "and not more. What is the dot product there?")  # fmt: skip
    expect_number(call(answer, up, up, 0.5, 0.0), 0.5, "Without ambient light, a face turned "
                  "straight to the lamp has the lamp's strength.")  # fmt: skip
    expect_number(bright, 0.65, "A slanted face is not as bright as it should be: ambient light "
                  "and the lamp add up, and the lamp counts by the cosine.")  # fmt: skip


def check_project(answer: Any) -> None:
    """`to_picture(x, y, z, focal, centre)` returns the column and row of a point."""
    far = np.asarray(call(answer, 2.0, 1.0, -8.0, 64.0, (32.0, 37.0)), float)
    expect_shape(far, (2,), "(column, row)")
    near = np.asarray(call(answer, 2.0, 1.0, -4.0, 64.0, (32.0, 37.0)), float)
    from_centre = far - (32, 37)
    expect(
        np.allclose(near - (32, 37), 2 * from_centre),
        "A point at half the distance should be twice as far from the centre of the picture.",
    )
    expect(from_centre[0] > 0, "A point to the right (x > 0) should lie right of the centre. Note "
           "that z is negative in front of the camera.")  # fmt: skip
    expect(from_centre[1] < 0, "A point above the camera (y > 0) should lie above the centre, and "
           "rows count down.")  # fmt: skip
    expect(np.allclose(far, (48, 29)), "The directions are right, but not the distances.")


def check_nearest(answer: Any) -> None:
    """`nearest(depths)` returns the index of the nearest face at each pixel, -1 without one."""
    none = np.inf
    depths = np.array([[[5, none, 2], [none, 3, 7]], [[4, none, 6], [none, 8, 7.5]]])
    found = np.asarray(call(answer, depths))
    expect_shape(found, (2, 3), "(rows, columns)")
    expect(found[0, 0] != 0, "At the first pixel face 1 is nearer, and yours shows face 0.")
    expect(found[0, 1] == -1, "Where no face covers a pixel, the index is -1.")
    wanted = [[1, -1, 0], [-1, 0, 0]]
    expect(np.array_equal(found, wanted), "At some pixels, a farther face covers a nearer one.")


CHECKS: dict[str, Check] = {
    "vr.depth": check_depth,
    "vr.normals": check_normals,
    "vr.brightness": check_brightness,
    "vr.project": check_project,
    "vr.nearest": check_nearest,
}
