"""BLEU: the precision of a candidate's n-grams against its references, with a brevity penalty.

Papineni, Roukos, Ward and Zhu 2002, "BLEU: a Method for Automatic Evaluation of Machine
Translation", sections 2.1 to 2.3. The scores agree with pycocoevalcap 1.2: the reference length is
that of the reference closest in length, the shorter one of two equally close.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

import numpy as np

from cmlearn.evaluation.caption_metrics.tokens import Tokens, check_captions, count_ngrams

# As in pycocoevalcap: without a match BLEU is close to 0, and log(0) is avoided. "Close" is at most
# 0.03, the BLEU-4 of three correct words.
TINY, SMALL = 1e-15, 1e-9


class BleuCounts(NamedTuple):
    """Sufficient statistics of BLEU for N candidates; their sums over N are the corpus's.

    Attributes:
        correct: (N, order) int64, clipped matches of n-grams for n = 1 to order.
        guessed: (N, order) int64, n-grams of the candidate.
        candidate_length: (N,) int64, words.
        reference_length: (N,) int64, words of the reference closest in length.
    """

    correct: np.ndarray
    guessed: np.ndarray
    candidate_length: np.ndarray
    reference_length: np.ndarray


def bleu(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], order: int = 4
) -> tuple[float, ...]:
    """Return corpus BLEU-1 to BLEU-`order`.

    Counts are summed over the corpus before the division: this is not a mean of sentence scores.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.
        order: the greatest n.

    Returns:
        `order` scores, 0 to 1.

    Raises:
        ValueError: the captions cannot be scored (see `check_captions`).
        TypeError: a caption is a string.
    """
    counts = bleu_counts(candidates, references, order)
    return tuple(bleu_of_counts(BleuCounts(*(part.sum(axis=0) for part in counts))).tolist())


def sentence_bleu(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], order: int = 4
) -> np.ndarray:
    """Return BLEU-1 to BLEU-`order` of each candidate, without smoothing.

    A candidate without a matching 4-gram has a BLEU-4 of about 0, however good it is.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.
        order: the greatest n.

    Returns:
        (N, order) float, 0 to 1.

    Raises:
        ValueError: the captions cannot be scored (see `check_captions`).
        TypeError: a caption is a string.
    """
    return bleu_of_counts(bleu_counts(candidates, references, order))


def bleu_counts(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], order: int = 4
) -> BleuCounts:
    """Count the matches and lengths that BLEU is computed from.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.
        order: the greatest n.

    Returns:
        The counts of each candidate.

    Raises:
        ValueError: the captions cannot be scored (see `check_captions`).
        TypeError: a caption is a string.
    """
    check_captions(candidates, references)
    correct = [clipped_matches(c, of_c, order) for c, of_c in zip(candidates, references)]
    lengths = np.array([len(candidate) for candidate in candidates])
    closest = [closest_length(c, of_c) for c, of_c in zip(candidates, references)]
    guessed = np.maximum(0, lengths[:, None] - np.arange(order))  # T - n + 1 n-grams
    return BleuCounts(np.array(correct), guessed, lengths, np.array(closest))


def clipped_matches(candidate: Tokens, references: Sequence[Tokens], order: int) -> list[int]:
    """Return the clipped number of matching n-grams for n = 1 to `order`.

    An n-gram counts at most as often as in the one reference that contains it most often
    ("modified precision", section 2.1), so that repeating a correct word does not help.
    """
    counted = [count_ngrams(reference, order) for reference in references]
    # For counters, | is the maximum for each n-gram and & the minimum.
    allowed = [reduce(or_, of_length) for of_length in zip(*counted)]
    ours = count_ngrams(candidate, order)
    return [(of_length & most).total() for of_length, most in zip(ours, allowed)]


def closest_length(candidate: Tokens, references: Sequence[Tokens]) -> int:
    """Return the length of the reference closest in length to the candidate."""
    lengths = (len(reference) for reference in references)
    return min(lengths, key=lambda length: (abs(length - len(candidate)), length))


def bleu_of_counts(counts: BleuCounts) -> np.ndarray:
    """Return the brevity penalty times the geometric mean of the precisions (section 2.3).

    Args:
        counts: of one corpus, without the first dimension, or of N candidates.

    Returns:
        (order,) or (N, order) float, BLEU-1 to BLEU-order, 0 to 1.
    """
    precision = (counts.correct + TINY) / (counts.guessed + SMALL)
    orders = np.arange(1, precision.shape[-1] + 1)
    geometric_mean = np.exp(np.cumsum(np.log(precision), axis=-1) / orders)
    ratio = (counts.candidate_length + TINY) / (counts.reference_length + SMALL)
    brevity_penalty = np.exp(np.minimum(0, 1 - 1 / ratio))
    return geometric_mean * brevity_penalty[..., None]
