"""CIDEr: how alike a candidate and its references are in the n-grams that tell pictures apart.

Vedantam, Zitnick and Parikh 2015, "CIDEr: Consensus-based Image Description Evaluation": CIDEr is
equations 1 to 3, CIDEr-D equation 4. What papers call "CIDEr" on COCO is CIDEr-D, for this is what
pycocoevalcap computes under that name; the numbers agree with its version 1.2. The paper stems
words before it counts them; pycocoevalcap does not, nor do we.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cmlearn.evaluation.caption_metrics.tokens import Ngram, Tokens, check_captions, count_ngrams

ORDER = 4  # the longest n-grams
SIGMA = 6.0  # words; how much longer or shorter than its reference a candidate may be
SCALE = 10  # factor that brings CIDEr-D near the range of other scores (equation 4)


class _Vector(NamedTuple):
    """A caption as tf-idf weights: for each n those of its n-grams, with their Euclidean norm."""

    weights: list[dict[Ngram, float]]
    norms: list[float]
    length: int


def cider_d(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """Return the mean of `sentence_cider_d`, 0 to 10; arguments and errors are the same."""
    return float(sentence_cider_d(candidates, references).mean())


def sentence_cider_d(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Return CIDEr-D of each candidate: (N,), 0 to 10.

    An n-gram weighs the more, the fewer of the N pictures it is said of: the scores depend on the
    whole corpus, and of a corpus of one picture they are 0.

    Args:
        candidates: N captions as tokens.
        references: for each candidate one or more captions as tokens.

    Raises:
        ValueError: the candidates and references do not fit (see `check_captions`).
        TypeError: a caption is a string.
    """
    return _score(candidates, references, gaming_resistant=True)


def sentence_cider(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Return CIDEr of each candidate without what the D adds: (N,), 0 to 10.

    The cosine of equations 2 and 3 alone, times 10 to be comparable with CIDEr-D. A candidate
    that repeats rare words scores high: this is to be seen, not to be used. Arguments and errors
    are those of `sentence_cider_d`.
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
    """Return log(N / pictures that an n-gram is said of) for each n-gram; and for one unseen."""
    documents: Counter[Ngram] = Counter()
    for of_picture in counted:
        documents.update({ngram for counts in of_picture for c in counts for ngram in c})
    total = math.log(len(counted))
    return {ngram: total - math.log(count) for ngram, count in documents.items()}, total


def _vector(counts: Sequence[Counter[Ngram]], idf: Mapping[Ngram, float], unseen: float) -> _Vector:
    """Weigh each n-gram by how often it is said times how rare it is (equation 1)."""
    weights = [{g: count * idf.get(g, unseen) for g, count in c.items()} for c in counts]
    norms = [math.sqrt(sum(w * w for w in of_length.values())) for of_length in weights]
    return _Vector(weights, norms, counts[0].total())


def _cosine(ours: _Vector, theirs: _Vector) -> float:
    """Return the mean over n of the cosines, equations 2 and 3."""
    total = 0.0
    for n in range(ORDER):
        other, norm = theirs.weights[n], ours.norms[n] * theirs.norms[n]
        if norm:
            total += sum(w * other.get(ngram, 0.0) for ngram, w in ours.weights[n].items()) / norm
    return total / ORDER


def _similarity_d(ours: _Vector, theirs: _Vector) -> float:
    """Return the cosine with weights clipped to the reference's, less for other lengths (eq. 4)."""
    total = 0.0
    for n in range(ORDER):
        other, norm = theirs.weights[n], ours.norms[n] * theirs.norms[n]
        if norm:
            pairs = ((w, other[ngram]) for ngram, w in ours.weights[n].items() if ngram in other)
            total += sum(min(w, v) * v for w, v in pairs) / norm
    return total / ORDER * math.exp(-((ours.length - theirs.length) ** 2) / (2 * SIGMA**2))
