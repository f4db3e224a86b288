"""Figures of captions: below their pictures, as token tables, and matched with references."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cmlearn.viz.style import BLUE, CELL, INK, LIGHT_RED, MUTED, PALE, PALE_BLUE, RED, label_axes
from cmlearn.viz.text import draw_cell, set_table_axes

WIDTH, HEIGHT = 5.45, 13  # of a monospaced letter and of a line below a picture, in points
LETTERS = 27  # in a line below a picture
LETTER = 0.115  # inches; width of a letter in the figures of n-grams and alignments

Marked = Sequence[tuple[str, bool]]  # the words of a caption, each with whether it is true


def captioned_pictures(
    images: Sequence[np.ndarray],
    captions: Sequence[Marked],
    title: str,
    *,
    above: Sequence[str] | None = None,
    columns: int = 4,
) -> Figure:
    """Draw pictures with captions below them; false words are bold and red.

    Args:
        images: N pictures (H, W, 3) uint8.
        captions: N captions, each a list of words with whether the word is true.
        title: title of the figure.
        above: N texts above the pictures; long ones are wrapped.
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


def token_rows(rows: Mapping[str, Sequence[str]], title: str, wanted: str | None = None) -> Figure:
    """Draw rows of tokens as a table, aligned by position.

    Args:
        rows: label of a row to its tokens; an empty string leaves a cell empty.
        title: title of the figure.
        wanted: label of the target row; tokens in later rows that differ from it are red.
    """
    width = max(map(len, rows.values()))
    figure, axes = plt.subplots(figsize=(0.74 * width + 1.4, 0.42 * len(rows) + 0.8))
    target: Sequence[str] = ()
    for y, (name, tokens) in enumerate(rows.items()):
        for x, token in enumerate(tokens):
            wrong = x < len(target) and token != target[x]
            fill = LIGHT_RED if wrong else PALE_BLUE if token.startswith("<") else CELL
            draw_cell(axes, x, y, token, fill, RED if wrong else INK)
        if name == wanted:
            target = tokens
    set_table_axes(axes, width, rows)
    label_axes(axes, title, "t: position in the caption")
    return figure


def next_words(
    written: Sequence[str], candidates: Sequence[Sequence[tuple[str, float]]], title: str
) -> Figure:
    """Draw the most probable next words at each position of a caption.

    Args:
        written: T chosen words.
        candidates: for each position the K most probable words with their probabilities, 0 to 1,
            in descending order.
        title: title of the figure.
    """
    width, height = len(written), max(map(len, candidates))
    figure, axes = plt.subplots(figsize=(0.74 * width + 1.4, 0.5 * height + 1.0))
    for x, (chosen, words) in enumerate(zip(written, candidates, strict=True)):
        for y, (word, probability) in enumerate(words):
            shade = plt.cm.Blues(0.65 * probability)  # type: ignore[attr-defined]
            ink = INK if probability >= 0.01 else PALE
            draw_cell(axes, x, y, f"{word}\n{100 * probability:.0f} %", shade, ink)
            if word == chosen:
                frame = Rectangle((x, y), 1, 1, fill=False, edgecolor=INK, lw=1.8, zorder=3)
                axes.add_patch(frame)
    set_table_axes(axes, width, range(1, height + 1))
    label_axes(axes, title, "t: position in the caption (framed: the chosen word)", "rank")
    return figure


def ngram_rows(tokens: Sequence[str], found: Sequence[Sequence[bool]], title: str) -> Figure:
    """Draw the n-grams of a caption as lines below the words that they cover.

    Matched n-grams are solid blue lines, the others dashed red ones.

    Args:
        tokens: T words.
        found: for n = 1, 2 ... whether each of the T - n + 1 n-grams is in a reference.
        title: title of the figure.
    """
    centres, ends = _word_positions(tokens)
    height = sum(range(1, len(found) + 1)) * 0.16 + 0.34 * len(found)
    figure, axes = plt.subplots(figsize=(LETTER * ends[-1] + 1.6, height + 0.9))
    _write_words(axes, tokens, centres, 0)
    y, marks = -0.6, []
    for n, of_length in enumerate(found, start=1):
        for i, matched in enumerate(of_length):
            left, end = ends[i] + 0.7, ends[i + n] - 0.7
            row = y - 0.16 * (i % n)  # overlapping n-grams are drawn below each other
            style = "-" if matched else (0, (2, 1.4))
            axes.plot([left, end], [row, row], ls=style, lw=3, color=BLUE if matched else RED)
        marks.append((y - 0.08 * (n - 1), f"n = {n}: {sum(of_length)} of {len(of_length)}"))
        y -= 0.16 * n + 0.34
    axes.set_yticks([row for row, _ in marks], [text for _, text in marks], fontsize=9)
    _set_word_axes(axes, (ends[0], ends[-1]), (y + 0.2, 0.4), title)
    return figure


def word_links(
    candidate: Sequence[str],
    reference: Sequence[str],
    links: Mapping[str, Sequence[tuple[int, int]]],
    title: str,
) -> Figure:
    """Draw alignments of a candidate with a reference, one panel for each.

    Args:
        candidate: T words.
        reference: U words.
        links: title of a panel to pairs (position in the candidate, position in the reference).
        title: title of the figure.
    """
    above, ends_above = _word_positions(candidate)
    below, ends_below = _word_positions(reference)
    width = max(ends_above[-1], ends_below[-1])
    size = (LETTER * width + 1.6, 1.15 * len(links) + 0.5)
    figure, panels = plt.subplots(len(links), 1, figsize=size, squeeze=False, layout="constrained")
    for axes, (name, pairs) in zip(panels[:, 0], links.items()):
        _write_words(axes, candidate, above, 1, {i for i, _ in pairs})
        _write_words(axes, reference, below, 0, {j for _, j in pairs})
        for i, j in pairs:
            axes.plot([above[i], below[j]], [0.82, 0.18], color=BLUE, lw=1.6)
        axes.set_yticks([0, 1], ["reference", "candidate"], fontsize=9)
        _set_word_axes(axes, (0, width), (-0.3, 1.3), name)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _write_below(ax: Axes, caption: Marked) -> None:
    for y, x, word, true in _laid_out(caption):
        ax.annotate(
            word,
            (0, 0),
            (x * WIDTH, -(y + 0.9) * HEIGHT),
            xycoords="axes fraction",
            textcoords="offset points",
            family="monospace",
            fontsize=9,
            color=INK if true else RED,
            bbox=None if true else {"facecolor": LIGHT_RED, "edgecolor": "none", "pad": 0.8},
            weight="normal" if true else "bold",
        )


def _laid_out(caption: Marked) -> Iterator[tuple[int, int, str, bool]]:
    """Wrap a caption: yield line, column of the first letter, word, and whether it is true."""
    line, column = 0, 0
    for word, true in caption:
        if column and column + len(word) > LETTERS:
            line, column = line + 1, 0
        yield line, column, word, true
        column += len(word) + 1
    if not caption:
        yield 0, 0, "(empty)", False


def _word_positions(tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (T,) and the boundaries (T + 1,) of words in a line, in letters."""
    ends = np.cumsum([0, *(len(token) + 2 for token in tokens)])
    return (ends[1:] + ends[:-1]) / 2, ends


def _write_words(
    axes: Axes,
    tokens: Sequence[str],
    centres: np.ndarray,
    y: float,
    linked: set[int] | None = None,
) -> None:
    """Write words in a line; words at positions that are not `linked` are grey."""
    for position, (token, x) in enumerate(zip(tokens, centres)):
        colour = INK if linked is None or position in linked else MUTED
        axes.text(x, y, token, ha="center", va="center", fontsize=10.5, color=colour)


def _set_word_axes(
    axes: Axes, x_limits: tuple[float, float], y_limits: tuple[float, float], title: str
) -> None:
    axes.set(xlim=x_limits, ylim=y_limits, xticks=[])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10.5, color=INK, loc="left")
