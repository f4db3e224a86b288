"""Figures of what a network makes of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

INK = "#333344"
BLUE = "#1d5fa8"
CELLS = 16  # channels that a mosaic shows, a square number
STAGE_COLUMNS = 3


def neighbour_rows(
    rows: Mapping[str, Sequence[np.ndarray]], notes: Mapping[str, Sequence[str]], title: str
) -> Figure:
    """Draw a query at the left of each row, then its neighbours.

    Args:
        rows: name to pictures (H, W, 3) uint8, the query first.
        notes: name to what stands above each of these pictures.
        title: what to see.
    """
    height, width = len(rows), len(next(iter(rows.values())))
    figure, grid = plt.subplots(
        height,
        width,
        figsize=(1.45 * width + 0.6, 1.62 * height + 0.4),
        squeeze=False,
        layout="constrained",
    )
    for axes_row, (name, images) in zip(grid, rows.items(), strict=True):
        for ax, image, note in zip(axes_row, images, notes[name], strict=True):
            _picture(ax, image, note)
        axes_row[0].set_ylabel(name, fontsize=10, color=INK)
        for side in ("left", "right", "top", "bottom"):
            axes_row[0].spines[side].set(visible=True, color=BLUE, linewidth=2.5)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def stage_grids(image: np.ndarray, grids: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw a picture, then the first 16 channels of each stage as a mosaic.

    Args:
        image: (H, W, 3) uint8.
        grids: name of a stage to its output (C, h, w), C at least 16.
        title: what to see.
    """
    count = len(grids) + 1
    rows = -(-count // STAGE_COLUMNS)
    size = (2.6 * STAGE_COLUMNS, 3.1 * rows)
    figure, axes = plt.subplots(
        rows, STAGE_COLUMNS, figsize=size, squeeze=False, layout="constrained"
    )
    # Stages stand further apart than the tiles within one.
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    for ax in axes.flat[count:]:
        ax.axis("off")
    _picture(axes[0, 0], image, f"picture\n{' × '.join(map(str, image.shape))}")
    for ax, (name, grid) in zip(axes.flat[1:count], grids.items(), strict=True):
        shape = " × ".join(map(str, grid.shape))
        _picture(ax, _mosaic(grid[:CELLS]), f"{name}\n{shape}")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


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
        _picture(ax, _faded(image), text)
        _lay_over(ax, heat, image.shape[:2])
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def label_columns(shares: Mapping[str, float], base: Mapping[str, float], title: str) -> Figure:
    """Draw a share for each word as a column, with a line where knowing nothing leads.

    Args:
        shares: word to a share of 0 to 1.
        base: word to the share that the more frequent answer gets.
        title: what to see.
    """
    figure, axes = plt.subplots(figsize=(9, 2.9), layout="constrained")
    words = list(shares)
    axes.bar(words, [100 * shares[word] for word in words], color="#b9d6f2", width=0.75)
    for place, word in enumerate(words):
        line = [100 * base[word]] * 2
        label = "always the more frequent answer" if place == 0 else None
        axes.plot([place - 0.4, place + 0.4], line, color="#b3261e", lw=1.5, label=label)
    axes.tick_params(axis="x", labelrotation=60, labelsize=9)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    axes.set_ylim(0, 100)
    axes.set_xlim(-0.6, len(words) - 0.4)
    axes.set_ylabel("pictures answered rightly, %")
    axes.legend(frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1, 1))
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def share_table(
    rows: Mapping[str, Mapping[str, float]], guesses: Mapping[str, float], title: str
) -> Figure:
    """Draw a table of shares, the cells the darker the more they are above guessing.

    Args:
        rows: question to (kind of vector to a share of 0 to 1); all rows have the same columns.
        guesses: question to the share that guessing gets, 0 to 1.
        title: what to see.
    """
    names = list(next(iter(rows.values())))
    figure, axes = plt.subplots(figsize=(1.2 * len(names) + 3.4, 0.5 * len(rows) + 1.2))
    for y, (question, row) in enumerate(rows.items()):
        guess = guesses[question]
        for x, name in enumerate(names):
            gained = max(0.0, (row[name] - guess) / (1 - guess))
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=plt.cm.Blues(0.75 * gained)))  # type: ignore[attr-defined]
            ink = "white" if gained > 0.75 else INK
            text = f"{100 * row[name]:.0f} %"
            axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", color=ink, fontsize=10)
        axes.text(len(names) + 0.5, y + 0.5, f"{100 * guess:.0f} %", ha="center", va="center")
    axes.set(xlim=(0, len(names) + 1), ylim=(len(rows), 0))
    axes.set_yticks(np.arange(len(rows)) + 0.5, list(rows))
    axes.set_xticks(np.arange(len(names) + 1) + 0.5, [*names, "guessing"])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=11, color=INK, loc="left", pad=12)
    return figure


def _faded(image: np.ndarray) -> np.ndarray:
    """The picture in grey, lightened so that colours can be laid over it."""
    grey = 110 + image.mean(axis=2, keepdims=True) * 0.55
    return grey.repeat(3, axis=2).astype(np.uint8)


def _picture(ax: Axes, image: np.ndarray, text: str) -> None:
    ax.imshow(image, interpolation="nearest", cmap="magma")
    ax.set_title(text, fontsize=9, color=INK)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def _mosaic(grid: np.ndarray) -> np.ndarray:
    """Lay 16 channels out as 4 x 4 tiles, each scaled to its own largest value."""
    count, height, width = grid.shape
    side = int(count**0.5)
    gap = max(1, height // 8)
    canvas = np.full((side * (height + gap) - gap, side * (width + gap) - gap), np.nan)
    for number, channel in enumerate(grid):
        row, column = divmod(number, side)
        top, left = row * (height + gap), column * (width + gap)
        canvas[top : top + height, left : left + width] = channel / max(channel.max(), 1e-9)
    return canvas


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
