"""Figures of sentences beside the pictures that they become or came from."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cmlearn.viz.style import BLUE, GREEN, INK, RED

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


MUTED = "#777788"


WARM, COLD = "#fbe3d0", "#d9e8f8"  # text → image, image → text


WARM_EDGE, COLD_EDGE = "#c4622d", "#1d5fa8"


# What each step makes, the notebook that builds it, and the shape that leaves it.
Step = tuple[str, str, str]


TEXT_TO_IMAGE: tuple[Step, ...] = (
    ("tokens, ids", "01 preprocessing", "(B, T)"),
    ("word vectors", "02 word2vec", "(B, T, D)"),
    ("VAE decoder", "03 vae", "(B, 3, 32, 32)"),
)


IMAGE_TO_TEXT: tuple[Step, ...] = (
    ("pixels, normalised", "01 preprocessing", "(B, 3, 64, 64)"),
    ("ResNet features", "04 resnet features", "(B, 256, 4, 4)"),
    ("LSTM", "05 lstm captions", "(B, T, V)"),
)


ENLARGED = "enlarged"  # what is drawn, before it is shown or looked at: 32 pixels become 64


BOX = (2.3, 1.0)  # width and height


STEPS_X = (3.65, 6.5, 9.35)  # left to right


TOP, BOTTOM = 3.0, 0.0


def course_map(sentence: str, picture: np.ndarray) -> Figure:
    """Draw both directions as one circle: a sentence on its left, a picture on its right.

    Args:
        sentence: what stands for all sentences.
        picture: (H, W, 3) uint8, what stands for all pictures.
    """
    figure, axes = plt.subplots(figsize=(10, 4.4), layout="constrained")
    axes.set(xlim=(-0.1, 13.1), ylim=(-1.15, 4.15))
    axes.axis("off")
    _sentence(axes, sentence)
    axes.imshow(picture, extent=(11.3, 13.0, 0.65, 2.35), interpolation="nearest", aspect="auto")
    axes.set(xlim=(-0.1, 13.1), ylim=(-1.15, 4.15))
    _direction(axes, TEXT_TO_IMAGE, STEPS_X, TOP, (WARM, WARM_EDGE))
    _direction(axes, IMAGE_TO_TEXT, STEPS_X[::-1], BOTTOM, (COLD, COLD_EDGE))
    _ends(axes)
    middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 11, "weight": "bold"}
    axes.text(STEPS_X[1], 1.85, "text → image", color=WARM_EDGE, **middle)
    axes.text(STEPS_X[1], 1.15, "image → text", color=COLD_EDGE, **middle)
    return figure


def _sentence(axes: Axes, sentence: str) -> None:
    lines = _broken(sentence.split(), 3)
    _box(axes, (1.05, 1.5), (2.1, 1.5), ("white", INK))
    axes.text(1.05, 1.5, f"“{lines}”", ha="center", va="center", fontsize=10, color=INK)


def _broken(words: Sequence[str], per_line: int) -> str:
    """Words in lines of `per_line`."""
    lines = [" ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
    return "\n".join(lines)


def _direction(
    axes: Axes,
    steps: Sequence[Step],
    places: Sequence[float],
    y: float,
    colours: tuple[str, str],
) -> None:
    """Three boxes from where it begins to where it ends, with arrows between them."""
    forward = 1 if places[0] < places[-1] else -1
    for x, (name, notebook, shape) in zip(places, steps, strict=True):
        _box(axes, (x, y), BOX, colours)
        axes.text(x, y + 0.17, name, ha="center", va="center", fontsize=10, color=INK)
        axes.text(x, y - 0.2, shape, ha="center", va="center", fontsize=8.5, color=MUTED)
        outside = y + 0.8 if y == TOP else y - 0.8
        axes.text(x, outside, notebook, ha="center", va="center", fontsize=9.5, color=colours[1])
    reach = forward * (BOX[0] / 2 + 0.08)
    for here, there in zip(places[:-1], places[1:], strict=True):
        _arrow(axes, (here + reach, y), (there - reach, y), colours[1])


def _ends(axes: Axes) -> None:
    """The four arrows that close the circle."""
    left, right = STEPS_X[0] - BOX[0] / 2 - 0.08, STEPS_X[-1] + BOX[0] / 2 + 0.08
    _arrow(axes, (1.05, 2.35), (left, TOP), WARM_EDGE, bend=-0.3)
    _arrow(axes, (right, TOP), (12.15, 2.45), WARM_EDGE, bend=-0.3)
    _arrow(axes, (12.15, 0.55), (right, BOTTOM), COLD_EDGE, bend=-0.3)
    _arrow(axes, (left, BOTTOM), (1.05, 0.65), COLD_EDGE, bend=-0.3)
    axes.text(12.0, 3.2, ENLARGED, ha="center", va="center", fontsize=9.5, color=WARM_EDGE)


def _box(
    axes: Axes, centre: tuple[float, float], size: tuple[float, float], colours: tuple[str, str]
) -> None:
    corner = (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    style = "round,pad=0,rounding_size=0.15"
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=style, fc=colours[0], ec=colours[1], lw=1.2)
    )


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    bend: float = 0.0,
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=14,
            color=colour,
            lw=1.5,
            connectionstyle=f"arc3,rad={bend}",
        )
    )
