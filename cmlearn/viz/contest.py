"""Figures of clouds of points in the course of a training, over the points that are true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

INK = "#333344"
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
