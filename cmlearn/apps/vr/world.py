"""Compile a scene into a small world of meshes, in metres.

The picture is taken for that of a pinhole camera at `CAMERA_HEIGHT` above the origin, which points
at the horizon. What stands on the ground is as far away as its lower edge says, because the ground
is flat. How far away a flying thing is, the picture leaves open; `flying_depth` decides by a rule.
Nothing is sampled: a scene always becomes the same world.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import cv2
import numpy as np

from cmlearn.apps.vr.light import LIGHTS, Light, balanced, face_normals, lambert, to_linear, to_srgb
from cmlearn.apps.vr.mesh import Mesh, fan, join, transformed
from cmlearn.apps.vr.models import model_of
from cmlearn.apps.vr.scenery import (
    MIDDLE,
    RELIEF,
    clouds,
    dome,
    ground,
    ground_rgb,
    hills,
    sun_or_moon,
    tufts_and_waves,
)
from cmlearn.data.storybook.renderer import HORIZON, WIDTH
from cmlearn.data.storybook.scene import Scene, Thing

FOCAL = 64.0  # focal length in 64ths of the picture's width: the camera sees 53 degrees
CAMERA_HEIGHT = 4.0  # metres of the camera above the ground; sets the scale, which no picture shows
SKY_DEPTH = (15.0, 19.0, 17.0)  # metres to flying things in the left, middle and right column
LONGEST_SHADOW = 2.5  # metres of shadow for each metre of height, however low the sun


@dataclass(frozen=True)
class Part:
    """A named piece of a world.

    Attributes:
        name: such as "big red house"; a second one of these is "big red house 2".
        mesh: in metres, relative to `position`, its colours in the light of the world.
        position: (3,) float, metres.
        thing: the thing of the scene that it shows; None for sky, ground and scenery.
    """

    name: str
    mesh: Mesh
    position: np.ndarray
    thing: Thing | None = None

    @property
    def corners(self) -> np.ndarray:
        """The corner points of its faces in the world, (F, 3, 3) metres."""
        return self.mesh.corners + self.position


@dataclass(frozen=True)
class World:
    """A scene in three dimensions.

    Attributes:
        scene: what it was compiled from.
        light: what its colours were computed with.
        parts: the things in the order of the scene, then the scenery.
    """

    scene: Scene
    light: Light
    parts: tuple[Part, ...]

    @property
    def things(self) -> tuple[Part, ...]:
        """The parts that show things of the scene."""
        return tuple(part for part in self.parts if part.thing is not None)


def standing_depth(y: float) -> float:
    """Compute how far away the ground is in a row of the picture.

    By similar triangles, (y - HORIZON) / FOCAL = CAMERA_HEIGHT / depth.

    Args:
        y: a row below the horizon, in 64ths of the picture's height.

    Returns:
        Metres.
    """
    return FOCAL * CAMERA_HEIGHT / (y - HORIZON)


def flying_depth(thing: Thing) -> float:
    """Decide how far away a flying thing is, in metres.

    The column sets it, so that neighbours are never at one distance, and the vertical jitter adds
    up to a metre.
    """
    return SKY_DEPTH[thing.column] + thing.dy


def place(thing: Thing) -> tuple[np.ndarray, float]:
    """Place a thing so that it appears in the picture where it was drawn, as large as it was.

    Args:
        thing: a thing of a scene.

    Returns:
        (3,) position in metres of the ground below it, or of its centre if it flies, and its width
        in metres.
    """
    depth = flying_depth(thing) if thing.flies else standing_depth(thing.y)
    x = (thing.x - 32) * depth / FOCAL
    y = CAMERA_HEIGHT + (HORIZON - thing.y) * depth / FOCAL if thing.flies else 0.0
    return np.array([x, y, -depth]), WIDTH[thing.size] * depth / FOCAL


def compile_world(scene: Scene) -> World:
    """Compile a scene into a world.

    Args:
        scene: as the scene parser reads it from a picture.
    """
    light = LIGHTS[scene.sky]
    level = balanced(light)
    things = _things(scene, light)
    scenery = {
        "sky": dome(scene),
        "sun or moon": sun_or_moon(scene),
        "clouds": clouds(scene),
        "ground": lit(ground(scene), level),
        "hills": hills(scene),
        "tufts or waves": lit(tufts_and_waves(scene), level),
    }
    middle = np.array(MIDDLE)
    rest = [Part(name, mesh, middle) for name, mesh in scenery.items()]
    shadows = Part("shadows", _shadows(scene, things, level), np.zeros(3))
    return World(scene, light, (*things, *(part for part in (*rest, shadows) if part.mesh.size)))


def _things(scene: Scene, light: Light) -> tuple[Part, ...]:
    parts: list[Part] = []
    names: Counter[str] = Counter()
    for thing in scene.things:
        position, width = place(thing)
        mesh = lit(transformed(model_of(thing.kind, thing.colour), scale=width), light)
        name = f"{thing.size} {thing.colour} {thing.kind}"
        names[name] += 1
        numbered = name if names[name] == 1 else f"{name} {names[name]}"
        parts.append(Part(numbered, mesh, position, thing))
    return tuple(parts)


def lit(mesh: Mesh, light: Light) -> Mesh:
    """Put light into the colours of a mesh; faces that are not lit stay as they are."""
    shaded = lambert(face_normals(mesh.corners), mesh.colours, light)
    return replace(mesh, colours=np.where(mesh.lit[:, None], shaded, mesh.colours))


def _shadows(scene: Scene, things: tuple[Part, ...], level: Light) -> Mesh:
    """Lay the shadow of each thing on the ground: the outline of its points, moved by the light."""
    dark = to_srgb(to_linear(np.array(ground_rgb(scene))) * level.ambient)
    r, g, b = (int(c) for c in dark)
    shadows = []
    for n, part in enumerate(things):
        outline = shadow_outline(part.mesh.vertices + part.position, level.towards)
        # Above the ground and each other, or they would flicker.
        outline[:, 1] = RELIEF[scene.ground] + 0.01 + 0.004 * n
        shadows.append(fan(outline, (r, g, b), lit=False))
    return join(shadows)


def shadow_outline(points: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Project points along the light onto the ground, and return their convex outline.

    Args:
        points: (N, 3) metres.
        towards: (3,) unit vector towards the lamp.

    Returns:
        (M, 3) metres at y = 0, counter-clockwise seen from above.
    """
    run = -towards[[0, 2]] / towards[1]  # metres along x and z for each metre of height
    run *= min(1, LONGEST_SHADOW / np.linalg.norm(run))
    flat = points[:, [0, 2]] + np.maximum(points[:, 1:2], 0) * run
    hull = cv2.convexHull(flat.astype(np.float32), clockwise=True)[:, 0]  # in x and z
    return np.column_stack([hull[:, 0], np.zeros(len(hull)), hull[:, 1]]).astype(float)
