"""Figures of a latent space: where pictures lie in it, with what is drawn from it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from cmlearn.data.images import resize

INK = "#333344"
FAINT = "#e9e9ef"
# Dark enough for white; told apart by their shape, too.
GROUP_MARKS = (("#8a5a00", "o"), ("#1d5fa8", "^"), ("#b3261e", "s"), ("#2e7d32", "D"))


def latent_plane(
    codes: np.ndarray,
    groups: Sequence[str],
    pictures: np.ndarray,
    extent: tuple[float, float, float, float],
    title: str,
) -> Figure:
    """Draw where pictures lie in a plane, beside what is decoded from each part of it.

    Args:
        codes: (N, 2), the codes of N pictures.
        groups: N names; each name gets a colour and a mark.
        pictures: (R, K, H, W, 3) uint8, decoded from a grid of R × K points, the top row first.
        extent: left, right, bottom and top of that grid.
        title: what to see.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.8), layout="constrained")
    named = np.asarray(groups)
    for name, (colour, mark) in zip(sorted(set(groups)), GROUP_MARKS, strict=False):
        chosen = codes[named == name]
        left.scatter(*chosen.T, s=7, c=colour, marker=mark, label=name, linewidths=0)
    left.add_patch(plt.Rectangle((extent[0], extent[2]), *_size(extent), fill=False, ec=INK))
    left.legend(fontsize=9, markerscale=2)
    left.set_title("codes of pictures", fontsize=10, color=INK)
    left.grid(color=FAINT)
    laid = mosaic(pictures)
    half = resize(laid, (laid.shape[0] // 2, laid.shape[1] // 2))  # as many pixels as are shown
    right.imshow(fewer_levels(half), extent=extent, interpolation="nearest", aspect="auto")
    right.set_title("what is decoded from each point of the box", fontsize=10, color=INK)
    for ax in (left, right):
        ax.set(xlabel="z₁", ylabel="z₂")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def picture_rows(
    rows: Mapping[str, np.ndarray | Sequence[np.ndarray]],
    title: str,
    columns: Sequence[str] | None = None,
    side: float = 0.6,
) -> Figure:
    """Draw named rows of pictures under one another.

    Args:
        rows: what stands before a row, to its K pictures (H, W, 3) uint8.
        title: what to see.
        columns: what stands above each of the K columns.
        side: width of a picture in inches.
    """
    count = max(len(pictures) for pictures in rows.values())
    above = 0.18 * max(text.count("\n") + 1 for text in columns) if columns else 0
    labels = [textwrap.fill(name, 24) for name in rows]
    widest = max(len(line) for label in labels for line in label.split("\n"))
    size = (side * count + 0.09 * widest, (side + 0.05) * len(rows) + above + 0.4)
    figure, axes = plt.subplots(len(rows), count, figsize=size, squeeze=False, layout="constrained")
    for row, label, pictures in zip(axes, labels, rows.values(), strict=True):
        place = {"transform": row[0].transAxes, "ha": "right", "va": "center"}
        row[0].text(-0.1, 0.5, label, fontsize=9.5, color=INK, **place)
        for ax, picture in zip(row, pictures, strict=False):
            ax.imshow(fewer_levels(np.asarray(picture)), interpolation="nearest")
    for ax in axes.flat:
        ax.axis("off")
    for ax, text in zip(axes[0], columns or (), strict=False):
        ax.set_title(text, fontsize=8.5, color=INK)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def term_panels(
    terms: Mapping[str, np.ndarray], title: str, logarithmic: Sequence[str] = ()
) -> Figure:
    """Draw each term of a training beside the others, each on its own scale.

    Args:
        terms: name, with its unit, to one value per step.
        title: what to see.
        logarithmic: the names whose axis goes by powers of ten.
    """
    size = (3.2 * len(terms), 2.9)
    figure, axes = plt.subplots(1, len(terms), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, values) in zip(axes[0], terms.items(), strict=True):
        ax.plot(np.arange(1, len(values) + 1), values, color="#1d5fa8", lw=1)
        ax.set_yscale("log" if name in logarithmic else "linear")
        ax.set(xlabel="step", ylabel=name)
        ax.grid(color=FAINT)
        ax.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def scatter_panels(panels: Mapping[str, np.ndarray], title: str, reach: float = 4.0) -> Figure:
    """Draw clouds of points beside one another, all on the same scale.

    Args:
        panels: what stands above a cloud, to its points (N, 2).
        title: what to see.
        reach: both axes go from -reach to reach.
    """
    size = (2.6 * len(panels), 3.1)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, points) in zip(axes[0], panels.items(), strict=True):
        ax.scatter(*points.T, s=4, c="#1d5fa8", alpha=0.5, linewidths=0)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="z₁", ylabel="z₂", aspect="equal")
        ax.set_title(name, fontsize=10, color=INK)
        ax.grid(color=FAINT)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def mosaic(pictures: np.ndarray) -> np.ndarray:
    """Lay a grid of pictures into one: (R, K, H, W, 3) -> (R·H, K·W, 3)."""
    rows, columns, height, width, channels = pictures.shape
    return pictures.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def fewer_levels(picture: np.ndarray, step: int = 8) -> np.ndarray:
    """Round uint8 values to multiples of `step`: the noise that models draw halves as a PNG."""
    rounded = (picture.astype(int) + step // 2) // step * step
    return rounded.clip(0, 255).astype(np.uint8)


def _size(extent: tuple[float, float, float, float]) -> tuple[float, float]:
    left, right, bottom, top = extent
    return right - left, top - bottom
