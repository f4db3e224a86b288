"""Figures that compare the outputs and scores of several models."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cmlearn.viz.style import GREEN, INK, LIGHT_RED, RED

NAME_WIDTH = 1.75  # width of the first column, relative to the others
MAX_CHARACTERS = 18  # in a line of a caption
LINE_HEIGHT = 0.115  # of a caption, in inches

Row = Mapping[str, float | None]


def text_to_image_board(
    captions: Sequence[str],
    outputs: Mapping[str, Sequence[tuple[np.ndarray, bool]]],
    scores: Mapping[str, Row],
) -> Figure:
    """Draw captions above a row of generated images for each text-to-image model.

    Args:
        captions: N captions.
        outputs: model's name -> its N images (H, W, 3) uint8, each with whether it matches.
        scores: model's name -> test, novel and coverage (0 to 1), and seconds of training (None if
            shipped).
    """
    figure, grid = _grid(len(captions), [0.62, *[1.08] * len(outputs)])
    for ax, caption in zip(grid[0, 1:], captions, strict=True):
        ax.text(0.5, 0.0, _wrapped(caption, 19), ha="center", va="bottom", fontsize=7, color=INK)
    for axes, (name, images) in zip(grid[1:], outputs.items(), strict=True):
        _write_scores(axes[0], name, scores[name], "variety")
        for ax, (image, true) in zip(axes[1:], images, strict=True):
            ax.imshow(image, interpolation="nearest")
            ax.add_patch(_frame(image, GREEN if true else RED))
    figure.suptitle("Text to image: green if the whole caption is true", fontsize=11, color=INK)
    return figure


def image_to_text_board(
    images: Sequence[np.ndarray],
    outputs: Mapping[str, Sequence[Sequence[tuple[str, bool]]]],
    scores: Mapping[str, Row],
) -> Figure:
    """Draw images above a row of generated captions for each image-to-text model.

    Args:
        images: N images (H, W, 3) uint8.
        outputs: model's name -> its N captions, as lists of words, each with whether it is true.
        scores: as `text_to_image_board` takes them.
    """
    lines = {
        name: max(y + 1 for words in rows for y, *_ in _word_positions(words))
        for name, rows in outputs.items()
    }
    heights = [1.08, *(max(0.62, 0.14 + LINE_HEIGHT * count) for count in lines.values())]
    figure, grid = _grid(len(images), heights)
    for ax, image in zip(grid[0, 1:], images, strict=True):
        ax.imshow(image, interpolation="nearest")
    for axes, (name, rows) in zip(grid[1:], outputs.items(), strict=True):
        _write_scores(axes[0], name, scores[name], "coverage")
        for ax, words in zip(axes[1:], rows, strict=True):
            _write_caption(ax, words)
    figure.suptitle("Image to text: false words in red", fontsize=11, color=INK)
    return figure


def _grid(columns: int, heights: Sequence[float]) -> tuple[Figure, np.ndarray]:
    """Return axes with a row for each height, in inches, and a first column for the names."""
    figure, grid = plt.subplots(
        len(heights),
        columns + 1,
        figsize=(1.12 * (columns + NAME_WIDTH), sum(heights) + 0.4),
        width_ratios=[NAME_WIDTH, *[1.0] * columns],
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for ax in grid.flat:
        ax.axis("off")
    return figure, grid


def _write_scores(ax: Axes, name: str, row: Row, coverage_label: str) -> None:
    seconds = "shipped" if row["seconds"] is None else f"trained {row['seconds']:.0f} s"
    # One decimal: 99.9 % is not 100 %.
    scores = f"true: test {_percent(row['test'])}, novel {_percent(row['novel'])}"
    rest = f"{coverage_label} {100 * (row['coverage'] or 0):.0f} %, {seconds}"
    ax.text(0, 0.72, name, fontsize=8.5, color=INK, weight="bold", va="center")
    ax.text(0, 0.42, scores, fontsize=7, color=INK, va="center")
    ax.text(0, 0.18, rest, fontsize=7, color=INK, va="center")


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.1f} %"


def _frame(image: np.ndarray, colour: str) -> plt.Rectangle:
    height, width = image.shape[:2]
    return plt.Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=colour, lw=3)


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))


def _word_positions(words: Sequence[tuple[str, bool]]) -> list[tuple[int, int, str, bool]]:
    """Return (line, column in characters, word, whether it is true) of each word."""
    placed, y, x = [], 0, 0
    for word, true in words:
        if x and x + len(word) > MAX_CHARACTERS:
            y, x = y + 1, 0
        placed.append((y, x, word, true))
        x += len(word) + 1
    return placed


def _write_caption(ax: Axes, words: Sequence[tuple[str, bool]]) -> None:
    for y, x, word, true in _word_positions(words):
        ax.annotate(
            word,
            (0, 1),
            (x * 4.2 + 1, -72 * (LINE_HEIGHT * (y + 1))),
            xycoords="axes fraction",
            textcoords="offset points",
            family="monospace",
            fontsize=6.8,
            color=INK if true else RED,
            weight="normal" if true else "bold",
            bbox=None if true else {"facecolor": LIGHT_RED, "edgecolor": "none", "pad": 0.5},
        ).set_in_layout(False)
