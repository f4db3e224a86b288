"""Charts of numbers: curves, bars, tables of shares and score panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cmlearn.viz.style import (
    BLUE,
    EDGE,
    FAINT,
    INK,
    LIGHT_BLUE,
    LIGHT_GREEN,
    LIGHT_ORANGE,
    PURPLE,
    RED,
    SERIES,
    label_axes,
)

AXES_HEIGHT, LINE = 180, 12  # approximate height of the axes and of a label, in points
GROUP_FILLS = (EDGE, LIGHT_ORANGE, BLUE, PURPLE)  # their brightness differs, too


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
        series: name to (N,) values.
        title: title of the figure.
        x: label of the horizontal axis.
        y: label of the vertical axis, with the unit.
        places: (N,) horizontal coordinates of the values; by default 1 to N.
        smooth: width of the trailing moving average, in values.
        log: use a logarithmic vertical axis, and a horizontal one if `places` are given.
    """
    figure, axes = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
    ends, at = {}, places
    for number, (name, values) in enumerate(series.items()):
        steps = np.arange(1, len(values) + 1) if at is None else np.asarray(at)
        smoothed = _running_mean(np.asarray(values, float), smooth)
        colour = SERIES[number % len(SERIES)]
        marker = "o" if at is not None else ""
        axes.plot(steps[len(steps) - len(smoothed) :], smoothed, marker=marker, color=colour, ms=4)
        ends[name] = (steps[-1], smoothed[-1], colour)
    if log:
        axes.set_yscale("log")
    if at is not None:
        if log:
            axes.set_xscale("log", base=2)
        axes.set_xticks(at, [f"{step:g}" for step in at])
        axes.minorticks_off()
    _name_at_end(axes, ends)
    axes.grid(color=FAINT)
    label_axes(axes, title, x, y)
    return figure


def learning_curves(
    series: Mapping[str, Sequence[float] | np.ndarray], steps: Sequence[float], title: str, y: str
) -> Figure:
    """Draw values that were measured after some steps of a training.

    Args:
        series: name to (N,) values.
        steps: N numbers of steps.
        title: title of the figure.
        y: label of the vertical axis, with the unit.
    """
    return curves(series, title, "steps", y, places=steps)


def loss_panels(
    terms: Mapping[str, np.ndarray], title: str, logarithmic: Sequence[str] = ()
) -> Figure:
    """Draw the terms of a loss side by side over training, each on its own scale.

    Args:
        terms: name with unit to (steps,) values.
        title: title of the figure.
        logarithmic: names of the terms with a logarithmic axis.
    """
    size = (3.2 * len(terms), 2.9)
    figure, axes = plt.subplots(1, len(terms), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, values) in zip(axes[0], terms.items(), strict=True):
        ax.plot(np.arange(1, len(values) + 1), values, color=BLUE, lw=1)
        ax.set_yscale("log" if name in logarithmic else "linear")
        ax.grid(color=FAINT)
        label_axes(ax, x="step", y=name)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def trade_off(points: Mapping[str, tuple[float, float]], title: str, x: str, y: str) -> Figure:
    """Draw points that trade one quantity for another, joined in order.

    Args:
        points: label of a point to its two coordinates.
        title: title of the figure.
        x: label of the horizontal axis, with the unit.
        y: label of the vertical axis, with the unit.
    """
    figure, axes = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
    xs, ys = zip(*points.values(), strict=True)
    axes.plot(xs, ys, marker="o", color=BLUE)
    for label, point in points.items():
        axes.annotate(label, point, (6, 6), textcoords="offset points", fontsize=9, color=INK)
    axes.margins(0.15)
    axes.grid(color=FAINT)
    label_axes(axes, title, x, y)
    return figure


def loss_terms(history: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw the terms of a loss as lines on one scale.

    Args:
        history: name to (steps,) values, in nats per pair.
        title: title of the figure.
    """
    figure, axes = plt.subplots(figsize=(6, 3))
    for (name, values), colour in zip(history.items(), SERIES, strict=False):
        axes.plot(values, label=name, color=colour, lw=1)
    axes.legend(frameon=False)
    axes.grid(color=FAINT)
    label_axes(axes, title, "step", "nats per pair")
    return figure


def percent_bars(
    shares: Mapping[str, float | Sequence[float]],
    title: str,
    axis: str,
    chance: float | None = None,
) -> Figure:
    """Draw a bar for each mean share, with a dot for each value if there are several.

    Args:
        shares: name to a share from 0 to 1, or to several, one for each seed.
        title: title of the figure.
        axis: label of the horizontal axis, in %.
        chance: chance level, 0 to 1, drawn as a line.
    """
    top = -0.5 if chance is None else -0.9  # the label of the chance level is above the bars
    figure, axes = plt.subplots(figsize=(8, 0.5 * (len(shares) - 0.5 - top) + 0.85))
    for y, values in enumerate(shares.values()):
        percent = 100 * np.atleast_1d(values)
        axes.barh(y, percent.mean(), height=0.6, color=LIGHT_BLUE)
        if len(percent) > 1:
            axes.plot(percent, [y] * len(percent), "o", color=BLUE, ms=4, clip_on=False)
        axes.text(102, y, f"{percent.mean():.0f} %", va="center", color=INK)
    if chance is not None:
        axes.axvline(100 * chance, color=RED, ls="--", lw=1)
        axes.text(100 * chance, -0.6, " chance level", color=RED, va="center", fontsize=9)
    axes.set_yticks(range(len(shares)), list(shares))
    axes.set_xlim(0, 100)
    axes.set_ylim(len(shares) - 0.5, top)
    label_axes(axes, title, axis)
    return figure


def grouped_percent_bars(
    shares: Mapping[str, Mapping[str, float]], title: str, axis: str
) -> Figure:
    """Draw groups of bars, one bar for each model, with its share above it.

    Args:
        shares: model to (group to a share from 0 to 1); NaN is left out. All models have the same
            groups; at most four models are drawn.
        title: title of the figure.
        axis: label of the vertical axis, in %.
    """
    groups = list(next(iter(shares.values())))
    width = 0.8 / len(shares)
    figure, axes = plt.subplots(figsize=(max(6.0, 1.35 * len(groups)), 3.2), layout="constrained")
    for n, ((name, row), colour) in enumerate(zip(shares.items(), GROUP_FILLS, strict=False)):
        x = np.arange(len(groups)) + (n - (len(shares) - 1) / 2) * width
        percent = 100 * np.array([row[group] for group in groups])
        axes.bar(x, np.nan_to_num(percent), width * 0.94, label=name, color=colour)
        for centre, value in zip(x, percent, strict=True):
            if np.isfinite(value):
                text = f"{value:.0f}"
                axes.text(centre, value + 1.5, text, ha="center", fontsize=8, color=INK)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylim(0, 108)
    axes.tick_params(axis="x", length=0)
    axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    label_axes(axes, title, y=axis)
    return figure


def label_accuracy_bars(
    shares: Mapping[str, float], base: Mapping[str, float], title: str
) -> Figure:
    """Draw the accuracy of each label as a column, with the majority-class baseline as a line.

    Args:
        shares: label to accuracy, 0 to 1.
        base: label to the accuracy of its more frequent class, 0 to 1.
        title: title of the figure.
    """
    figure, axes = plt.subplots(figsize=(9, 2.9), layout="constrained")
    words = list(shares)
    axes.bar(words, [100 * shares[word] for word in words], color=LIGHT_BLUE, width=0.75)
    for x, word in enumerate(words):
        line = [100 * base[word]] * 2
        label = "majority class" if x == 0 else None
        axes.plot([x - 0.4, x + 0.4], line, color=RED, lw=1.5, label=label)
    axes.tick_params(axis="x", labelrotation=60, labelsize=9)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    axes.set_ylim(0, 100)
    axes.set_xlim(-0.6, len(words) - 0.4)
    axes.legend(frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1, 1))
    label_axes(axes, title, y="accuracy, % of pictures")
    return figure


def share_table(
    rows: Mapping[str, Mapping[str, float]], guesses: Mapping[str, float], title: str
) -> Figure:
    """Draw a table of accuracies; a cell is darker the more it exceeds the chance level.

    Args:
        rows: question to (column to accuracy, 0 to 1); all rows have the same columns.
        guesses: question to its chance level, 0 to 1.
        title: title of the figure.
    """
    names = list(next(iter(rows.values())))
    figure, axes = plt.subplots(figsize=(1.2 * len(names) + 3.6, 0.5 * len(rows) + 1.2))
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
    axes.set_xticks(np.arange(len(names) + 1) + 0.5, [*names, "chance level"])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=11, color=INK, loc="left", pad=12)
    return figure


def score_panels(
    scores: Mapping[str, Mapping[str, float]],
    title: str,
    *,
    best: Mapping[str, float] | None = None,
    truth: str = "all true",
) -> Figure:
    """Draw one panel of bars for each metric, with the same candidates in each.

    Args:
        scores: candidate to (metric to score); all candidates have the same metrics.
        title: title of the figure.
        best: metric to the end of its axis, where it is not 1.
        truth: the metric drawn in another colour, because it measures truth and not overlap.
    """
    names, candidates = list(next(iter(scores.values()))), list(scores)
    size = (1.5 * len(names) + 2.4, 0.34 * len(candidates) + 1.1)
    figure, panels = plt.subplots(1, len(names), figsize=size, sharey=True, layout="constrained")
    for axes, name in zip(np.atleast_1d(panels), names):
        values = [scores[candidate][name] for candidate in candidates]
        axes.barh(
            candidates, values, height=0.65, color=LIGHT_GREEN if name == truth else LIGHT_BLUE
        )
        end = (best or {}).get(name, 1)
        for y, value in enumerate(values):
            axes.text(0.03 * end, y, _number(value, end), va="center", fontsize=9, color=INK)
        axes.set_xlim(0, end)
        axes.set_title(name, fontsize=9.5, color=INK)
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    np.atleast_1d(panels)[0].invert_yaxis()
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _number(value: float, end: float) -> str:
    """Format a value for an axis that ends at `end`: 47 %, 2.42 or 620."""
    if end <= 1:
        return f"{100 * value:.0f} %"
    return f"{value:.2f}" if end < 100 else f"{value:.0f}"


def _name_at_end(axes: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write each name at the end of its line, moved up where names would overlap."""
    axes.autoscale_view()  # sets the limits, which the transform below needs
    low = -np.inf
    for name, (x, y, colour) in sorted(ends.items(), key=lambda item: item[1][1]):
        height = AXES_HEIGHT * (axes.transData + axes.transAxes.inverted()).transform((x, y))[1]
        low = max(height, low + LINE)
        label = axes.annotate(name, (x, y), (6, low - height), textcoords="offset points")
        label.set(va="center", color=colour, fontsize=9)


def _running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Return trailing means of `width` values: (N,) -> (N - width + 1,)."""
    width = max(1, min(width, len(values)))
    return np.convolve(values, np.full(width, 1 / width), mode="valid")
