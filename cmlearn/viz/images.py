"""Figures of pictures: grids, rows and sheets, pixel values and feature maps."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cmlearn.viz.style import BLUE, INK, label_axes

CHANNELS = 16  # shown of each feature map, a square number
STAGE_COLUMNS = 3  # feature maps in a row


def picture_grid(
    images: Sequence[np.ndarray] | np.ndarray,
    titles: Sequence[str] | None = None,
    columns: int = 4,
    *,
    title: str = "",
    side: float = 2.0,
) -> Figure:
    """Draw pictures in rows, without smoothing.

    Args:
        images: N pictures (H, W, 3) or (H, W), uint8 from 0 to 255 or float from 0 to 1; the
            sizes may differ.
        titles: N titles of the pictures; long ones are wrapped.
        columns: pictures in a row.
        title: title of the figure.
        side: width of a picture in inches.

    Raises:
        ValueError: there are no pictures, or not one title for each.
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
        most = 255 if image.dtype == np.uint8 else 1
        ax.imshow(image, cmap="gray", vmin=0, vmax=most, interpolation="nearest")
        ax.set_title(text, fontsize=9, color=INK)
    if title:
        figure.suptitle(title, fontsize=11, color=INK)
    return figure


def caption_and_picture(
    picture: np.ndarray, tokens: Sequence[str], ids: Sequence[int], corner: tuple[int, int]
) -> Figure:
    """Draw a picture and its caption beside the numbers that represent them.

    Args:
        picture: (H, W, 3) uint8.
        tokens: T tokens, special tokens included.
        ids: their T ids.
        corner: row and column of the upper left of the 6 × 6 pixels whose values are written out.
    """
    figure = plt.figure(figsize=(9, 5), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(5, 1))
    whole, part = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    row, column = corner
    whole.imshow(picture, interpolation="nearest")
    corner_xy = (column - 0.5, row - 0.5)
    whole.add_patch(Rectangle(corner_xy, 6, 6, fill=False, edgecolor=INK, lw=1.5))
    whole.set_title(f"picture: {picture.size:,} values", fontsize=10, color=INK)
    patch = picture[row : row + 6, column : column + 6]
    part.imshow(patch, interpolation="nearest")
    for (y, x), brightness in np.ndenumerate(patch.mean(axis=2)):
        ink = "black" if brightness > 120 else "white"
        text = "\n".join(str(value) for value in patch[y, x])
        part.text(x, y, text, ha="center", va="center", fontsize=7.5, color=ink, linespacing=1.2)
    part.set_title("36 of its pixels: red, green, blue", fontsize=10, color=INK)
    words = figure.add_subplot(grid[1, :])
    ends = np.cumsum([len(token) + 2 for token in tokens])  # wider for long words
    for end, token, index in zip(ends, tokens, ids, strict=True):
        centre = end - len(token) / 2 - 1
        words.text(centre, 0.6, token, ha="center", va="center", fontsize=10, color=INK)
        words.text(centre, 0, str(index), ha="center", va="center", fontsize=10, color=BLUE)
    words.set(xlim=(0, ends[-1]), ylim=(-0.5, 1))
    words.set_title(f"caption: {len(ids)} token ids", fontsize=10, color=INK)
    for ax in (whole, part, words):
        ax.axis("off")
    return figure


def value_histograms(tensors: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw histograms of the values of arrays side by side.

    Args:
        tensors: title of a panel to an array of any shape.
        title: title of the figure.
    """
    figure, axes = plt.subplots(
        1, len(tensors), figsize=(2.2 * len(tensors), 2.5), squeeze=False, layout="constrained"
    )
    for ax, (name, array) in zip(axes[0], tensors.items(), strict=True):
        values = np.ravel(array)
        ax.hist(values, bins=50, color=BLUE)
        label_axes(ax, x="value")
        ax.set_title(f"{name}\n{np.min(values):.3g} to {np.max(values):.3g}", fontsize=9.5)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    axes[0, 0].set_ylabel("count")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def picture_rows(
    rows: Mapping[str, np.ndarray | Sequence[np.ndarray]],
    title: str,
    columns: Sequence[str] | None = None,
    side: float = 0.6,
) -> Figure:
    """Draw labelled rows of pictures.

    Args:
        rows: label of a row to its pictures (H, W, 3) uint8, at most K of them.
        title: title of the figure.
        columns: K column titles.
        side: width of a picture in inches.
    """
    count = max(len(pictures) for pictures in rows.values())
    above = 0.18 * max(text.count("\n") + 1 for text in columns) if columns else 0
    labels = [textwrap.fill(name, 24) for name in rows]
    widest = max(len(line) for label in labels for line in label.split("\n"))
    size = (side * count + 0.09 * widest, (side + 0.05) * len(rows) + above + 0.4)
    figure, axes = plt.subplots(len(rows), count, figsize=size, squeeze=False, layout="constrained")
    for row, label, pictures in zip(axes, labels, rows.values(), strict=True):
        where = {"transform": row[0].transAxes, "ha": "right", "va": "center"}
        row[0].text(-0.1, 0.5, label, fontsize=9.5, color=INK, **where)
        for ax, picture in zip(row, pictures, strict=False):
            ax.imshow(quantise(np.asarray(picture)), interpolation="nearest")
    for ax in axes.flat:
        ax.axis("off")
    for ax, text in zip(axes[0], columns or (), strict=False):
        ax.set_title(text, fontsize=8.5, color=INK)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def neighbour_rows(
    rows: Mapping[str, Sequence[np.ndarray]], notes: Mapping[str, Sequence[str]], title: str
) -> Figure:
    """Draw retrieval results: in each row a framed query, then its neighbours.

    Args:
        rows: label of a row to its K pictures (H, W, 3) uint8, the query first.
        notes: label of a row to the K titles of its pictures.
        title: title of the figure.
    """
    height, width = len(rows), len(next(iter(rows.values())))
    size = (1.45 * width + 0.6, 1.62 * height + 0.4)
    figure, grid = plt.subplots(height, width, figsize=size, squeeze=False, layout="constrained")
    for axes_row, (name, images) in zip(grid, rows.items(), strict=True):
        for ax, image, note in zip(axes_row, images, notes[name], strict=True):
            bare_picture(ax, image, note)
        axes_row[0].set_ylabel(name, fontsize=10, color=INK)
        axes_row[0].spines[:].set(visible=True, color=BLUE, linewidth=2.5)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def stage_grids(image: np.ndarray, grids: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw a picture, then the first 16 channels of the feature map of each stage.

    Args:
        image: (H, W, 3) uint8.
        grids: name of a stage to its feature map (C, h, w) float, C at least 16; each channel is
            scaled to its own maximum.
        title: title of the figure.
    """
    count = len(grids) + 1
    rows = -(-count // STAGE_COLUMNS)
    size = (2.6 * STAGE_COLUMNS, 3.1 * rows)
    figure, axes = plt.subplots(
        rows, STAGE_COLUMNS, figsize=size, squeeze=False, layout="constrained"
    )
    # Stages are further apart than the channels within one.
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    for ax in axes.flat[count:]:
        ax.axis("off")
    bare_picture(axes[0, 0], image, f"picture\n{' × '.join(map(str, image.shape))}")
    for ax, (name, grid) in zip(axes.flat[1:count], grids.items(), strict=True):
        shape = " × ".join(map(str, grid.shape))
        bare_picture(ax, _channel_sheet(grid[:CHANNELS]), f"{name}\n{shape}")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def sheet_figure(sheet: np.ndarray, title: str, width: float = 8.0) -> Figure:
    """Draw a contact sheet under a title.

    Args:
        sheet: (H, W, 3) uint8, such as a `contact_sheet`.
        title: title of the figure.
        width: width of the figure in inches.
    """
    size = (width, width * sheet.shape[0] / sheet.shape[1] + 0.35)
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.imshow(sheet, interpolation="nearest")
    axes.axis("off")
    axes.set_title(title, fontsize=11, color=INK)
    return figure


def contact_sheet(
    pictures: Sequence[np.ndarray] | np.ndarray, columns: int = 8, gap: int = 4
) -> np.ndarray:
    """Join pictures of one size into one white sheet, row by row.

    Args:
        pictures: N pictures (H, W, 3) uint8.
        columns: pictures in a row.
        gap: pixels between pictures.

    Returns:
        (rows · (H + gap) - gap, columns · (W + gap) - gap, 3) uint8.

    Raises:
        ValueError: there are no pictures.
    """
    if len(pictures) == 0:
        raise ValueError("pictures is empty: a sheet needs at least one")
    return _tiled(pictures, columns, gap, 255)


def join_grid(pictures: np.ndarray) -> np.ndarray:
    """Join a grid of pictures without gaps: (R, K, H, W, 3) -> (R·H, K·W, 3)."""
    rows, columns, height, width, channels = pictures.shape
    return pictures.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def quantise(picture: np.ndarray, step: int = 8) -> np.ndarray:
    """Quantise grey levels, which halves the PNG size of a noisy generated picture.

    Args:
        picture: uint8, any shape.
        step: levels become multiples of it; 0 and 255 are kept.

    Returns:
        uint8, the same shape.
    """
    rounded = (picture.astype(int) + step // 2) // step * step
    return rounded.clip(0, 255).astype(np.uint8)


def bare_picture(ax: Axes, image: np.ndarray, text: str) -> None:
    """Show a picture without ticks and spines.

    Args:
        ax: where to draw.
        image: (H, W, 3) uint8, or (h, w) float, drawn in false colours.
        text: title of the picture.
    """
    ax.imshow(image, interpolation="nearest", cmap="magma")
    ax.set_title(text, fontsize=9, color=INK)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def _wrapped(titles: Sequence[str], side: float) -> list[str]:
    """Wrap titles to the width of a picture of `side` inches."""
    return [
        "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, int(13 * side)))
        for text in titles
    ]


def _channel_sheet(channels: np.ndarray) -> np.ndarray:
    """Join 16 channels (16, h, w) as 4 × 4 tiles, each divided by its own maximum."""
    scaled = channels / np.maximum(channels.max(axis=(1, 2), keepdims=True), 1e-9)
    gap = max(1, channels.shape[1] // 8)
    return _tiled(scaled, int(len(channels) ** 0.5), gap, np.nan)


def _tiled(
    pictures: Sequence[np.ndarray] | np.ndarray, columns: int, gap: int, background: float
) -> np.ndarray:
    """Join N pictures (H, W, ...) of one size and type, row by row, with gaps."""
    height, width, *channels = pictures[0].shape
    rows = -(-len(pictures) // columns)
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, *channels)
    sheet = np.full(size, background, pictures[0].dtype)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top, left = row * (height + gap), column * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet
