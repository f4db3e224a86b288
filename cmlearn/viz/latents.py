"""Figures of a latent space: where pictures lie in it, with what is drawn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from cmlearn.data.images import resize
from cmlearn.viz.images import fewer_levels, mosaic
from cmlearn.viz.style import FAINT, INK

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


def _size(extent: tuple[float, float, float, float]) -> tuple[float, float]:
    left, right, bottom, top = extent
    return right - left, top - bottom


TRUE, DRAWN = "#f0b429", "#1d5fa8"


def cloud_rows(
    rows: Mapping[str, Sequence[np.ndarray]],
    true: np.ndarray,
    columns: Sequence[str],
    title: str,
    reach: float = 3.0,
) -> Figure:
    """Draw named rows of clouds, all on one scale and over the same true points.

    Args:
        rows: what stands before a row, to its K clouds (N, 2).
        true: (M, 2), drawn below each cloud in another colour.
        columns: what stands above each of the K columns.
        title: what to see.
        reach: both axes go from -reach to reach.
    """
    size = (1.55 * len(columns) + 1.0, 1.62 * len(rows) + 0.5)
    shape = (len(rows), len(columns))
    figure, axes = plt.subplots(*shape, figsize=size, squeeze=False, layout="constrained")
    for row, (name, clouds) in zip(axes, rows.items(), strict=True):
        for ax, cloud in zip(row, clouds, strict=True):
            ax.scatter(*true.T, s=9, c=TRUE, linewidths=0)
            ax.scatter(*cloud.T, s=3, c=DRAWN, alpha=0.6, linewidths=0)
            ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
            ax.spines[:].set_color("#c9c9d4")
        row[0].set_ylabel(name, fontsize=9.5, color=INK)
    for ax, text in zip(axes[0], columns, strict=True):
        ax.set_title(text, fontsize=9, color=INK)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure
