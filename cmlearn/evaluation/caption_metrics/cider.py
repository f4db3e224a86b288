"""CIDEr: cosine similarity of the tf-idf weighted n-grams of a candidate and its references.

Vedantam, Zitnick and Parikh 2015, "CIDEr: Consensus-based Image Description Evaluation": equations
1 to 3 define CIDEr, equation 4 CIDEr-D. Papers that report "CIDEr" on COCO mean CIDEr-D, because
pycocoevalcap computes CIDEr-D under that name; the scores agree with its version 1.2. The paper
stems words before it counts them. pycocoevalcap and this module do not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cmlearn.evaluation.caption_metrics.tokens import Ngram, Tokens, check_captions, count_ngrams

ORDER = 4  # the greatest n
SIGMA = 6.0  # words; standard deviation of the Gaussian penalty on differences in length
SCALE = 10  # factor of equation 4 that brings CIDEr-D near the range of other metrics


class _Vector(NamedTuple):
    """A caption as tf-idf weights of its n-grams and their Euclidean norms, for n = 1 to 4."""

    weights: list[dict[Ngram, float]]
    norms: list[float]
    length: int


def cider_d(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """Return the mean of `sentence_cider_d`, 0 to 10; same arguments and errors."""
    return float(sentence_cider_d(candidates, references).mean())


def sentence_cider_d(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Return CIDEr-D of each candidate.

    An n-gram that few pictures have in their references gets a high weight. The scores therefore
    depend on the whole corpus; for a corpus of one picture they are 0.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.

    Returns:
        (N,) float, 0 to 10.

    Raises:
        ValueError: the captions cannot be scored (see `check_captions`).
        TypeError: a caption is a string.
    """
    return _score(candidates, references, gaming_resistant=True)


def sentence_cider(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Return plain CIDEr of each candidate, without clipping and length penalty.

    This is the cosine of equations 2 and 3, times 10 for comparison with CIDEr-D. A candidate
    that repeats rare words scores high. It is here to show that weakness: report CIDEr-D.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.

    Returns:
        (N,) float, 0 to 10.

    Raises:
        ValueError: the captions cannot be scored (see `check_captions`).
        TypeError: a caption is a string.
    """
    return _score(candidates, references, gaming_resistant=False)


def _score(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], gaming_resistant: bool
) -> np.ndarray:
    check_captions(candidates, references)
    counted = [[count_ngrams(tokens, ORDER) for tokens in of_one] for of_one in references]
    idf, unseen = _inverse_document_frequency(counted)
    scores = []
    for candidate, of_candidate in zip(candidates, counted):
        ours = _vector(count_ngrams(candidate, ORDER), idf, unseen)
        theirs = [_vector(counts, idf, unseen) for counts in of_candidate]
        compare = _similarity_d if gaming_resistant else _cosine
        scores.append(sum(compare(ours, other) for other in theirs) / len(theirs))
    return SCALE * np.array(scores)


def _inverse_document_frequency(
    counted: Sequence[Sequence[Sequence[Counter[Ngram]]]],
) -> tuple[dict[Ngram, float], float]:
    """Return log(N / number of pictures) of each n-gram, and of an n-gram in no reference."""
    documents: Counter[Ngram] = Counter()
    for of_picture in counted:
        documents.update({ngram for counts in of_picture for c in counts for ngram in c})
    total = math.log(len(counted))
    return {ngram: total - math.log(count) for ngram, count in documents.items()}, total


def _vector(counts: Sequence[Counter[Ngram]], idf: Mapping[Ngram, float], unseen: float) -> _Vector:
    """Weight each n-gram by its count times its idf (equation 1)."""
    weights = [{g: count * idf.get(g, unseen) for g, count in c.items()} for c in counts]
    norms = [math.sqrt(sum(w * w for w in of_length.values())) for of_length in weights]
    return _Vector(weights, norms, counts[0].total())


def _cosine(ours: _Vector, theirs: _Vector) -> float:
    """Return the mean of the cosine similarities over n (equations 2 and 3)."""
    total = 0.0
    for n in range(ORDER):
        other, norm = theirs.weights[n], ours.norms[n] * theirs.norms[n]
        if norm:
            total += sum(w * other.get(ngram, 0.0) for ngram, w in ours.weights[n].items()) / norm
    return total / ORDER


def _similarity_d(ours: _Vector, theirs: _Vector) -> float:
    """Return the cosine with clipped weights, times the length penalty (equation 4)."""
    total = 0.0
    for n in range(ORDER):
        other, norm = theirs.weights[n], ours.norms[n] * theirs.norms[n]
        if norm:
            pairs = ((w, other[ngram]) for ngram, w in ours.weights[n].items() if ngram in other)
            total += sum(min(w, v) * v for w, v in pairs) / norm
    return total / ORDER * math.exp(-((ours.length - theirs.length) ** 2) / (2 * SIGMA**2))
