"""Figures of the whole course: round trips between captions and pictures, and its map."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cmlearn.viz.style import BLUE, DARK_ORANGE, GREEN, INK, MUTED, PALE_BLUE, PALE_ORANGE, RED

TEXT_WIDTH = 1.45  # of a column of text, relative to a picture

# A step of the course map: its output, the notebook that builds it, and the shape of the output.
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
ENLARGED = "enlarged"  # generated pictures have 32 pixels, displayed and captioned ones 64

# Fill and edge of each direction.
TO_IMAGE, TO_TEXT = (PALE_ORANGE, DARK_ORANGE), (PALE_BLUE, BLUE)
BOX = (2.3, 1.0)  # width and height of a step; these and the following in units of the map
STEPS_X = (3.65, 6.5, 9.35)  # centres of the steps
TOP, BOTTOM = 3.0, 0.0  # heights of the two directions


def round_trip_rows(
    captions: Sequence[str], drawn: Sequence[np.ndarray], generated: Sequence[str], title: str
) -> Figure:
    """Draw round trips, one for each row: caption, generated pictures, caption of the first.

    Args:
        captions: N prompts.
        drawn: for each prompt K generated pictures (K, H, W, 3) uint8.
        generated: N generated captions of the first pictures.
        title: title of the figure.
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
    for row, caption, some, sentence in zip(grid, captions, drawn, generated, strict=True):
        _write_text(row[0], f"“{caption}”", INK)
        for ax, picture in zip(row[1:-1], some, strict=True):
            ax.imshow(picture, interpolation="nearest")
            ax.axis("off")
        _write_text(row[-1], f"“{sentence}”", BLUE)
        row[1].add_patch(
            plt.Rectangle((-0.5, -0.5), *some[0].shape[1::-1], fill=False, ec=BLUE, lw=4)
        )
    _set_header(grid[0, 0], "prompt")
    _set_header(grid[0, 1], "generated pictures", pictures)
    _set_header(grid[0, -1], "caption of the framed one")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def claim_table(
    picture: np.ndarray, claims: Sequence[tuple[str, bool, bool]], title: str
) -> Figure:
    """Draw a picture beside a table of claims and where each of them holds.

    Args:
        picture: (H, W, 3) uint8, generated.
        claims: text of a claim, whether the picture shows it, whether the caption generated from
            the picture repeats it.
        title: title of the figure.
    """
    height = max(2.4, 0.3 * len(claims) + 0.9)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7.6, height), width_ratios=[1, 2.2], layout="constrained"
    )
    left.imshow(picture, interpolation="nearest")
    left.axis("off")
    right.axis("off")
    right.set(xlim=(0, 3), ylim=(len(claims) + 0.1, -1))
    for x, head in ((0.1, "claim"), (1.6, "in picture"), (2.3, "in caption")):
        right.text(x, -0.5, head, va="center", fontsize=9.5, color=INK, style="italic")
    for y, (claim, shown, again) in enumerate(claims):
        right.text(0.1, y + 0.4, claim, va="center", fontsize=10, color=INK)
        for x, true in ((1.6, shown), (2.3, again)):
            mark, colour = ("yes", GREEN) if true else ("no", RED)
            right.text(x, y + 0.4, mark, va="center", fontsize=10, color=colour)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def answered_questions(picture: np.ndarray, pairs: Sequence[tuple[str, str]], title: str) -> Figure:
    """Draw a picture beside questions about it, each above its answer.

    Args:
        picture: (H, W, 3) uint8.
        pairs: questions with their answers.
        title: title of the figure.
    """
    figure, (left, right) = plt.subplots(
        1,
        2,
        figsize=(7.6, 0.56 * len(pairs) + 0.6),
        width_ratios=[1, 1.6],
        layout="constrained",
    )
    left.imshow(picture, interpolation="nearest")
    for ax in (left, right):
        ax.axis("off")
    right.set(xlim=(0, 1), ylim=(len(pairs), 0))
    for y, (question, answer) in enumerate(pairs):
        right.text(0, y + 0.3, question, va="center", fontsize=10.5, color=INK)
        right.text(0.04, y + 0.7, answer, va="center", fontsize=10.5, color=BLUE, weight="bold")
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def course_map(sentence: str, picture: np.ndarray) -> Figure:
    """Draw the steps of both directions as a cycle between a caption and a picture.

    Args:
        sentence: example caption.
        picture: (H, W, 3) uint8, example picture.
    """
    figure, axes = plt.subplots(figsize=(10, 4.4), layout="constrained")
    axes.axis("off")
    _draw_sentence(axes, sentence)
    axes.imshow(picture, extent=(11.3, 13.0, 0.65, 2.35), interpolation="nearest", aspect="auto")
    axes.set(xlim=(-0.1, 13.1), ylim=(-1.15, 4.15))
    _draw_steps(axes, TEXT_TO_IMAGE, STEPS_X, TOP, TO_IMAGE)
    _draw_steps(axes, IMAGE_TO_TEXT, STEPS_X[::-1], BOTTOM, TO_TEXT)
    _draw_ends(axes)
    middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 11, "weight": "bold"}
    axes.text(STEPS_X[1], 1.85, "text → image", color=TO_IMAGE[1], **middle)
    axes.text(STEPS_X[1], 1.15, "image → text", color=TO_TEXT[1], **middle)
    return figure


def _set_header(ax: Axes, text: str, over: int = 1) -> None:
    """Write a column header, centred over `over` axes starting with `ax`."""
    if over == 1:
        ax.set_title(text, fontsize=9, color=INK, style="italic")
        return
    name = ax.annotate(
        text, (over / 2, 1), (0, 6), "axes fraction", "offset points", ha="center", color=INK,
        fontsize=9, style="italic", annotation_clip=False,
    )  # fmt: skip
    name.set_in_layout(False)  # it spans several axes, and the layout would make room for it


def _write_text(ax: Axes, text: str, colour: str) -> None:
    ax.axis("off")
    ax.set_box_aspect(1 / TEXT_WIDTH)  # the height of the pictures
    wrapped = "\n".join(textwrap.wrap(text, 24))
    where: dict[str, Any] = {"ha": "center", "va": "center", "transform": ax.transAxes}
    ax.text(0.5, 0.5, wrapped, fontsize=9.5, color=colour, **where)


def _draw_sentence(axes: Axes, sentence: str) -> None:
    words = sentence.split()
    lines = "\n".join(" ".join(words[i : i + 3]) for i in range(0, len(words), 3))
    _draw_box(axes, (1.05, 1.5), (2.1, 1.5), ("white", INK))
    axes.text(1.05, 1.5, f"“{lines}”", ha="center", va="center", fontsize=10, color=INK)


def _draw_steps(
    axes: Axes,
    steps: Sequence[Step],
    centres: Sequence[float],
    y: float,
    colours: tuple[str, str],
) -> None:
    """Draw the steps of one direction as boxes with arrows between them."""
    forward = 1 if centres[0] < centres[-1] else -1
    for x, (name, notebook, shape) in zip(centres, steps, strict=True):
        _draw_box(axes, (x, y), BOX, colours)
        axes.text(x, y + 0.17, name, ha="center", va="center", fontsize=10, color=INK)
        axes.text(x, y - 0.2, shape, ha="center", va="center", fontsize=8.5, color=MUTED)
        outside = y + 0.8 if y == TOP else y - 0.8
        axes.text(x, outside, notebook, ha="center", va="center", fontsize=9.5, color=colours[1])
    reach = forward * (BOX[0] / 2 + 0.08)
    for here, there in zip(centres[:-1], centres[1:], strict=True):
        _draw_arrow(axes, (here + reach, y), (there - reach, y), colours[1])


def _draw_ends(axes: Axes) -> None:
    """Draw the four arrows that close the cycle."""
    left, right = STEPS_X[0] - BOX[0] / 2 - 0.08, STEPS_X[-1] + BOX[0] / 2 + 0.08
    _draw_arrow(axes, (1.05, 2.35), (left, TOP), TO_IMAGE[1], bend=-0.3)
    _draw_arrow(axes, (right, TOP), (12.15, 2.45), TO_IMAGE[1], bend=-0.3)
    _draw_arrow(axes, (12.15, 0.55), (right, BOTTOM), TO_TEXT[1], bend=-0.3)
    _draw_arrow(axes, (left, BOTTOM), (1.05, 0.65), TO_TEXT[1], bend=-0.3)
    axes.text(12.0, 3.2, ENLARGED, ha="center", va="center", fontsize=9.5, color=TO_IMAGE[1])


def _draw_box(
    axes: Axes, centre: tuple[float, float], size: tuple[float, float], colours: tuple[str, str]
) -> None:
    corner = (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    style = "round,pad=0,rounding_size=0.15"
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=style, fc=colours[0], ec=colours[1], lw=1.2)
    )


def _draw_arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    bend: float = 0.0,
) -> None:
    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 14, "lw": 1.5}
    curve = f"arc3,rad={bend}"
    axes.add_patch(FancyArrowPatch(start, end, color=colour, connectionstyle=curve, **style))
