"""Enlarges a drawing: drawn anew by the renderer in its own style, or resampled."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cmlearn.apps.studio.drawing import Drawing
from cmlearn.data.storybook.renderer import render

MIN_SIZE, MAX_SIZE = 64, 1024  # pixels of a picture that is drawn anew


def redraw(drawing: Drawing, size: int) -> np.ndarray:
    """Draw the scene that was read in a picture, at any size, by the renderer of the data set.

    The result is not the model's picture: it shows what the scene parser reads in it.

    Args:
        drawing: a picture that can be read.
        size: width and height in pixels, `MIN_SIZE` to `MAX_SIZE`.

    Returns:
        (size, size, 3) uint8 RGB.

    Raises:
        ValueError: the size is out of range, or the scene parser cannot read the picture.
    """
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ValueError(f"size: {MIN_SIZE} to {MAX_SIZE} pixels are needed, got {size}")
    if drawing.scene is None:
        raise ValueError(
            "This picture cannot be drawn anew: the scene parser cannot read it. "
            "Resample it to twice its size instead."
        )
    return render(drawing.scene, size)


def resample(picture: np.ndarray, times: int = 2) -> np.ndarray:
    """Enlarge a picture by Lanczos resampling, which adds no detail.

    Args:
        picture: (H, W, 3) uint8 RGB.
        times: factor, 2 to 16.

    Returns:
        (times · H, times · W, 3) uint8 RGB.

    Raises:
        ValueError: the factor is out of range.
    """
    if not 2 <= times <= 16:
        raise ValueError(f"times: a factor from 2 to 16 is needed, got {times}")
    height, width = picture.shape[:2]
    size = (width * times, height * times)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
