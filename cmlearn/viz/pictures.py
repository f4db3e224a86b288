"""Figures of pictures: grids, with the values they are made of."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

INK = "#333344"
BLUE = "#1d5fa8"


def picture_grid(
    images: Sequence[np.ndarray] | np.ndarray,
    titles: Sequence[str] | None = None,
    columns: int = 4,
    *,
    title: str = "",
    side: float = 2.0,
) -> Figure:
    """Draw pictures in rows, each pixel as a square.

    Args:
        images: N pictures (H, W, 3) or (H, W), uint8 of 0 to 255 or float of 0 to 1; the sizes
            may differ.
        titles: what stands above each; long ones are wrapped.
        columns: pictures in a row.
        title: what to see.
        side: width of a picture in inches.
    """
    count = len(images)
    if count == 0:
        raise ValueError("images is empty: a grid needs at least one picture")
    if titles is not None and len(titles) != count:
        raise ValueError(f"{count} images but {len(titles)} titles")
    columns = min(columns, count)
    rows = -(-count // columns)
    texts = _wrapped(titles, side) if titles is not None else [""] * count
    lines = max(text.count("\n") + 1 for text in texts) if titles is not None else 0
    size = (side * columns, (side + 0.19 * lines) * rows + (0.4 if title else 0))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, text in zip(axes.flat, images, texts, strict=False):
        ax.imshow(
            image,
            cmap="gray",
            vmin=0,
            vmax=255 if image.dtype == np.uint8 else 1,
            interpolation="nearest",
        )
        ax.set_title(text, fontsize=9, color=INK)
    if title:
        figure.suptitle(title, fontsize=11, color=INK)
    return figure


def caption_and_picture(
    picture: np.ndarray, tokens: Sequence[str], ids: Sequence[int], corner: tuple[int, int]
) -> Figure:
    """Draw a picture and a caption as people see them, beside the numbers that a machine gets.

    Args:
        picture: (H, W, 3) uint8.
        tokens: T words, specials included.
        ids: their T ids.
        corner: row and column where the 6 x 6 pixels begin whose values are written out.
    """
    figure = plt.figure(figsize=(9, 5), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(5, 1))
    whole, part = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    row, column = corner
    whole.imshow(picture, interpolation="nearest")
    corner_xy = (column - 0.5, row - 0.5)
    whole.add_patch(Rectangle(corner_xy, 6, 6, fill=False, edgecolor=INK, lw=1.5))
    whole.set_title(f"a picture: {picture.size:,} numbers", fontsize=10, color=INK)
    patch = picture[row : row + 6, column : column + 6]
    part.imshow(patch, interpolation="nearest")
    for (y, x), brightness in np.ndenumerate(patch.mean(axis=2)):
        ink = "black" if brightness > 120 else "white"
        text = "\n".join(str(value) for value in patch[y, x])
        part.text(x, y, text, ha="center", va="center", fontsize=7.5, color=ink, linespacing=1.2)
    part.set_title("36 of its pixels: red, green, blue", fontsize=10, color=INK)
    words = figure.add_subplot(grid[1, :])
    ends = np.cumsum([len(token) + 2 for token in tokens])  # long words get more room
    for end, token, index in zip(ends, tokens, ids, strict=True):
        place = end - len(token) / 2 - 1
        words.text(place, 0.6, token, ha="center", va="center", fontsize=10, color=INK)
        words.text(place, 0, str(index), ha="center", va="center", fontsize=10, color=BLUE)
    words.set(xlim=(0, ends[-1]), ylim=(-0.5, 1))
    words.set_title(f"a caption: {len(ids)} numbers", fontsize=10, color=INK)
    for ax in (whole, part, words):
        ax.axis("off")
    return figure


def value_histograms(tensors: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw how the values of each array are spread, side by side.

    Args:
        tensors: name to an array of any shape.
        title: what to see.
    """
    figure, axes = plt.subplots(
        1, len(tensors), figsize=(2.2 * len(tensors), 2.5), squeeze=False, layout="constrained"
    )
    for ax, (name, array) in zip(axes[0], tensors.items(), strict=True):
        values = np.ravel(array)
        ax.hist(values, bins=50, color=BLUE)
        ax.set_title(f"{name}\n{np.min(values):.3g} to {np.max(values):.3g}", fontsize=9.5)
        ax.set_xlabel("value")
        ax.set_yticks([])
        ax.spines[["top", "right", "left"]].set_visible(False)
    axes[0, 0].set_ylabel("how many values")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _wrapped(titles: Sequence[str], side: float) -> list[str]:
    """Break titles into lines that fit above a picture of `side` inches."""
    return [
        "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, int(13 * side)))
        for text in titles
    ]
