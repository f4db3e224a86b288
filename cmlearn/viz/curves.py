"""Figures of one number against another, as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#333344"
FAINT = "#e9e9ef"
AXES_HEIGHT, LINE = 180, 12  # about how high the axes and a name are, in typographic points
# Dark enough to be read as text on white.
LINE_COLOURS = ("#b3261e", "#1d5fa8", "#2e7d32", "#8a5a00", "#7b1fa2", "#00757d")


def curves(
    series: Mapping[str, Sequence[float] | np.ndarray],
    title: str,
    x: str,
    y: str,
    *,
    places: Sequence[float] | None = None,
    smooth: int = 1,
    log: bool = False,
) -> Figure:
    """Draw each series as a line with its name at the end.

    Args:
        series: name to its values.
        title: what to see.
        x: what the horizontal axis counts.
        y: what the vertical axis measures, with its unit.
        places: where the values stand on the horizontal axis; by default 1, 2, 3 ...
        smooth: each point is the mean of so many values that lead up to it.
        log: draw the vertical axis, and given places too, by powers.
    """
    figure, axes = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
    ends = {}
    for number, (name, values) in enumerate(series.items()):
        steps = np.arange(1, len(values) + 1) if places is None else np.asarray(places)
        smoothed = _running_mean(np.asarray(values, float), smooth)
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        marker = "o" if places is not None else ""
        axes.plot(steps[len(steps) - len(smoothed) :], smoothed, marker=marker, color=colour, ms=4)
        ends[name] = (steps[-1], smoothed[-1], colour)
    if log:
        axes.set_yscale("log")
    if places is not None:
        if log:
            axes.set_xscale("log", base=2)
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.minorticks_off()
    _name_at_end(axes, ends)
    axes.grid(color=FAINT)
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.set(xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _name_at_end(axes: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write each name at the end of its line, no name over another."""
    axes.autoscale_view()  # or else the places of the ends are not known yet
    low = -np.inf
    for name, (x, y, colour) in sorted(ends.items(), key=lambda item: item[1][1]):
        height = AXES_HEIGHT * (axes.transData + axes.transAxes.inverted()).transform((x, y))[1]
        low = max(height, low + LINE)
        label = axes.annotate(name, (x, y), (6, low - height), textcoords="offset points")
        label.set(va="center", color=colour, fontsize=9)


def _running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Means of `width` neighbours: (N,) -> (N - width + 1,)."""
    width = max(1, min(width, len(values)))
    return np.convolve(values, np.full(width, 1 / width), mode="valid")
