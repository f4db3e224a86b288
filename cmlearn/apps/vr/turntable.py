"""Turntables: a world seen from all sides, as a GIF or as a strip of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from cmlearn.apps.vr.rasteriser import Camera, render_world
from cmlearn.apps.vr.scenery import MIDDLE
from cmlearn.apps.vr.world import World
from cmlearn.data.files import atomic_write

DISTANCE, HEIGHT = 17.0, 6.5  # metres of the camera from the middle and above the ground
TARGET_HEIGHT = 4.2  # metres
FRAMES = 24
FRAME_MS = 120
ENDINGS = (".gif", ".png")


def orbit(turn: float) -> Camera:
    """Return a camera on a circle around the middle of the world.

    Args:
        turn: 0 to 1; at 0 the camera is on the side of the picture's camera.
    """
    middle = np.array(MIDDLE)
    angle = 2 * np.pi * turn
    around = np.array([np.sin(angle) * DISTANCE, HEIGHT, np.cos(angle) * DISTANCE])
    return Camera(middle + around, middle + (0, TARGET_HEIGHT, 0), focal=0.85)


def turntable_frames(world: World, frames: int = FRAMES, size: int = 256) -> list[np.ndarray]:
    """Render a world from all sides.

    Args:
        world: the world.
        frames: number of pictures, at equal angles.
        size: width and height of each in pixels.

    Returns:
        Pictures (size, size, 3) uint8 RGB.

    Raises:
        ValueError: there are no frames.
    """
    if frames < 1:
        raise ValueError(f"frames: a turntable has at least 1, got {frames}")
    return [render_world(world, orbit(n / frames), size) for n in range(frames)]


def check_ending(path: Path) -> None:
    """Check that a turntable can be written under a name.

    Raises:
        ValueError: the name does not end in .gif or .png.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"{path}: a turntable is written as {' or '.join(ENDINGS)}")


def write_turntable(path: Path, frames: Sequence[np.ndarray]) -> None:
    """Write frames as an endless GIF or, where the name ends in .png, as a strip side by side.

    Args:
        path: a name that ends in .gif or .png.
        frames: pictures (H, W, 3) uint8 RGB of one size.

    Raises:
        ValueError: the name has another ending.
    """
    check_ending(path)
    with atomic_write(path) as partial, partial.open("wb") as file:
        if path.suffix.lower() == ".png":
            Image.fromarray(np.concatenate(list(frames), axis=1)).save(file, "PNG", optimize=True)
            return
        first, *rest = (Image.fromarray(frame).quantize(128) for frame in frames)
        first.save(file, "GIF", save_all=True, append_images=rest, duration=FRAME_MS, loop=0)
