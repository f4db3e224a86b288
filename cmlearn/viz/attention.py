"""Figures of attention: from where a word takes what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cmlearn.viz.images import bare_picture
from cmlearn.viz.style import BLUE, INK, ORANGE


def attention_matrices(maps: Mapping[str, np.ndarray], words: Sequence[str], title: str) -> Figure:
    """Draw how much each word of a sentence takes from each other, one square a pair.

    Args:
        maps: name of a head to its weights (T, T), each row with the sum 1.
        words: the T words of the sentence.
        title: what to see.
    """
    side = 0.2 * len(words) + 0.55
    size = (side * len(maps) + 1.5, side + 1.1)
    figure, axes = plt.subplots(1, len(maps), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, weights) in zip(axes[0], maps.items(), strict=True):
        image = ax.imshow(weights, vmin=0, vmax=1, cmap="Blues")
        upright = {"rotation": 60, "ha": "right", "rotation_mode": "anchor", "fontsize": 8.5}
        ax.set_xticks(range(len(words)), list(words), **upright)
        ax.set_yticks(range(len(words)), list(words) if ax is axes[0, 0] else [], fontsize=8.5)
        ax.tick_params(length=0)
        ax.set_title(name, fontsize=10, color=INK)
        ax.set_xlabel("looked at")
    axes[0, 0].set_ylabel("who looks")
    figure.colorbar(image, ax=axes[0], label="weight", shrink=0.8)
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
    """Draw a picture once for each word, clear where the word looks and pale elsewhere.

    Each map keeps its own places, unsmoothed. The place with the most has a frame and its share.

    Args:
        image: (H, W, 3) uint8.
        words: T words.
        maps: name of a row to the weights (T, h, w) of each word, which sum to one.
        title: what to see.
        boxes: for each word None, or a rectangle to frame in its pictures: left, top, right and
            bottom in 64ths of the picture.
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
            _veil(ax, image, weights)
        for ax, box in zip(axes[1:], boxes or ()):
            _frame_box(ax, box, image.shape[0] / 64)
    for ax, word in zip(grid[0, 1:], words, strict=True):
        ax.set_title(word, fontsize=10, color=INK)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _veil(ax: Axes, image: np.ndarray, weights: np.ndarray) -> None:
    height, width = image.shape[:2]
    ax.imshow(image, interpolation="nearest")
    veil = np.ones((*weights.shape, 4))
    veil[..., 3] = 0.92 * (1 - weights / weights.max())
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    ax.imshow(veil, extent=extent, interpolation="nearest")
    row, column = np.unravel_index(np.argmax(weights), weights.shape)
    h, w = height / weights.shape[0], width / weights.shape[1]
    corner = (column * w - 0.5, row * h - 0.5)
    ax.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=ORANGE, lw=2))
    ax.set_xlabel(f"{100 * weights.max():.0f} %", fontsize=8.5, color=INK)


def _frame_box(ax: Axes, box: Sequence[float] | None, unit: float) -> None:
    if box is not None:
        left, top, right, bottom = (unit * end - 0.5 for end in box)
        frame = Rectangle((left, top), right - left, bottom - top, fill=False)
        frame.set(edgecolor=BLUE, lw=1.4, linestyle=(0, (2, 1)))
        ax.add_patch(frame)


def heat_maps(
    images: Sequence[np.ndarray], maps: Sequence[np.ndarray], titles: Sequence[str], title: str
) -> Figure:
    """Draw where a network looks: warm places speak for the word, cold ones against it.

    Each map keeps its own cells, unsmoothed, so that nobody takes it for finer than it is. The
    hottest cell has a frame.

    Args:
        images: N pictures (H, W, 3) uint8.
        maps: N maps (h, w), of any size and unit; the colours of each go to its largest value.
        titles: what stands above each.
        title: what to see.
    """
    columns = min(5, len(images))
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(1.9 * columns, 2.1 * rows + 0.4),
        squeeze=False,
        layout="constrained",
    )
    for ax in grid.flat:
        ax.axis("off")
    for ax, image, heat, text in zip(grid.flat, images, maps, titles, strict=False):
        ax.axis("on")
        bare_picture(ax, _faded(image), text)
        _lay_over(ax, heat, image.shape[:2])
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _faded(image: np.ndarray) -> np.ndarray:
    """The picture in grey, lightened so that colours can be laid over it."""
    grey = 110 + image.mean(axis=2, keepdims=True) * 0.55
    return grey.repeat(3, axis=2).astype(np.uint8)


def _lay_over(ax: Axes, heat: np.ndarray, size: tuple[int, int]) -> None:
    extent = (-0.5, size[1] - 0.5, size[0] - 0.5, -0.5)
    most = max(float(np.abs(heat).max()), 1e-9)
    # What says nothing stays clear, so that the picture is seen through the map.
    alpha = 0.15 + 0.6 * np.abs(heat) / most
    ax.imshow(
        heat,
        extent=extent,
        alpha=alpha,
        interpolation="nearest",
        cmap="RdBu_r",
        vmin=-most,
        vmax=most,
    )
    row, column = np.unravel_index(np.argmax(heat), heat.shape)
    h, w = size[0] / heat.shape[0], size[1] / heat.shape[1]
    corner = (column * w - 0.5, row * h - 0.5)
    ax.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=INK, lw=1.5))
