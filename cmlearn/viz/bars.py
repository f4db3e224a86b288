"""Figures of shares as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

INK = "#333344"


def percent_bars(
    shares: Mapping[str, float | Sequence[float]],
    title: str,
    axis: str,
    chance: float | None = None,
) -> Figure:
    """Draw a share for each name, as a bar at the mean with a dot for each value.

    Args:
        shares: name to a share from 0 to 1, or to several (one for each seed).
        title: what to see.
        axis: what the percentages are of.
        chance: the share that guessing gets, drawn as a line.
    """
    top = -0.5 if chance is None else -0.9  # the line of guessing has its name above the bars
    figure, axes = plt.subplots(figsize=(8, 0.5 * (len(shares) - 0.5 - top) + 0.85))
    for y, values in enumerate(shares.values()):
        percent = 100 * np.atleast_1d(values)
        axes.barh(y, percent.mean(), height=0.6, color="#b9d6f2")
        if len(percent) > 1:
            axes.plot(percent, [y] * len(percent), "o", color="#1d5fa8", ms=4, clip_on=False)
        axes.text(102, y, f"{percent.mean():.0f} %", va="center", color=INK)
    if chance is not None:
        axes.axvline(100 * chance, color="#b3261e", ls="--", lw=1)
        axes.text(100 * chance, -0.6, " guessing", color="#b3261e", va="center", fontsize=9)
    axes.set_yticks(range(len(shares)), list(shares))
    axes.set_xlim(0, 100)
    axes.set_ylim(len(shares) - 0.5, top)
    axes.set_xlabel(axis)
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
