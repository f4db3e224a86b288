"""Many pictures laid out as one sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

INK = "#333344"


def contact_sheet(
    pictures: Sequence[np.ndarray] | np.ndarray, columns: int = 8, gap: int = 4
) -> np.ndarray:
    """Lay pictures of one size out in rows on white.

    Args:
        pictures: N of (H, W, 3) uint8.
        columns: pictures in a row.
        gap: pixels between them.

    Returns:
        One picture, (rows · (H + gap) - gap, columns · (W + gap) - gap, 3) uint8.

    Raises:
        ValueError: there are no pictures.
    """
    if len(pictures) == 0:
        raise ValueError("pictures is empty: a sheet needs at least one")
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, 3)
    sheet = np.full(size, 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top, left = row * (height + gap), column * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def sheet_figure(sheet: np.ndarray, title: str, width: float = 8.0) -> Figure:
    """Draw a sheet of pictures under a title, `width` inches wide."""
    shape = (width, width * sheet.shape[0] / sheet.shape[1] + 0.35)
    figure, axes = plt.subplots(figsize=shape, layout="constrained")
    axes.imshow(sheet, interpolation="nearest")
    axes.axis("off")
    axes.set_title(title, fontsize=11, color=INK)
    return figure
