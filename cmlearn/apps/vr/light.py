"""Light of a time of day, by Lambert's law in linear colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Light:
    """A distant lamp, and light from everywhere.

    Attributes:
        towards: (3,) float, unit vector towards the lamp.
        colour: (3,) float, linear RGB of the lamp; 1 shows a face at its own colour.
        ambient: (3,) float, linear RGB of the light from everywhere.
    """

    towards: np.ndarray
    colour: np.ndarray
    ambient: np.ndarray


def _light(
    towards: tuple[float, ...], colour: tuple[float, ...], ambient: tuple[float, ...]
) -> Light:
    direction = np.array(towards)
    return Light(direction / np.linalg.norm(direction), np.array(colour), np.array(ambient))


# Chosen by eye on the turntables. The sun stands behind the viewer, who then sees bright faces.
LIGHTS = {
    "day": _light((-0.55, 0.9, 0.6), (0.74, 0.71, 0.64), (0.42, 0.45, 0.50)),
    "night": _light((0.5, 0.8, 0.55), (0.52, 0.54, 0.62), (0.36, 0.38, 0.50)),
    "sunset": _light((-0.8, 0.45, 0.5), (0.92, 0.68, 0.48), (0.46, 0.40, 0.46)),
}


def face_normals(corners: np.ndarray) -> np.ndarray:
    """Compute the unit vectors that stand on faces, (F, 3, 3) -> (F, 3).

    The cross product of two edges is perpendicular to both. A face without area gets zeros.
    """
    a, b, c = corners.transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def to_linear(colours: np.ndarray) -> np.ndarray:
    """Convert sRGB, 0 to 255, to linear RGB, 0 to 1 (IEC 61966-2-1)."""
    s = np.asarray(colours, float) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Convert linear RGB to sRGB, uint8; values outside 0 to 1 are clipped."""
    x = np.clip(linear, 0, 1)
    s = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.rint(255 * s).astype(np.uint8)


def lambert(normals: np.ndarray, colours: np.ndarray, light: Light) -> np.ndarray:
    """Compute how bright matt faces are (Lambert 1760): the light falls off with its slant.

    Args:
        normals: (F, 3) unit vectors.
        colours: (F, 3) uint8 sRGB, the colours in full light.
        light: the light.

    Returns:
        (F, 3) uint8 sRGB.
    """
    slant = np.maximum(normals @ light.towards, 0)[:, None]
    return to_srgb(to_linear(colours) * (light.ambient + slant * light.colour))


def balanced(light: Light) -> Light:
    """Scale a light so that level ground keeps its colour.

    The colours of the ground come from the pictures, which show it in the light of the day already.
    """
    level = light.ambient + light.towards[1] * light.colour
    return Light(light.towards, light.colour / level, light.ambient / level)
