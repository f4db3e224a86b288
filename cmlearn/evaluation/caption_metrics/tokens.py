"""Checks and n-gram counts of tokenised captions, shared by the caption metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Tokens = Sequence[str]
Ngram = tuple[str, ...]


def check_captions(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> None:
    """Check that candidates and references can be scored.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.

    Raises:
        TypeError: a caption is a string; its letters would count as words.
        ValueError: there are no candidates, the numbers of candidates and reference lists differ,
            a candidate has no reference, or a caption has no tokens.
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


def count_ngrams(tokens: Tokens, order: int) -> list[Counter[Ngram]]:
    """Count the n-grams of each length from 1 to `order`.

    Args:
        tokens: T words.
        order: the greatest n.

    Returns:
        `order` counters; index n - 1 counts the T - n + 1 n-grams.
    """
    starts = [tokens[n:] for n in range(order)]
    return [Counter(zip(*starts[:n])) for n in range(1, order + 1)]


def _check_tokens(tokens: Tokens, name: str) -> None:
    if isinstance(tokens, str):
        raise TypeError(f"{name} is the string {tokens!r:.40}: split it first, tokenize(caption)")
    if not len(tokens):
        raise ValueError(f"{name} has no tokens: leave the picture out, or give it one word")
