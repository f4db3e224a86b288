"""Counts the n-grams of a caption: its words, pairs of words, triples and so on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Ngram = tuple[str, ...]


def count_ngrams(tokens: Sequence[str], order: int) -> list[Counter[Ngram]]:
    """Count the n-grams of each length from 1 to `order`.

    Args:
        tokens: T words.
        order: the longest n-grams.

    Returns:
        `order` counters; the one at place n - 1 counts the T - n + 1 runs of n words.
    """
    starts = [tokens[n:] for n in range(order)]
    return [Counter(zip(*starts[:n])) for n in range(1, order + 1)]
