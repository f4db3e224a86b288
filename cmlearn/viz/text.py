"""Figures of words: how often they come, where their vectors lie, how a batch is padded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cmlearn.viz.style import FAINT, INK, PALE, SERIES

MAX_WORD = 14  # letters; a longer label is a caption


CHARACTER, LINE = 5.8, 12  # width and height of a label's letters, in typographic points


SPECIAL_COLOURS = {"<pad>": "#ffffff", "<bos>": "#cfe3f7", "<eos>": "#cfe3f7", "<unk>": "#f7c6c0"}


def word_counts(counts: Mapping[str, int], title: str, top: int = 40) -> Figure:
    """Draw how often the most frequent words come, one bar a word.

    Args:
        counts: word to how often it occurs.
        title: what to see.
        top: how many words to draw.
    """
    words = sorted(counts, key=lambda word: (-counts[word], word))[:top]
    figure, axes = plt.subplots(figsize=(10, 3))
    axes.bar(words, [counts[word] for word in words], color=SERIES[1])
    axes.tick_params(axis="x", labelrotation=60, labelsize=9)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.01)
    _label(axes, title, "", "occurrences")
    return figure


def rank_and_count(corpora: Mapping[str, Mapping[str, int]], title: str) -> Figure:
    """Draw each corpus as a curve: rank of a word against how often it comes, both logarithmic."""
    figure, axes = plt.subplots(figsize=(6, 3.6))
    for (name, counts), colour in zip(corpora.items(), SERIES, strict=False):
        falling = sorted(counts.values(), reverse=True)
        axes.loglog(range(1, len(falling) + 1), falling, ".-", label=name, color=colour, ms=4)
    axes.grid(color=FAINT)
    axes.legend(frameon=False)
    _label(axes, title, "rank of the word", "occurrences")
    return figure


def padded_batch(
    rows: Sequence[Sequence[str]], title: str, known: Collection[str] | None = None
) -> Figure:
    """Draw a batch of captions as a table of tokens, the specials coloured.

    Args:
        rows: B rows of T tokens each, `<pad>` included.
        title: what to see.
        known: the words of a vocabulary; where given, others are coloured like `<unk>`.
    """
    height, width = len(rows), len(rows[0])
    figure, axes = plt.subplots(figsize=(0.76 * width + 0.6, 0.38 * height + 0.9))
    for b, row in enumerate(rows):
        for t, token in enumerate(row):
            strange = known is not None and token not in known and token not in SPECIAL_COLOURS
            colour = SPECIAL_COLOURS.get("<unk>" if strange else token, "#f4f4f8")
            _box(axes, t, b, token, colour, faint=token == "<pad>")
    _table(axes, width, height)
    _label(axes, title, "T: place in the caption", "B: caption")
    return figure


def context_windows(words: Sequence[str], window: int, title: str) -> Figure:
    """Draw one sentence once for each of its words, with the word and its contexts coloured."""
    figure, axes = plt.subplots(figsize=(0.8 * len(words) + 0.6, 0.38 * len(words) + 0.9))
    for centre in range(len(words)):
        for place, word in enumerate(words):
            near = 0 < abs(place - centre) <= window
            colour = "#7fb2e5" if place == centre else "#dcebf9" if near else "#ffffff"
            _box(axes, place, centre, word, colour, faint=not near and place != centre)
    _table(axes, len(words), len(words))
    _label(axes, title, "place in the sentence", "the word in the middle")
    return figure


def similarity_maps(maps: Mapping[str, np.ndarray], words: Sequence[str], title: str) -> Figure:
    """Draw matrices of cosine similarity as heat maps side by side.

    Args:
        maps: name to (N, N), each from -1 to 1.
        words: the N names of the rows, which are those of the columns. Long ones (captions)
            are numbered, and stand beside the rows only.
        title: what to see.
    """
    long = max(map(len, words)) > MAX_WORD
    rows = [f"{n}  {word}" for n, word in enumerate(words, 1)] if long else list(words)
    columns = [str(n) for n in range(1, len(words) + 1)] if long else list(words)
    side = 0.36 * len(words) + 0.7
    size = (side * len(maps) + 0.075 * max(map(len, rows)) * len(maps) + 1, side + 0.6)
    figure, axes = plt.subplots(1, len(maps), figsize=size, squeeze=False, layout="constrained")
    for ax, (name, matrix) in zip(axes[0], maps.items(), strict=True):
        image = ax.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
        upright = {} if long else {"rotation": 60, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(range(len(words)), columns, **upright)
        ax.set_yticks(range(len(words)), rows)
        ax.set_title(name if len(maps) > 1 else "", fontsize=10, color=INK)
    figure.colorbar(image, ax=axes[0], label="cosine similarity", shrink=0.8)
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def word_map(
    points: np.ndarray, words: Sequence[str], groups: Mapping[str, Sequence[str]], title: str
) -> Figure:
    """Draw words as points of the plane, coloured by group, no label over another.

    Args:
        points: (N, 2), a place for each word.
        words: the N words.
        groups: name of a group to its words; a word of no group is drawn grey.
        title: what to see.
    """
    figure, axes = plt.subplots(figsize=(9, 6.2))
    group_of = {word: name for name, members in groups.items() for word in members}
    colour_of = dict(zip(groups, SERIES, strict=False))
    colours = [colour_of.get(group_of.get(word, ""), "#888888") for word in words]
    axes.scatter(points[:, 0], points[:, 1], s=14, c=colours)
    axes.margins(x=0.17, y=0.12)  # room for the names at the sides
    axes.autoscale_view()
    pixels = axes.transData.transform(points) * 72 / figure.dpi
    for point, offset, word, colour in zip(
        points, label_offsets(pixels, words), words, colours, strict=True
    ):
        line = {"arrowstyle": "-", "color": "#c9c9d2", "lw": 0.6, "shrinkA": 0, "shrinkB": 2}
        axes.annotate(
            word,
            point,
            offset,
            textcoords="offset points",
            color=colour,
            fontsize=9,
            va="center",
            arrowprops=line,
        )
    for name, colour in colour_of.items():
        axes.plot([], [], "o", color=colour, label=name)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    _label(axes, title, "first principal axis", "second principal axis")
    return figure


def label_offsets(points: np.ndarray, words: Sequence[str]) -> list[tuple[float, float]]:
    """Place each label near its point where no other label is.

    Args:
        points: (N, 2), in typographic points.
        words: the N labels.

    Returns:
        For each label how far its left end, at half height, is from its point.
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


def _overlap(a: tuple[float, float, float], b: tuple[float, float, float]) -> bool:
    return abs(a[1] - b[1]) < LINE and a[0] < b[2] and b[0] < a[2]


def _hides(box: tuple[float, float, float], points: np.ndarray) -> bool:
    left, middle, right = box
    beside = (points[:, 0] < left - 3) | (points[:, 0] > right + 3)
    return not (beside | (np.abs(points[:, 1] - middle) > LINE / 2)).all()


def _candidates(width: float) -> Iterator[tuple[float, float]]:
    """Places for a label, the nearest first: right, left, then further and further away."""
    for radius in range(0, 20 * LINE, LINE // 2):
        for dx in (5 + radius / 3, -5 - radius / 3 - width):
            for dy in (radius, -radius):
                yield dx, dy


def _box(axes: Axes, x: int, y: int, text: str, colour: str, *, faint: bool) -> None:
    axes.add_patch(plt.Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="#bbbbc4", lw=0.6))
    grey = PALE if faint else INK
    axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8.5, color=grey)


def _table(axes: Axes, width: int, height: int) -> None:
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_xticks(np.arange(width) + 0.5, [str(t) for t in range(width)], fontsize=8)
    axes.set_yticks(np.arange(height) + 0.5, [str(b) for b in range(height)], fontsize=8)
    axes.tick_params(length=0)


def _label(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
