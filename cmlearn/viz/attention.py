"""Figures of attention weights and of class activation maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cmlearn.viz.images import bare_picture
from cmlearn.viz.style import BLUE, INK, ORANGE


def attention_matrices(maps: Mapping[str, np.ndarray], words: Sequence[str], title: str) -> Figure:
    """Draw the self-attention weights of one sentence, one matrix for each head.

    Args:
        maps: name of a head to its weights (T, T) float; row = query, column = key, each row sums
            to 1.
        words: the T tokens.
        title: title of the figure.
    """
    side = 0.2 * len(words) + 0.55
    size = (side * len(maps) + 1.5, side + 1.1)
    figure, axes = plt.subplots(1, len(maps), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, weights) in zip(axes[0], maps.items(), strict=True):
        image = ax.imshow(weights, vmin=0, vmax=1, cmap="Blues")
        slanted = {"rotation": 60, "ha": "right", "rotation_mode": "anchor", "fontsize": 8.5}
        ax.set_xticks(range(len(words)), list(words), **slanted)
        ax.set_yticks(range(len(words)), list(words) if ax is axes[0, 0] else [], fontsize=8.5)
        ax.tick_params(length=0)
        ax.set_title(name, fontsize=10, color=INK)
        ax.set_xlabel("key")
    axes[0, 0].set_ylabel("query")
    figure.colorbar(image, ax=axes[0], label="attention weight", shrink=0.8)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def word_attention(
    image: np.ndarray,
    words: Sequence[str],
    maps: Mapping[str, np.ndarray],
    title: str,
    *,
    boxes: Sequence[Sequence[float] | None] | None = None,
) -> Figure:
    """Draw the picture once for each word, clear where its attention weight is high.

    The maps are drawn cell by cell, without smoothing. The cell with the highest weight is framed,
    and its weight is written below in %.

    Args:
        image: (H, W, 3) uint8.
        words: T words.
        maps: label of a row, such as a layer, to weights (T, h, w) float; each map sums to 1.
        title: title of the figure.
        boxes: for each word None or a bounding box to draw: left, top, right and bottom in 64ths
            of the picture.
    """
    size = (1.15 * (len(words) + 1) + 0.4, 1.4 * len(maps) + 0.5)
    figure, grid = plt.subplots(
        len(maps), len(words) + 1, figsize=size, squeeze=False, layout="constrained"
    )
    for ax in grid.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    grid[0, 0].imshow(image, interpolation="nearest")
    for axes, (name, row) in zip(grid, maps.items(), strict=True):
        axes[1].set_ylabel(name, fontsize=9.5, color=INK)
        for ax, weights in zip(axes[1:], row, strict=True):
            _draw_veil(ax, image, weights)
        for ax, box in zip(axes[1:], boxes or ()):
            _draw_box(ax, box, image.shape[0] / 64)
    for ax, word in zip(grid[0, 1:], words, strict=True):
        ax.set_title(word, fontsize=10, color=INK)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def heat_maps(
    images: Sequence[np.ndarray], maps: Sequence[np.ndarray], titles: Sequence[str], title: str
) -> Figure:
    """Draw class activation maps over grey pictures: red supports the class, blue opposes it.

    The maps are drawn cell by cell, without smoothing, so that they do not look finer than they
    are. The cell with the highest value is framed.

    Args:
        images: N pictures (H, W, 3) uint8.
        maps: N maps (h, w) float, of any size and unit; each has its own symmetric colour scale.
        titles: N titles of the pictures.
        title: title of the figure.
    """
    columns = min(5, len(images))
    rows = -(-len(images) // columns)
    size = (1.9 * columns, 2.1 * rows + 0.4)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for ax in grid.flat:
        ax.axis("off")
    for ax, image, heat, text in zip(grid.flat, images, maps, titles, strict=False):
        ax.axis("on")
        bare_picture(ax, _lightened_grey(image), text)
        _draw_heat(ax, heat, image.shape[:2])
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _draw_veil(ax: Axes, image: np.ndarray, weights: np.ndarray) -> None:
    ax.imshow(image, interpolation="nearest")
    veil = np.ones((*weights.shape, 4))
    veil[..., 3] = 0.92 * (1 - weights / weights.max())
    ax.imshow(veil, extent=_extent(image.shape[:2]), interpolation="nearest")
    _frame_peak(ax, weights, image.shape[:2], ORANGE)
    ax.set_xlabel(f"{100 * weights.max():.0f} %", fontsize=8.5, color=INK)


def _draw_box(ax: Axes, box: Sequence[float] | None, unit: float) -> None:
    if box is not None:
        left, top, right, bottom = (unit * end - 0.5 for end in box)
        frame = Rectangle((left, top), right - left, bottom - top, fill=False)
        frame.set(edgecolor=BLUE, lw=1.4, linestyle=(0, (2, 1)))
        ax.add_patch(frame)


def _lightened_grey(image: np.ndarray) -> np.ndarray:
    """Return the picture in light grey, so that colours on top of it are visible."""
    grey = 110 + image.mean(axis=2, keepdims=True) * 0.55
    return grey.repeat(3, axis=2).astype(np.uint8)


def _draw_heat(ax: Axes, heat: np.ndarray, size: tuple[int, int]) -> None:
    most = max(float(np.abs(heat).max()), 1e-9)
    # Cells near zero stay transparent, so that the picture below them is visible.
    alpha = 0.15 + 0.6 * np.abs(heat) / most
    scale: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -most, "vmax": most}
    ax.imshow(heat, extent=_extent(size), alpha=alpha, interpolation="nearest", **scale)
    _frame_peak(ax, heat, size, INK)


def _extent(size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the extent of a picture of `size` (H, W) in its own axes."""
    return (-0.5, size[1] - 0.5, size[0] - 0.5, -0.5)


def _frame_peak(ax: Axes, weights: np.ndarray, size: tuple[int, int], colour: str) -> None:
    """Frame the cell with the highest weight of a map over a picture of `size` (H, W)."""
    row, column = np.unravel_index(np.argmax(weights), weights.shape)
    h, w = size[0] / weights.shape[0], size[1] / weights.shape[1]
    corner = (column * w - 0.5, row * h - 0.5)
    ax.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=colour, lw=2))
