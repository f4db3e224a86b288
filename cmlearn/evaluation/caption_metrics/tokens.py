"""Refuses candidates or references that a score of captions cannot be computed from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Tokens = Sequence[str]


def check_captions(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> None:
    """Hold N candidates against their N lists of references.

    Args:
        candidates: N captions as tokens.
        references: for each candidate one or more captions as tokens.

    Raises:
        TypeError: a caption is a string; its letters would be taken for its words.
        ValueError: there are no candidates, not as many as lists of references, a candidate has
            no reference, or a caption has no tokens.
    """
    if isinstance(candidates, str) or len(candidates) != len(references) or not len(candidates):
        raise ValueError(
            "one list of references for each candidate is needed: "
            f"{len(references)} for {len(candidates)} candidates"
        )
    for row, (candidate, of_candidate) in enumerate(zip(candidates, references)):
        _check_tokens(candidate, f"candidates[{row}]")
        if isinstance(of_candidate, str) or not len(of_candidate):
            raise ValueError(f"references[{row}]: a list of one or more captions is needed")
        for number, reference in enumerate(of_candidate):
            _check_tokens(reference, f"references[{row}][{number}]")


def _check_tokens(tokens: Tokens, name: str) -> None:
    if isinstance(tokens, str):
        raise TypeError(f"{name} is the string {tokens!r:.40}: split it first, tokenize(caption)")
    if not len(tokens):
        raise ValueError(f"{name} has no tokens: leave the picture out, or give it one word")


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
