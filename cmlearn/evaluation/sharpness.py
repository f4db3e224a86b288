"""How sharp pictures are: how strong the steps from pixel to pixel."""

from __future__ import annotations

import numpy as np


def edge_energy(pictures: np.ndarray) -> np.ndarray:
    """The mean squared step to the next pixel, to the right and down.

    A blurred edge spreads its step over several pixels, and the square of a sum is more than the
    sum of the squares. (Noise has steps, too: sharp is not the same as good.)

    Args:
        pictures: (N, H, W, 3) uint8.

    Returns:
        (N,) squared grey levels.

    Raises:
        ValueError: not pictures of at least 2 × 2 pixels.
    """
    if pictures.ndim != 4 or min(pictures.shape[1:3]) < 2:
        raise ValueError(f"pictures: (N, H, W, 3) is needed, got {pictures.shape}")
    values = pictures.astype(np.float32)
    right, down = np.diff(values, axis=2), np.diff(values, axis=1)
    return (right**2).mean(axis=(1, 2, 3)) + (down**2).mean(axis=(1, 2, 3))
