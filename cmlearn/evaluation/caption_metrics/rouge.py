"""ROUGE-L: how long a run of words, gaps allowed, the candidate shares with its references.

Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1, equations 2 to 4.
As in pycocoevalcap 1.2, with which the numbers agree, beta is 1.2, and of several references the
best precision and the best recall count, even where they are of two different references.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cmlearn.evaluation.caption_metrics.tokens import Tokens, check_captions

BETA = 1.2  # how many times as much recall weighs as precision


def rouge_l(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """Return the mean of `sentence_rouge_l`, 0 to 1; arguments and errors are the same."""
    return float(sentence_rouge_l(candidates, references).mean())


def sentence_rouge_l(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Return ROUGE-L of each candidate: (N,), 0 to 1.

    Args:
        candidates: N captions as tokens.
        references: for each candidate one or more captions as tokens.

    Raises:
        ValueError: the candidates and references do not fit (see `check_captions`).
        TypeError: a caption is a string.
    """
    check_captions(candidates, references)
    return np.array([_rouge_l(c, of_c) for c, of_c in zip(candidates, references)])


def _rouge_l(candidate: Tokens, references: Sequence[Tokens]) -> float:
    shared = [longest_common_subsequence(candidate, reference) for reference in references]
    precision = max(shared) / len(candidate)
    recall = max(length / len(reference) for length, reference in zip(shared, references))
    if not precision:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def longest_common_subsequence(left: Tokens, right: Tokens) -> int:
    """Return how many words both have in the same order, whatever stands between them.

    Row by row: of the words read so far, with how many of them can the other side be matched?
    """
    row = [0] * (len(right) + 1)
    for word in left:
        above_left = 0
        for i, other in enumerate(right, start=1):
            above = row[i]
            row[i] = above_left + 1 if word == other else max(above, row[i - 1])
            above_left = above
    return row[-1]
