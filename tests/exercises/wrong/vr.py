"""Typical wrong answers to the exercises of the topic vr."""

from __future__ import annotations

from typing import Any

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "vr.depth": [
        (lambda y, horizon, focal, height: (y - horizon) * height / focal, "in the denominator"),
        (lambda y, horizon, focal, height: focal * height / y, "Half as far below the horizon"),
        (lambda y, horizon, focal, height: focal / (y - horizon), "camera twice as high"),
        (lambda y, horizon, focal, height: height / (y - horizon), "not the number"),
    ],
    "vr.normals": [
        (lambda c: np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]), "length 1"),
        (lambda c: unit(np.cross(c[:, 2] - c[:, 0], c[:, 1] - c[:, 0])), "point inwards"),
        (lambda c: unit(c[:, 1] - c[:, 0]), "not perpendicular"),
        (lambda c: np.cross(c[:, 0], c[:, 0]), "zero"),
        (lambda c: np.cross(c[0, 1] - c[0, 0], c[0, 2] - c[0, 0]), "shape"),
    ],
    "vr.brightness": [
        (lambda n, towards, lamp, ambient: ambient + lamp * (n @ towards), "dot product"),
        (lambda n, towards, lamp, ambient: max(ambient, lamp * (n @ towards)), "add up"),
        (lambda n, towards, lamp, ambient: ambient + max(n @ towards, 0), "lamp's strength"),
        (lambda n, towards, lamp, ambient: ambient + lamp * (n @ towards > 0), "by the cosine"),
    ],
    "vr.project": [
        (lambda x, y, z, f, c: (c[0] + f * x, c[1] - f * y), "half the distance"),
        (lambda x, y, z, f, c: (c[0] + f * x / z, c[1] - f * y / z), "z is negative"),
        (lambda x, y, z, f, c: (c[0] - f * x / z, c[1] - f * y / z), "rows count down"),
        (lambda x, y, z, f, c: (c[0] - x / z, c[1] + y / z), "not the distances"),
    ],
    "vr.nearest": [
        (lambda depths: depths.argmin(0), "index is -1"),
        (lambda depths: np.where(np.isinf(depths.min(0)), -1, 0), "face 1 is nearer"),
        (
            lambda depths: np.where(np.isinf(depths.min(0)), -1, (depths[1] < np.inf).astype(int)),
            "a farther face covers a nearer one",
        ),
    ],
}
