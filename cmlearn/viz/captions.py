"""Figures of captions: beside their pictures, word by word."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

INK = "#333344"
RED = "#b3261e"
FAINT = "#9a9aa6"
ORANGE = "#e8850c"  # seen on a night sky and on snow
BLUE = "#1d5fa8"
SPECIAL = "#cfe3f7"
WIDTH, HEIGHT = 5.45, 13  # of a letter and of a line, in typographic points
LETTERS = 27  # in a line below a picture

Marked = Sequence[tuple[str, bool]]


def captioned_pictures(
    images: Sequence[np.ndarray],
    captions: Sequence[Marked],
    title: str,
    *,
    above: Sequence[str] | None = None,
    columns: int = 4,
) -> Figure:
    """Draw pictures with what was said of them, false words red on a tint.

    Args:
        images: N pictures (H, W, 3) uint8.
        captions: for each its words, and whether each is true.
        title: what to see.
        above: what stands above each picture; long texts are wrapped.
        columns: pictures in a row.
    """
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max(y for caption in captions for y, *_ in _laid_out(caption)) + 1
    side = LETTERS * WIDTH / 72
    below = (lines + 0.5) * HEIGHT / 72
    heads = ["\n".join(textwrap.wrap(text, LETTERS + 6)) for text in above or ()]
    over = 0.08 + max((0.17 * (head.count("\n") + 1) for head in heads), default=0)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=((side + 0.25) * columns, (side + below + over) * rows + 0.4),
        squeeze=False,
    )
    figure.subplots_adjust(0, 0, 1, 1)
    height = figure.get_figheight()
    for n, ax in enumerate(grid.flat):
        row, column = divmod(n, columns)
        top = height - 0.4 - row * (side + below + over) - over
        box = ((column + 0.06) / columns, (top - side) / height, 0.88 / columns, side / height)
        ax.set_position(box)
        ax.axis("off")
    for ax, image, caption in zip(grid.flat, images, captions, strict=False):
        ax.imshow(image, interpolation="nearest", aspect="auto")
        _write_below(ax, caption)
    for ax, head in zip(grid.flat, heads, strict=False):
        ax.set_title(head, fontsize=9, color=INK, pad=3)
    figure.suptitle(title, fontsize=11, color=INK, y=1 - 0.08 / height, va="top")
    return figure


def _write_below(ax: Axes, caption: Marked) -> None:
    for y, x, word, true in _laid_out(caption):
        tint = None if true else {"facecolor": "#f9dedb", "edgecolor": "none", "pad": 0.8}
        ax.annotate(
            word,
            (0, 0),
            (x * WIDTH, -(y + 0.9) * HEIGHT),
            xycoords="axes fraction",
            textcoords="offset points",
            family="monospace",
            fontsize=9,
            color=INK if true else RED,
            bbox=tint,
            weight="normal" if true else "bold",
        )


def _laid_out(caption: Marked) -> Iterator[tuple[int, int, str, bool]]:
    """Break a caption into lines: line, first letter's place, word, whether it is true."""
    line, place = 0, 0
    for word, true in caption:
        if place and place + len(word) > LETTERS:
            line, place = line + 1, 0
        yield line, place, word, true
        place += len(word) + 1
    if not caption:
        yield 0, 0, "(nothing)", False


def token_rows(rows: Mapping[str, Sequence[str]], title: str, wanted: str | None = None) -> Figure:
    """Draw rows of tokens under one another, place by place.

    Args:
        rows: name to its tokens; an empty string leaves a place out.
        title: what to see.
        wanted: the row that the rows below it are held against; what differs from it is red.
    """
    width = max(map(len, rows.values()))
    figure, axes = plt.subplots(figsize=(0.74 * width + 1.4, 0.42 * len(rows) + 0.8))
    target: Sequence[str] = ()
    for y, (name, tokens) in enumerate(rows.items()):
        for x, token in enumerate(tokens):
            wrong = x < len(target) and token != target[x]
            special = SPECIAL if token.startswith("<") else "#f4f4f8"
            _box(axes, x, y, token, "#f9dedb" if wrong else special, RED if wrong else INK)
        if name == wanted:
            target = tokens
    _frame(axes, width, len(rows), title)
    axes.set_yticks(np.arange(len(rows)) + 0.5, list(rows), fontsize=9.5)
    axes.set_xlabel("t: place in the caption")
    return figure


def next_words(
    written: Sequence[str], candidates: Sequence[Sequence[tuple[str, float]]], title: str
) -> Figure:
    """Draw, for each place of a caption, which words might come there and how likely each is.

    Args:
        written: the T words that were taken.
        candidates: for each place the K likeliest words with their probabilities.
        title: what to see.
    """
    width, height = len(written), max(map(len, candidates))
    figure, axes = plt.subplots(figsize=(0.74 * width + 1.4, 0.5 * height + 1.0))
    for x, (taken, words) in enumerate(zip(written, candidates, strict=True)):
        for y, (word, probability) in enumerate(words):
            shade = plt.cm.Blues(0.65 * probability)  # type: ignore[attr-defined]
            ink = INK if probability >= 0.01 else FAINT
            text = f"{word}\n{100 * probability:.0f} %"
            _box(axes, x, y, text, shade, ink)
            if word == taken:
                frame = Rectangle((x, y), 1, 1, fill=False, edgecolor=INK, lw=1.8, zorder=3)
                axes.add_patch(frame)
    _frame(axes, width, height, title)
    axes.set_yticks(np.arange(height) + 0.5, ["likeliest", *map(str, range(2, height + 1))])
    axes.set_xlabel("t: place in the caption (framed: the word that was taken)")
    return figure


def where_it_looks(
    image: np.ndarray,
    words: Sequence[str],
    maps: Mapping[str, np.ndarray],
    title: str,
    *,
    boxes: Sequence[Sequence[float] | None] | None = None,
) -> Figure:
    """Draw a picture once for each word, clear where the word looks and pale elsewhere.

    Each map keeps its own places, unsmoothed. The place with the most has a frame and its share.

    Args:
        image: (H, W, 3) uint8.
        words: T words.
        maps: name of a row to the weights (T, h, w) of each word, which sum to one.
        title: what to see.
        boxes: for each word None, or a rectangle to frame in its pictures: left, top, right and
            bottom in 64ths of the picture.
    """
    size = (1.15 * (len(words) + 1) + 0.4, 1.4 * len(maps) + 0.5)
    figure, grid = plt.subplots(
        len(maps), len(words) + 1, figsize=size, squeeze=False, layout="constrained"
    )
    for ax in grid.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    grid[0, 0].imshow(image, interpolation="nearest")
    for axes, (name, row) in zip(grid, maps.items(), strict=True):
        axes[1].set_ylabel(name, fontsize=9.5, color=INK)
        for ax, weights in zip(axes[1:], row, strict=True):
            _veil(ax, image, weights)
        for ax, box in zip(axes[1:], boxes or ()):
            _frame_box(ax, box, image.shape[0] / 64)
    for ax, word in zip(grid[0, 1:], words, strict=True):
        ax.set_title(word, fontsize=10, color=INK)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _veil(ax: Axes, image: np.ndarray, weights: np.ndarray) -> None:
    height, width = image.shape[:2]
    ax.imshow(image, interpolation="nearest")
    veil = np.ones((*weights.shape, 4))
    veil[..., 3] = 0.92 * (1 - weights / weights.max())
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    ax.imshow(veil, extent=extent, interpolation="nearest")
    row, column = np.unravel_index(np.argmax(weights), weights.shape)
    h, w = height / weights.shape[0], width / weights.shape[1]
    corner = (column * w - 0.5, row * h - 0.5)
    ax.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=ORANGE, lw=2))
    ax.set_xlabel(f"{100 * weights.max():.0f} %", fontsize=8.5, color=INK)


def _frame_box(ax: Axes, box: Sequence[float] | None, unit: float) -> None:
    if box is not None:
        left, top, right, bottom = (unit * end - 0.5 for end in box)
        frame = Rectangle((left, top), right - left, bottom - top, fill=False)
        frame.set(edgecolor=BLUE, lw=1.4, linestyle=(0, (2, 1)))
        ax.add_patch(frame)


def _box(axes: Axes, x: int, y: int, text: str, colour: object, ink: str) -> None:
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="#bbbbc4", lw=0.6))  # type: ignore[arg-type]
    axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8.5, color=ink)


def _frame(axes: Axes, width: int, height: int, title: str) -> None:
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_xticks(np.arange(width) + 0.5, [str(t) for t in range(width)], fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=11, color=INK, loc="left")
