"""Sky, ground and scenery of a world: what its caption names, and details that none mentions.

All meshes are relative to the middle of the ground, in metres.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cmlearn.apps.vr.mesh import Mesh, Rgb, ellipsoid, fan, frustum, inside_out, join, transformed
from cmlearn.apps.vr.models import dimmed
from cmlearn.data.storybook.renderer import (
    CLOUD_RGB,
    GROUND_LIGHT,
    GROUND_RGB,
    SKY_RGB,
    STARLIGHT,
    WHITE,
)
from cmlearn.data.storybook.scene import Scene

RADIUS = 26.0  # metres from the middle of the world to the dome of the sky
MIDDLE = (0.0, 0.0, -13.0)  # of the world, in front of the camera; about where things stand
BANDS = 12  # of the sky, from the horizon up, as in the pictures
SUN: Rgb = (255, 244, 190)
LOW_SUN: Rgb = (255, 226, 150)
MOON: Rgb = (240, 238, 220)
RELIEF = {"grass": 0.03, "sand": 0.04, "snow": 0.05, "sea": 0.13}  # metres above and below 0
PIECES = 60  # tufts, pebbles, mounds or waves
GOLDEN = 2.39996  # radians; turning by the golden angle fills a disc without a visible pattern


def dome(scene: Scene) -> Mesh:
    """Build the sky: bands of colour on the inside of a half sphere, stars at night."""
    low, top = (np.array(c) for c in reversed(SKY_RGB[scene.sky]))
    sphere = ellipsoid((RADIUS,) * 3, (0, 0, 0), WHITE, rings=2 * BANDS, segments=24)
    height = sphere.corners[..., 1].max(1) / RADIUS  # of each face's upper edge, -1 to 1
    upper = height > -0.1  # a little below the ground, so that no gap shows at the rim
    band = np.clip((height[upper] * BANDS - 0.5).astype(int), 0, BANDS - 1)
    colours = (low * (BANDS - 1 - band[:, None]) + top * band[:, None]) // (BANDS - 1)
    dark = np.zeros(upper.sum(), bool)
    sky = inside_out(Mesh(sphere.vertices, sphere.faces[upper], colours.astype(np.uint8), dark))
    return join([sky, *(_stars() if scene.sky == "night" else ())])


def _stars() -> list[Mesh]:
    """Spread 90 stars over the dome by the golden angle, which repeats in no direction."""
    stars = []
    for i in range(90):
        height = 0.12 + 0.85 * ((i * 37) % 90) / 90
        stars.append(_disc_on_dome(i * GOLDEN, height, 0.07 + 0.05 * (i % 3), STARLIGHT, sides=4))
    return stars


def _disc_on_dome(angle: float, height: float, radius: float, colour: Rgb, sides: int) -> Mesh:
    """Make a disc just inside the dome, turned towards the middle of the world.

    Args:
        angle: around the middle; 0 is away from the camera of the picture.
        height: of its centre, 0 to 1 of the dome's radius.
        radius: in metres.
        colour: sRGB.
        sides: of the disc.
    """
    flat = math.sqrt(1 - height**2)
    outward = np.array([math.sin(angle) * flat, height, -math.cos(angle) * flat])
    right = np.cross(outward, (0, 1, 0)) / flat
    up = np.cross(right, outward)
    turns = np.arange(sides) * 2 * np.pi / sides
    circle = np.cos(turns)[:, None] * right + np.sin(turns)[:, None] * up
    # Larger discs lie deeper inside, so that a sun covers its halo and clouds cover the sun.
    inside = math.sqrt(max(RADIUS**2 - (radius + 1.5) ** 2, 0)) * 0.96
    return fan(outward * inside + circle * radius, colour, lit=False)


def sun_or_moon(scene: Scene) -> Mesh:
    """Make a sun or a moon, below the slots of flying things and right of the middle."""
    if scene.sky == "night":
        craters = [(0.43, 0.395, 0.3), (0.50, 0.34, 0.22), (0.42, 0.33, 0.18)]
        dark = [_nearer(_disc_on_dome(a, h, r, (206, 204, 190), 8), 0.97) for a, h, r in craters]
        return join([_disc_on_dome(0.45, 0.36, 1.5, MOON, 20), *dark])
    low = scene.sky == "sunset"
    angle, height = (0.42, 0.13) if low else (0.5, 0.38)
    glow: Rgb = (253, 204, 140) if low else (214, 234, 240)
    halo = _disc_on_dome(angle, height, 3.4 if low else 2.4, glow, 24)
    return join([halo, _nearer(_disc_on_dome(angle, height, 2.2 if low else 1.6,
                                            LOW_SUN if low else SUN, 24), 0.97)])  # fmt: skip


def _nearer(mesh: Mesh, share: float) -> Mesh:
    return transformed(mesh, scale=share)


def clouds(scene: Scene) -> Mesh:
    """Build the clouds of the scene's variant, of three puffs each."""
    turn = (0.0, 0.55)[scene.variant]  # neither covers the sun or the moon
    puffs = []
    for i, (angle, height) in enumerate([(-0.5, 9.5), (0.75, 11), (2.2, 9), (3.6, 12), (5.0, 10)]):
        x, z = 20 * math.sin(angle + turn), -20 * math.cos(angle + turn)
        for side, size in ((-1.5, 0.7), (1.5, 0.8), (0, 1.1)):
            across = (math.cos(angle + turn) * side, math.sin(angle + turn) * side)
            centre = (x + across[0] * 1.2, height + 0.3 * (side == 0), z + across[1] * 1.2)
            radii = (1.9 * size, 0.8 * size + 0.1 * (i % 2), 1.9 * size)
            puffs.append(ellipsoid(radii, centre, CLOUD_RGB[scene.sky], 5, 10))
    return _unlit(join(puffs))


def ground_rgb(scene: Scene, per_cent: int = 100) -> Rgb:
    """Return the colour of the ground as the picture shows it, at a share of its brightness."""
    r, g, b = GROUND_RGB[scene.ground]
    return dimmed((r, g, b), GROUND_LIGHT[scene.sky] * per_cent // 100)


def ground(scene: Scene) -> Mesh:
    """Build the ground: a disc of small facets, which are steeper on the sea."""
    rings, segments = 13, 40
    radius = np.repeat(np.arange(1, rings + 1) * RADIUS / rings, segments)
    angle = np.tile(np.arange(segments) * 2 * np.pi / segments, rings)
    angle += np.repeat(np.arange(1, rings + 1) % 2, segments) * np.pi / segments
    x, z = radius * np.sin(angle), radius * np.cos(angle)
    height = 2 * RELIEF[scene.ground]
    # Sines of three directions give waves without a visible pattern.
    waves = np.sin(1.3 * x + 0.6 * z) + np.sin(1.7 * z - 0.5 * x) + np.sin(0.8 * (x + z) + 2)
    vertices = np.column_stack([x, height * waves / 6, z])
    around = [(i, (i + 1) % segments) for i in range(segments)]
    faces = [(0, 1 + i, 1 + j) for i, j in around]
    for ring in range(rings - 1):
        a, b = 1 + ring * segments, 1 + (ring + 1) * segments
        faces += [f for i, j in around for f in ((a + i, b + i, b + j), (a + i, b + j, a + j))]
    colour = np.array(ground_rgb(scene), np.uint8)
    points = np.concatenate([[(0, 0, 0)], vertices])
    many = np.tile(colour, (len(faces), 1))
    return Mesh(points, np.array(faces), many, np.ones(len(faces), bool))


def hills(scene: Scene) -> Mesh:
    """Build hills along the rim, none at sea."""
    far = ground_rgb(scene, 90)
    made = []
    for i in range(0 if scene.ground == "sea" else 14):
        angle = 2 * math.pi * (i + 0.37 * scene.variant) / 14
        distance, size = RADIUS - 3.2 - (i % 3), 4.4 + 1.3 * ((i * 5) % 4)
        centre = (distance * math.sin(angle), -0.4, distance * math.cos(angle))
        colour = dimmed(far, 100 - 3 * (i % 3))
        made.append(
            ellipsoid((size, 1.5 + 0.5 * ((i * 7) % 3), size * 0.55), centre, colour, 7, 12)
        )
    return _unlit(join(made))


def _unlit(mesh: Mesh) -> Mesh:
    return replace(mesh, lit=np.zeros(len(mesh.faces), bool))


def tufts_and_waves(scene: Scene) -> Mesh:
    """Scatter what the picture's ground has: tufts of grass, pebbles, mounds of snow or waves."""
    colour = ground_rgb(scene, 88 if scene.ground != "snow" else 99)
    pieces = []
    for i in range(PIECES):
        distance, angle = (RADIUS - 4) * math.sqrt((i + 0.5) / PIECES), i * GOLDEN + scene.variant
        at = (distance * math.sin(angle), 0.0, distance * math.cos(angle))
        pieces.append(transformed(_PIECES[scene.ground](i, colour), at))
    return join(pieces)


def _tuft(i: int, colour: Rgb) -> Mesh:
    height = 0.28 + 0.06 * (i % 4)
    blades = [(0.0, 0.0, height), (0.11, 0.05, 0.7 * height), (-0.1, 0.07, 0.8 * height)]
    return join([frustum(0.07, 0, h, (x, -0.09, z), colour, 4) for x, z, h in blades])


def _pebble(i: int, colour: Rgb) -> Mesh:
    radius = 0.12 + 0.05 * (i % 4)
    return ellipsoid((radius, radius * 0.4, radius * 0.8), (0, -0.01, 0), colour, 4, 7)


def _mound(i: int, colour: Rgb) -> Mesh:
    radius = 0.8 + 0.4 * (i % 3)
    return ellipsoid((radius, 0.11, radius * 0.7), (0, -0.05, 0), colour, 5, 10)


def _wave(i: int, colour: Rgb) -> Mesh:
    r, g, b = colour
    crest = (min(255, r + 58), min(255, g + 44), min(255, b + 36))
    half, y = 0.6 + 0.25 * (i % 3), RELIEF["sea"]
    outline = [(-half, y, 0.0), (0, y, 0.16), (half, y, 0.0), (0, y, -0.04)]
    return fan(np.array(outline), crest, lit=False)


_PIECES: dict[str, Callable[[int, Rgb], Mesh]] = {
    "grass": _tuft,
    "sand": _pebble,
    "snow": _mound,
    "sea": _wave,
}
