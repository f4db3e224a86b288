"""Which modes of a known mixture the samples of a model cover."""

from __future__ import annotations

import numpy as np


def covered_modes(
    points: np.ndarray, centres: np.ndarray, radius: float, least: float = 0.2
) -> tuple[int, float]:
    """Count the modes that have their share of the points, and the points that are at a mode.

    Args:
        points: (N, D), drawn by a model.
        centres: (K, D), where the K modes are; all are equally probable.
        radius: a point that near to a centre is good.
        least: a mode counts as covered with this share of the N / K points that are due to it.

    Returns:
        0 to K, how many modes are covered; 0 to 1, the share of good points.

    Raises:
        ValueError: there are no points, or centres of another dimension.
    """
    if not len(points) or points.shape[1:] != centres.shape[1:]:
        raise ValueError(f"points {points.shape} do not fit centres {centres.shape}")
    distance = np.linalg.norm(points[:, None] - centres, axis=2)  # (N, K)
    good = distance.min(axis=1) < radius
    found = np.bincount(distance.argmin(axis=1)[good], minlength=len(centres))
    return int((found >= least * len(points) / len(centres)).sum()), float(good.mean())
