"""Figures of captions: beside their pictures, word by word."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cmlearn.viz.style import BLUE, INK, LIGHT_RED, PALE, RED

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
        tint = None if true else {"facecolor": LIGHT_RED, "edgecolor": "none", "pad": 0.8}
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
            _box(axes, x, y, token, LIGHT_RED if wrong else special, RED if wrong else INK)
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
            ink = INK if probability >= 0.01 else PALE
            text = f"{word}\n{100 * probability:.0f} %"
            _box(axes, x, y, text, shade, ink)
            if word == taken:
                frame = Rectangle((x, y), 1, 1, fill=False, edgecolor=INK, lw=1.8, zorder=3)
                axes.add_patch(frame)
    _frame(axes, width, height, title)
    axes.set_yticks(np.arange(height) + 0.5, ["likeliest", *map(str, range(2, height + 1))])
    axes.set_xlabel("t: place in the caption (framed: the word that was taken)")
    return figure


def _box(axes: Axes, x: int, y: int, text: str, colour: object, ink: str) -> None:
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="#bbbbc4", lw=0.6))  # type: ignore[arg-type]
    axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8.5, color=ink)


def _frame(axes: Axes, width: int, height: int, title: str) -> None:
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_xticks(np.arange(width) + 0.5, [str(t) for t in range(width)], fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=11, color=INK, loc="left")


LETTER = 0.115  # inches, of a word's letters in these figures


def ngram_rows(tokens: Sequence[str], found: Sequence[Sequence[bool]], title: str) -> Figure:
    """Draw the n-grams of a caption below its words, each as a line over the words it covers.

    Args:
        tokens: T words.
        found: for n = 1, 2 ... whether each of the T - n + 1 n-grams is in a reference.
        title: what to see.
    """
    centres, ends = _places(tokens)
    height = sum(range(1, len(found) + 1)) * 0.16 + 0.34 * len(found)
    figure, axes = plt.subplots(figsize=(LETTER * ends[-1] + 1.6, height + 0.9))
    _write(axes, tokens, centres, 0)
    y, marks = -0.6, []
    for n, of_length in enumerate(found, start=1):
        for i, right in enumerate(of_length):
            left, end = ends[i] + 0.7, ends[i + n] - 0.7
            row = y - 0.16 * (i % n)  # those that overlap below one another
            style = "-" if right else (0, (2, 1.4))
            axes.plot([left, end], [row, row], ls=style, lw=3, color=BLUE if right else RED)
        marks.append((y - 0.08 * (n - 1), f"n = {n}: {sum(of_length)} of {len(of_length)}"))
        y -= 0.16 * n + 0.34
    axes.set_yticks([place for place, _ in marks], [text for _, text in marks], fontsize=9)
    _bare(axes, (ends[0], ends[-1]), (y + 0.2, 0.4), title)
    return figure


def word_links(
    candidate: Sequence[str],
    reference: Sequence[str],
    links: Mapping[str, Sequence[tuple[int, int]]],
    title: str,
) -> Figure:
    """Draw a candidate over a reference, once for each way of pairing their words.

    Args:
        candidate: T words.
        reference: U words.
        links: name to pairs (place in the candidate, place in the reference).
        title: what to see.
    """
    above, ends_above = _places(candidate)
    below, ends_below = _places(reference)
    width = max(ends_above[-1], ends_below[-1])
    size = (LETTER * width + 1.6, 1.15 * len(links) + 0.5)
    figure, panels = plt.subplots(len(links), 1, figsize=size, squeeze=False, layout="constrained")
    for axes, (name, pairs) in zip(panels[:, 0], links.items()):
        linked, linked_below = {i for i, _ in pairs}, {j for _, j in pairs}
        _write(axes, candidate, above, 1, linked)
        _write(axes, reference, below, 0, linked_below)
        for i, j in pairs:
            axes.plot([above[i], below[j]], [0.82, 0.18], color=BLUE, lw=1.6)
        axes.set_yticks([0, 1], ["reference", "candidate"], fontsize=9)
        _bare(axes, (0, width), (-0.3, 1.3), name)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _places(tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return where each word's middle is, and where the words end, the first at 0; in letters."""
    ends = np.cumsum([0, *(len(token) + 2 for token in tokens)])
    return (ends[1:] + ends[:-1]) / 2, ends


def _write(
    axes: Axes,
    tokens: Sequence[str],
    centres: np.ndarray,
    y: float,
    strong: set[int] | None = None,
) -> None:
    for place, (token, x) in enumerate(zip(tokens, centres)):
        faint = strong is not None and place not in strong
        colour = "#6a6a78" if faint else INK
        axes.text(x, y, token, ha="center", va="center", fontsize=10.5, color=colour)


def _bare(
    axes: Axes, across: tuple[float, float], upright: tuple[float, float], title: str
) -> None:
    axes.set(xlim=across, ylim=upright, xticks=[])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10.5, color=INK, loc="left")
