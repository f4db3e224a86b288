"""Vectors of many dimensions become points of the plane."""

import numpy as np


def principal_axes(vectors: np.ndarray, count: int = 2) -> np.ndarray:
    """Project vectors on the directions along which they differ most (principal components).

    Args:
        vectors: (N, D) float.
        count: how many directions, at most min(N, D).

    Returns:
        (N, count). Each axis points so that its largest coordinate is positive, since the
        decomposition leaves the sign open.

    Raises:
        ValueError: if there are fewer than `count` directions.
    """
    if vectors.ndim != 2 or min(vectors.shape) < count:
        raise ValueError(f"vectors: {vectors.shape} has no {count} principal axes")
    centred = vectors - vectors.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    points = left[:, :count] * spread[:count]
    furthest = np.abs(points).argmax(axis=0)
    return points * np.sign(points[furthest, range(count)])
