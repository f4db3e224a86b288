"""Figures of shares side by side, group by group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

INK = "#333344"
# Told apart by their brightness, too.
COLOURS = ("#c7c7d1", "#f2b36b", "#1d5fa8", "#7b1fa2")


def grouped_percent_bars(
    shares: Mapping[str, Mapping[str, float]], title: str, axis: str
) -> Figure:
    """Draw a bar for each member of each group, with its share above it.

    Args:
        shares: who is compared, to the group's name, to a share from 0 to 1; NaN is left out.
        title: what to see.
        axis: what the percentages are of.
    """
    groups = list(next(iter(shares.values())))
    width = 0.8 / len(shares)
    figure, axes = plt.subplots(figsize=(max(6.0, 1.35 * len(groups)), 3.2), layout="constrained")
    for n, ((name, of), colour) in enumerate(zip(shares.items(), COLOURS, strict=False)):
        x = np.arange(len(groups)) + (n - (len(shares) - 1) / 2) * width
        percent = 100 * np.array([of[group] for group in groups])
        axes.bar(x, np.nan_to_num(percent), width * 0.94, label=name, color=colour)
        for place, value in zip(x, percent, strict=True):
            if np.isfinite(value):
                text = f"{value:.0f}"
                axes.text(place, value + 1.5, text, ha="center", fontsize=8, color=INK)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(ylim=(0, 108), ylabel=axis)
    axes.tick_params(axis="x", length=0)
    axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
