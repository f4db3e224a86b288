"""Figures of a latent space: codes, decoded grids and point clouds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from cmlearn.data.images import resize
from cmlearn.viz.images import join_grid, quantise
from cmlearn.viz.style import BLUE, BROWN, FAINT, GREEN, INK, RED

# Dark on white; the markers differ, too.
GROUP_MARKS = ((BROWN, "o"), (BLUE, "^"), (RED, "s"), (GREEN, "D"))


def latent_plane(
    codes: np.ndarray,
    groups: Sequence[str],
    pictures: np.ndarray,
    extent: tuple[float, float, float, float],
    title: str,
) -> Figure:
    """Draw the codes of pictures in a latent plane, beside pictures decoded from a grid over it.

    Args:
        codes: (N, 2) float.
        groups: N group names; each group has its colour and marker, four at most are drawn.
        pictures: (R, K, H, W, 3) uint8, decoded from a grid of R × K points, the top row first.
        extent: left, right, bottom and top of the grid, in latent coordinates.
        title: title of the figure.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.8), layout="constrained")
    named = np.asarray(groups)
    for name, (colour, mark) in zip(sorted(set(groups)), GROUP_MARKS, strict=False):
        chosen = codes[named == name]
        left.scatter(*chosen.T, s=7, c=colour, marker=mark, label=name, linewidths=0)
    x, x_end, y, y_end = extent
    left.add_patch(plt.Rectangle((x, y), x_end - x, y_end - y, fill=False, ec=INK))
    left.legend(fontsize=9, markerscale=2)
    left.set_title("latent codes", fontsize=10, color=INK)
    left.grid(color=FAINT)
    grid = join_grid(pictures)
    half = resize(grid, (grid.shape[0] // 2, grid.shape[1] // 2))  # the resolution of the figure
    right.imshow(quantise(half), extent=extent, interpolation="nearest", aspect="auto")
    right.set_title("decoded from a grid over the box", fontsize=10, color=INK)
    for ax in (left, right):
        ax.set(xlabel="z₁", ylabel="z₂")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def scatter_panels(panels: Mapping[str, np.ndarray], title: str, reach: float = 4.0) -> Figure:
    """Draw point clouds side by side on the same scale.

    Args:
        panels: title of a panel to its points (N, 2) float.
        title: title of the figure.
        reach: both axes range from -reach to reach.
    """
    size = (2.6 * len(panels), 3.1)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, points) in zip(axes[0], panels.items(), strict=True):
        ax.scatter(*points.T, s=4, c=BLUE, alpha=0.5, linewidths=0)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="z₁", ylabel="z₂", aspect="equal")
        ax.set_title(name, fontsize=10, color=INK)
        ax.grid(color=FAINT)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure
