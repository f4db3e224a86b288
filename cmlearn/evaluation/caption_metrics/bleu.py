"""BLEU: how many n-grams of the candidates stand in their references.

Papineni, Roukos, Ward and Zhu 2002, "BLEU: a Method for Automatic Evaluation of Machine
Translation", sections 2.1 to 2.3. Of several references the one closest in length counts (of two
equally close ones the shorter), as in pycocoevalcap 1.2, with which the numbers agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

import numpy as np

from cmlearn.evaluation.caption_metrics.tokens import Tokens, check_captions, count_ngrams

# As in pycocoevalcap: where no n-gram is right BLEU comes out near zero, instead of as log(0); at
# most 0.03, the BLEU-4 of three right words.
TINY, SMALL = 1e-15, 1e-9


class BleuCounts(NamedTuple):
    """All that BLEU needs to know of N candidates; the sums over N are those of the corpus.

    Attributes:
        correct: (N, order), n-grams of the candidate that its references have, clipped.
        guessed: (N, order), n-grams of the candidate.
        candidate_length: (N,), in words.
        reference_length: (N,), of the reference closest in length.
    """

    correct: np.ndarray
    guessed: np.ndarray
    candidate_length: np.ndarray
    reference_length: np.ndarray


def bleu(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], order: int = 4
) -> tuple[float, ...]:
    """Return BLEU-1 to BLEU-`order` of a corpus, each 0 to 1.

    The counts are added up over the corpus before anything is divided, so that this is no mean of
    sentences' scores.

    Args:
        candidates: N captions as tokens.
        references: for each candidate one or more captions as tokens.
        order: the longest n-grams that count.

    Raises:
        ValueError: the candidates and references do not fit (see `check_captions`).
        TypeError: a caption is a string.
    """
    counts = bleu_counts(candidates, references, order)
    return tuple(bleu_of_counts(BleuCounts(*(part.sum(axis=0) for part in counts))).tolist())


def sentence_bleu(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], order: int = 4
) -> np.ndarray:
    """Return BLEU-1 to BLEU-`order` of each candidate alone: (N, order), 0 to 1.

    Nothing is smoothed: a candidate without a right 4-gram has a BLEU-4 of about 0, however good.
    Arguments and errors are those of `bleu`.
    """
    return bleu_of_counts(bleu_counts(candidates, references, order))


def bleu_counts(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], order: int = 4
) -> BleuCounts:
    """Count what BLEU divides; arguments and errors are those of `bleu`."""
    check_captions(candidates, references)
    correct = [clipped_matches(c, of_c, order) for c, of_c in zip(candidates, references)]
    lengths = np.array([len(candidate) for candidate in candidates])
    closest = [closest_length(c, of_c) for c, of_c in zip(candidates, references)]
    guessed = np.maximum(0, lengths[:, None] - np.arange(order))  # T - n + 1 runs of n words
    return BleuCounts(np.array(correct), guessed, lengths, np.array(closest))


def clipped_matches(candidate: Tokens, references: Sequence[Tokens], order: int) -> list[int]:
    """Return how many 1-grams, 2-grams ... of the candidate its references have.

    An n-gram counts at most as often as it comes in the one reference that has most of it
    ("modified precision", section 2.1), so that saying a right word twice does not pay.
    """
    counted = [count_ngrams(reference, order) for reference in references]
    # Of two counters | is the maximum, n-gram by n-gram, and & the minimum.
    allowed = [reduce(or_, of_length) for of_length in zip(*counted)]
    said = count_ngrams(candidate, order)
    return [(ours & theirs).total() for ours, theirs in zip(said, allowed)]


def closest_length(candidate: Tokens, references: Sequence[Tokens]) -> int:
    """Return the length of the reference that is nearest to the candidate's own."""
    lengths = (len(reference) for reference in references)
    return min(lengths, key=lambda length: (abs(length - len(candidate)), length))


def bleu_of_counts(counts: BleuCounts) -> np.ndarray:
    """Return the brevity penalty times the geometric mean of precisions, section 2.3.

    Args:
        counts: of one corpus, or of N candidates in the first dimension.

    Returns:
        (order,) or (N, order), BLEU-1 to BLEU-order.
    """
    precision = (counts.correct + TINY) / (counts.guessed + SMALL)
    orders = np.arange(1, precision.shape[-1] + 1)
    geometric_mean = np.exp(np.cumsum(np.log(precision), axis=-1) / orders)
    ratio = (counts.candidate_length + TINY) / (counts.reference_length + SMALL)
    brevity_penalty = np.exp(np.minimum(0, 1 - 1 / ratio))
    return geometric_mean * brevity_penalty[..., None]
