"""A small software renderer: pinhole projection, then triangles into a z-buffer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np

from cmlearn.apps.vr.world import CAMERA_HEIGHT, FOCAL, World
from cmlearn.data.storybook.scene import RELATIONS, holds

NEAR = 0.1  # metres; faces with a corner nearer than this, or behind the camera, are left out
OVERSAMPLING = 2  # pictures are drawn this much larger and averaged, for smooth edges


@dataclass(frozen=True)
class Camera:
    """A pinhole camera with a square picture.

    Attributes:
        position: (3,) metres.
        target: (3,) metres, the point in the middle of the picture.
        focal: focal length, in widths of the picture; 1 sees 53 degrees.
        centre: column and row of the target, in widths of the picture from the upper left.
    """

    position: np.ndarray
    target: np.ndarray
    focal: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)


def picture_camera() -> Camera:
    """Return the camera of the pictures, whose horizon lies a little below the middle."""
    position = np.array([0.0, CAMERA_HEIGHT, 0.0])
    return Camera(position, position + (0, 0, -1.0), FOCAL / 64, (0.5, 37 / 64))


def axes_of(camera: Camera) -> np.ndarray:
    """Return the directions right, up and backward of a camera, (3, 3), one a row."""
    back = camera.position - camera.target
    back = back / np.linalg.norm(back)
    right = np.cross((0, 1, 0), back)
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back])


def project(points: np.ndarray, camera: Camera, size: int) -> np.ndarray:
    """Project points onto the picture: x = f·X / Z and y = f·Y / Z, with Z the depth.

    Args:
        points: (..., 3) metres.
        camera: the camera.
        size: width and height of the picture in pixels.

    Returns:
        (..., 3): column and row in pixels, and depth in metres, negative behind the camera.
    """
    seen = (points - camera.position) @ axes_of(camera).T
    depth = -seen[..., 2]
    scale = camera.focal * size / np.where(depth > NEAR, depth, np.inf)
    column = camera.centre[0] * size + scale * seen[..., 0]
    row = camera.centre[1] * size - scale * seen[..., 1]
    return np.stack([column, row, depth], axis=-1)


def rasterise(corners: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest face at each pixel.

    A face that turns its back is left out. Inside a triangle, 1 / depth is linear in the picture.

    Args:
        corners: (F, 3, 3) column, row and depth of the corners, as `project` returns them.
        size: width and height of the picture in pixels.

    Returns:
        (size, size) int, the index of the face at each pixel or -1, and (size, size) float, its
        depth.
    """
    face = np.full((size, size), -1)
    nearness = np.zeros((size, size))  # 1 / depth
    for index in _visible(corners, size):
        (ax, ay), (bx, by), (cx, cy) = corners[index, :, :2]
        left, right = _span(min(ax, bx, cx), max(ax, bx, cx), size)
        top, bottom = _span(min(ay, by, cy), max(ay, by, cy), size)
        x, y = np.arange(left, right) + 0.5, np.arange(top, bottom)[:, None] + 0.5
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area  # the weight of corner a
        v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
        w = 1 - u - v
        a, b, c = 1 / corners[index, :, 2]
        near = u * a + v * b + w * c
        here = nearness[top:bottom, left:right]
        shows = (u >= 0) & (v >= 0) & (w >= 0) & (near > here)
        here[shows] = near[shows]
        face[top:bottom, left:right][shows] = index
    return face, 1 / np.maximum(nearness, 1e-9)


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    """Return the range of pixels that an interval touches."""
    return max(int(low), 0), min(int(high) + 1, size)


def _visible(corners: np.ndarray, size: int) -> np.ndarray:
    """Return the faces in front of the camera, in the picture, and turned towards us."""
    (ax, ay), (bx, by), (cx, cy) = corners[..., :2].transpose(1, 2, 0)
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)  # rows count down: negative faces us
    low, high = corners[..., :2].min(1), corners[..., :2].max(1)
    inside = (high > 0).all(1) & (low < size).all(1)
    return np.flatnonzero(inside & (area < -1e-9) & (corners[..., 2] > NEAR).all(1))


def render_world(world: World, camera: Camera, size: int = 256) -> np.ndarray:
    """Render a world.

    Args:
        world: the world; its colours have the light in them already.
        camera: where to see it from, inside the dome of the sky.
        size: width and height in pixels.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    large = size * OVERSAMPLING
    corners = np.concatenate([part.corners for part in world.parts])
    colours = np.concatenate([part.mesh.colours for part in world.parts])
    face, _ = rasterise(project(corners, camera, large), large)
    picture = np.where((face >= 0)[..., None], colours[face], np.uint8(255))
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def part_masks(world: World, camera: Camera, size: int) -> np.ndarray:
    """Find where the things of a world are seen.

    Returns:
        (size, size) int, the index of the thing at each pixel, or -1.
    """
    corners = np.concatenate([part.corners for part in world.parts])
    owner = np.repeat(np.arange(len(world.parts)), [part.mesh.size for part in world.parts])
    face, _ = rasterise(project(corners, camera, size), size)
    seen = np.where(face >= 0, owner[face], -1)
    return np.where(seen < len(world.things), seen, -1)


def order_errors(world: World, size: int = 128) -> list[str]:
    """Compare the order of things, seen from the picture's camera, with that of the scene.

    The centre of each thing is the middle of its pixels. Every relation that holds in the scene has
    to hold between the centres.

    Args:
        world: the world.
        size: width and height of the drawing in pixels.

    Returns:
        The relations that are lost, such as "big red house left of small yellow tree"; a thing that
        is hidden loses all of its relations.
    """
    mask = part_masks(world, picture_camera(), size)
    centres = [np.argwhere(mask == n)[:, ::-1].mean(0) if (mask == n).any() else np.full(2, np.nan)
               for n in range(len(world.things))]  # fmt: skip
    ahead = {"left of": (0, 1), "right of": (0, -1), "above": (1, 1), "below": (1, -1)}
    lost = []
    for (i, a), (j, b) in permutations(enumerate(world.things), 2):
        assert a.thing and b.thing
        for name in RELATIONS:
            axis, sign = ahead[name]
            if holds(a.thing, name, b.thing) and not sign * (centres[j] - centres[i])[axis] > 0:
                lost.append(f"{a.name} {name} {b.name}")
    return lost
