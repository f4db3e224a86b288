"""Figures of scores: what they count in a caption, how candidates compare under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#333344"
FAINT = "#e9e9ef"
BLUE, LIGHT_BLUE = "#1d5fa8", "#b9d6f2"
RED = "#b3261e"
GREEN = "#cfe5c8"
LETTER = 0.115  # inches, of a word's letters in these figures


def score_panels(
    scores: Mapping[str, Mapping[str, float]],
    title: str,
    *,
    best: Mapping[str, float] | None = None,
    truth: str = "all true",
) -> Figure:
    """Draw one panel of bars for each score, with the same candidates in each.

    Args:
        scores: candidate to its scores; all have the same ones.
        title: what to see.
        best: score to the end of its axis, where it is not 1.
        truth: the score that is drawn in another colour, for it is no guess.
    """
    names, candidates = list(next(iter(scores.values()))), list(scores)
    size = (1.5 * len(names) + 2.4, 0.34 * len(candidates) + 1.1)
    figure, panels = plt.subplots(1, len(names), figsize=size, sharey=True, layout="constrained")
    for axes, name in zip(np.atleast_1d(panels), names):
        values = [scores[candidate][name] for candidate in candidates]
        axes.barh(candidates, values, height=0.65, color=GREEN if name == truth else LIGHT_BLUE)
        end = (best or {}).get(name, 1)
        for y, value in enumerate(values):
            axes.text(0.03 * end, y, _number(value, end), va="center", fontsize=9, color=INK)
        axes.set_xlim(0, end)
        axes.set_title(name, fontsize=9.5, color=INK)
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    np.atleast_1d(panels)[0].invert_yaxis()
    figure.suptitle(title, fontsize=11, color=INK)
    return figure


def _number(value: float, end: float) -> str:
    """Write a value as the length of its axis asks for it: 47 %, 2.42 or 620."""
    if end <= 1:
        return f"{100 * value:.0f} %"
    return f"{value:.2f}" if end < 100 else f"{value:.0f}"


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
