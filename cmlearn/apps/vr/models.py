"""Low-poly models of the nine kinds of things, with the colours and outlines of the pictures.

As in the renderer, a model has width 1. y = 0 is the ground below a standing thing and the centre
of a flying one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cmlearn.apps.vr.mesh import (
    Mesh,
    Rgb,
    box,
    ellipsoid,
    frustum,
    join,
    outlined,
    slab,
    transformed,
    turned,
)
from cmlearn.data.storybook.renderer import INK, THING_RGB, WHITE

OUTLINE = 0.03  # width of the outlines
TRUNK: Rgb = (132, 90, 62)
STEM: Rgb = (70, 104, 60)


def model_of(kind: str, colour: str) -> Mesh:
    """Build the model of a thing.

    Args:
        kind: one of `KINDS`.
        colour: one of `COLOURS`.

    Raises:
        KeyError: there is no such kind or colour.
    """
    return MODELS[kind](THING_RGB[colour])


def dimmed(colour: Rgb, per_cent: int) -> Rgb:
    """Return a darker colour."""
    r, g, b = (c * per_cent // 100 for c in colour)
    return r, g, b


def _inked(mesh: Mesh, colour: Rgb) -> Mesh:
    """Outline a convex shape in the dark of its colour."""
    return outlined(mesh, OUTLINE, dimmed(colour, 45))


def _house(colour: Rgb) -> Mesh:
    roof = dimmed(colour, 70)
    half = 0.5 * math.sqrt(2)
    parts = [
        _inked(box((0.8, 0.68, 0.7), (0, 0.34, 0), colour), colour),
        _inked(frustum(half, 0, 0.5, (0, 0.66, 0), roof, sides=4), colour),
        box((0.12, 0.3, 0.12), (0.26, 0.98, -0.08), roof),
        box((0.22, 0.34, 0.02), (0, 0.17, 0.355), INK),
        box((0.04, 0.04, 0.03), (0.06, 0.17, 0.365), WHITE),
    ]
    for x in (-0.26, 0.26):
        parts += [box((0.16, 0.16, 0.02), (x, 0.5, z), WHITE, lit=False) for z in (-0.355, 0.355)]
    for x in (-0.405, 0.405):
        parts.append(box((0.02, 0.16, 0.18), (x, 0.5, 0), WHITE, lit=False))
    return join(parts)


def _tree(colour: Rgb) -> Mesh:
    crown = [(-0.22, 0.66, 0.08, 0.27), (0.22, 0.66, -0.04, 0.27), (0, 0.98, 0, 0.32)]
    crown += [(0.02, 0.68, -0.22, 0.26), (0, 0.7, 0.2, 0.24)]
    balls = [_inked(ellipsoid((r, r, r), (x, y, z), colour, 6, 9), colour) for x, y, z, r in crown]
    return join([_inked(frustum(0.12, 0.08, 0.6, (0, 0, 0), TRUNK, 7), TRUNK), *balls])


def _car(colour: Rgb) -> Mesh:
    cabin = [(-0.3, 0.36), (0.32, 0.36), (0.18, 0.62), (-0.2, 0.62)]
    parts = [
        _inked(box((1, 0.26, 0.5), (0, 0.25, 0), colour), colour),
        _inked(slab(cabin, 0.42, (0, 0, 0), colour), colour),
    ]
    for z in (-0.213, 0.213):
        left = [(-0.2, 0.38), (-0.03, 0.38), (-0.03, 0.55), (-0.14, 0.55)]
        right = [(0.04, 0.38), (0.22, 0.38), (0.14, 0.55), (0.04, 0.55)]
        parts += [slab(window, 0.02, (0, 0, z), WHITE) for window in (left, right)]
    for x in (-0.28, 0.28):
        for z in (-0.24, 0.24):
            parts += [_wheel(0.14, 0.12, x, z, INK), _wheel(0.05, 0.14, x, z, WHITE)]
    parts += [box((0.03, 0.08, 0.1), (x, 0.28, z), WHITE, lit=False)
              for x in (-0.5, 0.5) for z in (-0.16, 0.16)]  # fmt: skip
    return join(parts)


def _wheel(radius: float, width: float, x: float, z: float, colour: Rgb) -> Mesh:
    upright = frustum(radius, radius, width, (0, -width / 2, 0), colour, 10)
    return transformed(turned(upright, 0, math.pi / 2), (x, 0.14, z))


def _flower(colour: Rgb) -> Mesh:
    angles = [2 * math.pi * i / 5 for i in range(5)]
    petals = [
        _inked(
            ellipsoid(
                (0.2, 0.2, 0.09), (0.27 * math.sin(a), 0.72 + 0.27 * math.cos(a), 0), colour, 6, 9
            ),
            colour,
        )
        for a in angles
    ]
    leaf = turned(ellipsoid((0.2, 0.05, 0.09), (0.2, 0, 0), STEM, 5, 8), 2, 0.6)
    return join(
        [
            frustum(0.05, 0.04, 0.62, (0, 0, 0), STEM, 7),
            transformed(leaf, (0, 0.08, 0)),
            *petals,
            ellipsoid((0.16, 0.16, 0.13), (0, 0.72, 0), WHITE),
        ]
    )


def _ball(colour: Rgb) -> Mesh:
    sphere = ellipsoid((0.42, 0.42, 0.42), (0, 0.42, 0), colour, 9, 16)
    middle = abs(sphere.corners.mean(1)[:, 1] - 0.42) < 0.08
    sphere.colours[middle] = WHITE
    return _inked(sphere, colour)


def _boat(colour: Rgb) -> Mesh:
    hull = [(-0.32, 0), (0.32, 0), (0.5, 0.3), (-0.5, 0.3)]
    front = [(0.04, 0.38), (0.44, 0.38), (0.04, 1.1)]
    back = [(-0.06, 0.96), (-0.38, 0.4), (-0.06, 0.4)]
    return join(
        [
            _inked(_pointed(slab(hull, 0.4, (0, 0, 0), colour)), colour),
            frustum(0.035, 0.03, 1.12, (0, 0, 0), INK, 6),
            _inked(slab(front, 0.05, (0, 0, 0), WHITE), WHITE),
            _inked(slab(back, 0.05, (0, 0, 0), colour), colour),
        ]
    )


def _pointed(hull: Mesh) -> Mesh:
    """Narrow a hull towards bow, stern and keel."""
    x, y = hull.vertices[:, 0], hull.vertices[:, 1]
    hull.vertices[:, 2] *= (1 - (2 * abs(x)) ** 2 * 0.75) * (0.55 + 1.5 * y)
    return hull


def _kite(colour: Rgb) -> Mesh:
    diamond = [(0, 0.6), (-0.42, 0.12), (0, -0.44), (0.42, 0.12)]
    dark = dimmed(colour, 60)
    tail = [box((0.09, 0.05, 0.03), (0.06 * i, -0.5 - 0.1 * i, 0), colour) for i in (1, 2, 3)]
    return join(
        [
            _inked(_peaked(slab(diamond, 0.06, (0, 0, 0), colour), 0.1), colour),
            box((0.05, 1.04, 0.02), (0, 0.08, 0.09), dark),
            box((0.05, 1.04, 0.02), (0, 0.08, -0.09), dark),
            turned(box((0.03, 0.42, 0.03), (0, -0.63, 0), INK), 2, 0.5),
            *tail,
        ]
    )


def _peaked(mesh: Mesh, height: float) -> Mesh:
    """Raise the middle of both sides of a slab, where its faces meet."""
    middle = [len(mesh.vertices) // 2 - 1, len(mesh.vertices) - 1]
    mesh.vertices[middle, 2] += (height, -height)
    return mesh


def _star(colour: Rgb) -> Mesh:
    radii = (0.55, 0.25)
    points = [(-radii[i % 2] * math.sin(math.pi * i / 5), radii[i % 2] * math.cos(math.pi * i / 5))
              for i in range(10)]  # fmt: skip
    return _inked(_peaked(slab(points, 0.06, (0, 0, 0), colour), 0.14), colour)


def _balloon(colour: Rgb) -> Mesh:
    return join(
        [
            _inked(ellipsoid((0.36, 0.45, 0.36), (0, 0.14, 0), colour, 8, 14), colour),
            frustum(0.08, 0.02, 0.1, (0, -0.38, 0), dimmed(colour, 70), 8),
            frustum(0.015, 0.015, 0.36, (0, -0.7, 0), INK, 5),
            ellipsoid((0.08, 0.11, 0.04), (-0.15, 0.3, 0.29), WHITE, 5, 8),
        ]
    )


MODELS: dict[str, Callable[[Rgb], Mesh]] = {
    "house": _house,
    "tree": _tree,
    "car": _car,
    "flower": _flower,
    "ball": _ball,
    "boat": _boat,
    "kite": _kite,
    "star": _star,
    "balloon": _balloon,
}
