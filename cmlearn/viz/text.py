"""Figures of text: word counts, token tables, similarity matrices and maps of word vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cmlearn.viz.style import (
    CELL,
    EDGE,
    FAINT,
    INK,
    LIGHT_RED,
    MID_BLUE,
    MUTED,
    PALE,
    PALE_BLUE,
    SERIES,
    label_axes,
)

MAX_WORD = 14  # letters; longer labels are captions and get numbers
CHARACTER, LINE = 5.8, 12  # width of a letter and height of a line, in points
SPECIAL_COLOURS = {"<pad>": "white", "<bos>": PALE_BLUE, "<eos>": PALE_BLUE, "<unk>": LIGHT_RED}


def word_counts(counts: Mapping[str, int], title: str, top: int = 40) -> Figure:
    """Draw the counts of the most frequent words, one bar for each word.

    Args:
        counts: word to its number of occurrences.
        title: title of the figure.
        top: number of words to draw.
    """
    words = sorted(counts, key=lambda word: (-counts[word], word))[:top]
    figure, axes = plt.subplots(figsize=(10, 3))
    axes.bar(words, [counts[word] for word in words], color=SERIES[1])
    axes.tick_params(axis="x", labelrotation=60, labelsize=9)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.01)
    label_axes(axes, title, y="occurrences")
    return figure


def rank_and_count(corpora: Mapping[str, Mapping[str, int]], title: str) -> Figure:
    """Draw word count against rank for each corpus, on logarithmic axes (Zipf's law).

    Args:
        corpora: name of a corpus to (word to its number of occurrences).
        title: title of the figure.
    """
    figure, axes = plt.subplots(figsize=(6, 3.6))
    for (name, counts), colour in zip(corpora.items(), SERIES, strict=False):
        falling = sorted(counts.values(), reverse=True)
        axes.loglog(range(1, len(falling) + 1), falling, ".-", label=name, color=colour, ms=4)
    axes.grid(color=FAINT)
    axes.legend(frameon=False)
    label_axes(axes, title, "rank of the word", "occurrences")
    return figure


def padded_batch(
    rows: Sequence[Sequence[str]], title: str, known: Collection[str] | None = None
) -> Figure:
    """Draw a batch of captions as a table of tokens, with the special tokens coloured.

    Args:
        rows: B rows of T tokens, `<pad>` included.
        title: title of the figure.
        known: words of a vocabulary; if given, all other words have the colour of `<unk>`.
    """
    height, width = len(rows), len(rows[0])
    figure, axes = plt.subplots(figsize=(0.76 * width + 0.6, 0.38 * height + 0.9))
    for b, row in enumerate(rows):
        for t, token in enumerate(row):
            unknown = known is not None and token not in known and token not in SPECIAL_COLOURS
            colour = SPECIAL_COLOURS.get("<unk>" if unknown else token, CELL)
            draw_cell(axes, t, b, token, colour, PALE if token == "<pad>" else INK)
    set_table_axes(axes, width, range(height))
    label_axes(axes, title, "T: position in the caption", "B: caption")
    return figure


def context_windows(words: Sequence[str], window: int, title: str) -> Figure:
    """Draw the skip-gram context window of each word of a sentence, one row for each word.

    Args:
        words: T words.
        window: context words on each side of the centre word.
        title: title of the figure.
    """
    figure, axes = plt.subplots(figsize=(0.8 * len(words) + 0.6, 0.38 * len(words) + 0.9))
    for centre in range(len(words)):
        for t, word in enumerate(words):
            inside = abs(t - centre) <= window
            colour = MID_BLUE if t == centre else PALE_BLUE if inside else "white"
            draw_cell(axes, t, centre, word, colour, INK if inside else PALE)
    set_table_axes(axes, len(words), range(len(words)))
    label_axes(axes, title, "position in the sentence", "position of the centre word")
    return figure


def similarity_maps(maps: Mapping[str, np.ndarray], words: Sequence[str], title: str) -> Figure:
    """Draw matrices of cosine similarity side by side as heat maps.

    Args:
        maps: title of a panel to its matrix (N, N) float, -1 to 1.
        words: N labels of rows and columns. Long ones (captions) label the rows only, and numbers
            label the columns.
        title: title of the figure.
    """
    long = max(map(len, words)) > MAX_WORD
    rows = [f"{n}  {word}" for n, word in enumerate(words, 1)] if long else list(words)
    columns = [str(n) for n in range(1, len(words) + 1)] if long else list(words)
    side = 0.36 * len(words) + 0.7
    size = (side * len(maps) + 0.075 * max(map(len, rows)) * len(maps) + 1, side + 0.6)
    figure, axes = plt.subplots(1, len(maps), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, matrix) in zip(axes[0], maps.items(), strict=True):
        image = ax.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
        slanted = {} if long else {"rotation": 60, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(range(len(words)), columns, **slanted)
        ax.set_yticks(range(len(words)), rows)
        ax.set_title(name if len(maps) > 1 else "", fontsize=10, color=INK)
    figure.colorbar(image, ax=axes[0], label="cosine similarity", shrink=0.8)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def word_map(
    points: np.ndarray, words: Sequence[str], groups: Mapping[str, Sequence[str]], title: str
) -> Figure:
    """Draw words as points of a plane, coloured by group, with labels that do not overlap.

    Args:
        points: (N, 2) float, such as the first two principal components of word vectors.
        words: N words.
        groups: name of a group to its words; a word without a group is grey.
        title: title of the figure.
    """
    figure, axes = plt.subplots(figsize=(9, 6.2))
    group_of = {word: name for name, members in groups.items() for word in members}
    colour_of = dict(zip(groups, SERIES, strict=False))
    colours = [colour_of.get(group_of.get(word, ""), MUTED) for word in words]
    axes.scatter(points[:, 0], points[:, 1], s=14, c=colours)
    axes.margins(x=0.17, y=0.12)  # room for labels at the sides
    axes.autoscale_view()
    in_points = axes.transData.transform(points) * 72 / figure.dpi
    line = {"arrowstyle": "-", "color": EDGE, "lw": 0.6, "shrinkA": 0, "shrinkB": 2}
    style: dict[str, Any] = {
        "textcoords": "offset points",
        "fontsize": 9,
        "va": "center",
        "arrowprops": line,
    }
    offsets = label_offsets(in_points, words)
    for point, offset, word, colour in zip(points, offsets, words, colours, strict=True):
        axes.annotate(word, point, offset, color=colour, **style)
    for name, colour in colour_of.items():
        axes.plot([], [], "o", color=colour, label=name)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    label_axes(axes, title, "first principal component", "second principal component")
    return figure


def label_offsets(points: np.ndarray, words: Sequence[str]) -> list[tuple[float, float]]:
    """Find a free spot for each label near its point, greedily in the given order.

    Args:
        points: (N, 2) float, in typographic points (1/72 inch).
        words: N labels.

    Returns:
        For each label the offset (dx, dy) from its point to the middle of the label's left edge,
        in typographic points.
    """
    taken: list[tuple[float, float, float]] = []  # left, middle, right of the labels so far
    offsets = []
    for (x, y), word in zip(points, words, strict=True):
        width = CHARACTER * len(word)
        for dx, dy in _candidates(width):
            box = (x + dx, y + dy, x + dx + width)
            if not any(_overlap(box, other) for other in taken) and not _hides(box, points):
                break
        taken.append(box)
        offsets.append((dx, dy))
    return offsets


def draw_cell(axes: Axes, x: int, y: int, text: str, fill: object, ink: str) -> None:
    """Draw one cell of a table: column `x`, row `y`, in colours `fill` and `ink`."""
    cell = Rectangle((x, y), 1, 1, facecolor=fill, edgecolor=EDGE, lw=0.6)  # type: ignore[arg-type]
    axes.add_patch(cell)
    axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8.5, color=ink)


def set_table_axes(axes: Axes, width: int, rows: Collection[object]) -> None:
    """Set the axes for `width` columns of cells, numbered from 0, and labelled rows, top down."""
    axes.set(xlim=(0, width), ylim=(len(rows), 0))
    axes.set_xticks(np.arange(width) + 0.5, [str(t) for t in range(width)], fontsize=8)
    axes.set_yticks(np.arange(len(rows)) + 0.5, [str(row) for row in rows], fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _overlap(a: tuple[float, float, float], b: tuple[float, float, float]) -> bool:
    return abs(a[1] - b[1]) < LINE and a[0] < b[2] and b[0] < a[2]


def _hides(box: tuple[float, float, float], points: np.ndarray) -> bool:
    left, middle, right = box
    beside = (points[:, 0] < left - 3) | (points[:, 0] > right + 3)
    return not (beside | (np.abs(points[:, 1] - middle) > LINE / 2)).all()


def _candidates(width: float) -> Iterator[tuple[float, float]]:
    """Yield offsets of a label of this width, right and left of its point, the nearest first."""
    for radius in range(0, 20 * LINE, LINE // 2):
        for dx in (5 + radius / 3, -5 - radius / 3 - width):
            for dy in (radius, -radius):
                yield dx, dy
