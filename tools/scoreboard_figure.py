"""Figures of many models at the same task: what each made of it beside its scores."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#333344"
GREEN, RED = "#2c7a3f", "#b3261e"
TINT = "#f9dedb"
NAME_WIDTH = 1.75  # of the column of names and scores, in pictures
LETTERS = 18  # in a line below a picture
LINE = 0.115  # inches from line to line of what is said

Row = Mapping[str, float | None]


def painters_board(
    prompts: Sequence[str],
    drawn: Mapping[str, Sequence[tuple[np.ndarray, bool]]],
    scores: Mapping[str, Row],
) -> Figure:
    """Draw a row of pictures for each text → image model, under the sentences they are for.

    Args:
        prompts: N sentences.
        drawn: model's name to its N pictures (H, W, 3) uint8, each with whether it is all true.
        scores: model's name to test, novel and coverage (0 to 1) and seconds (None if shipped).
    """
    figure, grid = _grid(len(prompts), [0.62, *[1.08] * len(drawn)])
    for ax, prompt in zip(grid[0, 1:], prompts, strict=True):
        ax.text(0.5, 0.0, _wrapped(prompt, 19), ha="center", va="bottom", fontsize=7, color=INK)
    for axes, (name, pictures) in zip(grid[1:], drawn.items(), strict=True):
        _name(axes[0], name, scores[name], "different")
        for ax, (picture, true) in zip(axes[1:], pictures, strict=True):
            ax.imshow(picture, interpolation="nearest")
            ax.add_patch(_frame(picture, GREEN if true else RED))
    figure.suptitle("Text → image: green where all is true that was asked", fontsize=11, color=INK)
    return figure


def tellers_board(
    images: Sequence[np.ndarray],
    said: Mapping[str, Sequence[Sequence[tuple[str, bool]]]],
    scores: Mapping[str, Row],
) -> Figure:
    """Draw a row of sentences for each image → text model, under the pictures they are about.

    Args:
        images: N pictures (H, W, 3) uint8.
        said: model's name to its N sentences: words, each with whether it is true.
        scores: as `painters_board` takes them.
    """
    lines = {
        name: max(y + 1 for words in rows for y, *_ in _laid_out(words))
        for name, rows in said.items()
    }
    heights = [1.08, *(max(0.62, 0.14 + LINE * count) for count in lines.values())]
    figure, grid = _grid(len(images), heights)
    for ax, image in zip(grid[0, 1:], images, strict=True):
        ax.imshow(image, interpolation="nearest")
    for axes, (name, rows) in zip(grid[1:], said.items(), strict=True):
        _name(axes[0], name, scores[name], "said")
        for ax, words in zip(axes[1:], rows, strict=True):
            _write(ax, words)
    figure.suptitle("Image → text: red where a word is false", fontsize=11, color=INK)
    return figure


def _grid(columns: int, heights: Sequence[float]) -> tuple[Figure, np.ndarray]:
    """A row for each height, in inches, and a column of names before the others."""
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


def _name(ax: Axes, name: str, row: Row, covered: str) -> None:
    seconds = "shipped" if row["seconds"] is None else f"trained {row['seconds']:.0f} s"
    # One decimal: 99.9 % is not 100 %.
    scores = f"true: test {_percent(row['test'])}, novel {_percent(row['novel'])}"
    rest = f"{covered} {100 * (row['coverage'] or 0):.0f} %, {seconds}"
    ax.text(0, 0.72, name, fontsize=8.5, color=INK, weight="bold", va="center")
    ax.text(0, 0.42, scores, fontsize=7, color=INK, va="center")
    ax.text(0, 0.18, rest, fontsize=7, color=INK, va="center")


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.1f} %"


def _frame(picture: np.ndarray, colour: str) -> plt.Rectangle:
    height, width = picture.shape[:2]
    return plt.Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=colour, lw=3)


def _wrapped(text: str, letters: int) -> str:
    return "\n".join(textwrap.wrap(text, letters))


def _laid_out(words: Sequence[tuple[str, bool]]) -> list[tuple[int, int, str, bool]]:
    """Line and column, in letters, of each word."""
    placed, y, x = [], 0, 0
    for word, true in words:
        if x and x + len(word) > LETTERS:
            y, x = y + 1, 0
        placed.append((y, x, word, true))
        x += len(word) + 1
    return placed


def _write(ax: Axes, words: Sequence[tuple[str, bool]]) -> None:
    for y, x, word, true in _laid_out(words):
        ax.annotate(
            word,
            (0, 1),
            (x * 4.2 + 1, -72 * (LINE * (y + 1))),
            xycoords="axes fraction",
            textcoords="offset points",
            family="monospace",
            fontsize=6.8,
            color=INK if true else RED,
            weight="normal" if true else "bold",
            bbox=None if true else {"facecolor": TINT, "edgecolor": "none", "pad": 0.5},
        ).set_in_layout(False)
