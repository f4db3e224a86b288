"""ROUGE-L: F-score of the longest common subsequence of a candidate and its references.

Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1, equations 2 to 4.
The scores agree with pycocoevalcap 1.2: beta is 1.2, and with several references the best
precision and the best recall are combined, even if they come from different references.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cmlearn.evaluation.caption_metrics.tokens import Tokens, check_captions

BETA = 1.2  # weight of recall relative to precision


def rouge_l(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """Return the mean of `sentence_rouge_l`, 0 to 1; same arguments and errors."""
    return float(sentence_rouge_l(candidates, references).mean())


def sentence_rouge_l(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Return ROUGE-L of each candidate.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.

    Returns:
        (N,) float, 0 to 1.

    Raises:
        ValueError: the captions cannot be scored (see `check_captions`).
        TypeError: a caption is a string.
    """
    check_captions(candidates, references)
    return np.array([_rouge_l(c, of_c) for c, of_c in zip(candidates, references)])


def longest_common_subsequence(left: Tokens, right: Tokens) -> int:
    """Return the length of the longest common subsequence, by dynamic programming.

    `row[i]` is the length for the words of `left` read so far and the first i words of `right`.
    """
    row = [0] * (len(right) + 1)
    for word in left:
        above_left = 0
        for i, other in enumerate(right, start=1):
            above = row[i]
            row[i] = above_left + 1 if word == other else max(above, row[i - 1])
            above_left = above
    return row[-1]


def _rouge_l(candidate: Tokens, references: Sequence[Tokens]) -> float:
    shared = [longest_common_subsequence(candidate, reference) for reference in references]
    precision = max(shared) / len(candidate)
    recall = max(length / len(reference) for length, reference in zip(shared, references))
    if not precision:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)
