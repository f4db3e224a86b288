"""Figures of sentences beside the pictures that they become or came from."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#333344"
BLUE = "#1d5fa8"
GREEN, RED = "#2c7a3f", "#b3261e"
TEXT_WIDTH = 1.45  # of a column of words, in pictures


def loop_rows(
    captions: Sequence[str], drawn: Sequence[np.ndarray], said: Sequence[str], title: str
) -> Figure:
    """Draw a row for each sentence: what was asked, the pictures drawn, what was said of the first.

    Args:
        captions: N sentences.
        drawn: for each its K pictures, (K, H, W, 3) uint8.
        said: N sentences about the first picture of each.
        title: what to see.
    """
    count, pictures = len(captions), len(drawn[0])
    figure, grid = plt.subplots(
        count,
        pictures + 2,
        figsize=(3.9 + 1.35 * pictures, 1.42 * count + 0.65),
        width_ratios=[TEXT_WIDTH, *[1.0] * pictures, TEXT_WIDTH],
        squeeze=False,
        layout="constrained",
    )
    for row, caption, some, sentence in zip(grid, captions, drawn, said, strict=True):
        _words(row[0], f"“{caption}”", INK)
        for ax, picture in zip(row[1:-1], some, strict=True):
            ax.imshow(picture, interpolation="nearest")
            ax.axis("off")
        _words(row[-1], f"“{sentence}”", BLUE)
        row[1].add_patch(
            plt.Rectangle((-0.5, -0.5), *some[0].shape[1::-1], fill=False, ec=BLUE, lw=4)
        )
    _head(grid[0, 0], "a sentence")
    _head(grid[0, 1], "pictures drawn from it", pictures)
    _head(grid[0, -1], "the framed one, described")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def claims_beside(
    picture: np.ndarray, claims: Sequence[tuple[str, bool, bool]], title: str
) -> Figure:
    """Draw a picture beside a table of claims: true of the picture? said again afterwards?

    Args:
        picture: (H, W, 3) uint8.
        claims: what is claimed; whether the picture shows it; whether it was said again.
        title: what to see.
    """
    height = max(2.4, 0.3 * len(claims) + 0.9)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7.6, height), width_ratios=[1, 2.2], layout="constrained"
    )
    left.imshow(picture, interpolation="nearest")
    left.axis("off")
    right.axis("off")
    right.set(xlim=(0, 3), ylim=(len(claims) + 0.1, -1))
    for x, head in ((0.1, "claim"), (1.6, "shown"), (2.4, "said again")):
        right.text(x, -0.5, head, va="center", fontsize=9.5, color=INK, style="italic")
    for y, (claim, shown, again) in enumerate(claims):
        right.text(0.1, y + 0.4, claim, va="center", fontsize=10, color=INK)
        for x, true in ((1.6, shown), (2.4, again)):
            mark, colour = ("yes", GREEN) if true else ("no", RED)
            right.text(x, y + 0.4, mark, va="center", fontsize=10, color=colour)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _head(ax: Axes, text: str, over: int = 1) -> None:
    """A column's name, centred over `over` axes that begin with `ax`."""
    if over == 1:
        ax.set_title(text, fontsize=9, color=INK, style="italic")
        return
    name = ax.annotate(
        text, (over / 2, 1), (0, 6), "axes fraction", "offset points", ha="center", color=INK,
        fontsize=9, style="italic", annotation_clip=False,
    )  # fmt: skip
    name.set_in_layout(False)  # it reaches over the next axes, which would make room for it


def _words(ax: Axes, text: str, colour: str) -> None:
    ax.axis("off")
    ax.set_box_aspect(1 / TEXT_WIDTH)  # as high as the pictures
    wrapped = "\n".join(textwrap.wrap(text, 24))
    ax.text(
        0.5, 0.5, wrapped, ha="center", va="center", transform=ax.transAxes, fontsize=9.5,
        color=colour,
    )  # fmt: skip
