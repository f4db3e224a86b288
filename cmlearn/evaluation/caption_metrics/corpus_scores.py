"""All reference-based caption metrics of a corpus, with percentile bootstrap intervals.

Efron 1979, "Bootstrap Methods: Another Look at the Jackknife"; the percentile interval: Efron and
Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3; for BLEU: Koehn 2004,
"Statistical Significance Tests for Machine Translation Evaluation".

A resample draws N of the N images with replacement. The number of times that each image is drawn
follows a multinomial distribution, so R resamples are an (R, N) matrix of weights, and its product
with the counts of the images gives the counts of R corpora.

An interval says how much a score depends on the images that happened to be in the set. It does not
say how much it would change after another training, or with references by other people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cmlearn.data.progress import progress_bar
from cmlearn.evaluation.caption_metrics.bleu import BleuCounts, bleu_counts, bleu_of_counts
from cmlearn.evaluation.caption_metrics.cider import sentence_cider_d
from cmlearn.evaluation.caption_metrics.meteor import (
    MeteorCounts,
    meteor_counts,
    meteor_of_counts,
)
from cmlearn.evaluation.caption_metrics.rouge import sentence_rouge_l
from cmlearn.evaluation.caption_metrics.tokens import Tokens, check_captions

NO_WORDS = ("",)  # in place of a caption without tokens: no reference contains an empty token
RESAMPLES_AT_ONCE = 100  # bounds the memory: 5,000 images need 4 MB of weights
PATIENCE = 2.0  # seconds before the progress bar appears


class Statistics(NamedTuple):
    """Sufficient statistics of all metrics for each of M images, or for each of M corpora.

    Attributes:
        bleu: counts of BLEU, summed over a corpus.
        meteor: (M, 6) float, the fields of `MeteorCounts`, summed over a corpus.
        rouge_l: (M,) float, ROUGE-L, averaged over a corpus.
        cider_d: (M,) float, CIDEr-D, averaged over a corpus.
    """

    bleu: BleuCounts
    meteor: np.ndarray
    rouge_l: np.ndarray
    cider_d: np.ndarray


class Interval(NamedTuple):
    """A corpus score with its bootstrap interval."""

    score: float
    low: float
    high: float


def reference_scores(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> dict[str, float]:
    """Score N captions against human captions of the same pictures.

    These metrics measure overlap of words, not truth; see `claim_accuracy.score_captions`.

    Args:
        candidates: N captions as tokens.
        references: one or more captions as tokens for each candidate.

    Returns:
        Corpus scores: BLEU-1 to BLEU-4, ROUGE-L and METEOR (exact and stem matching) from 0 to 1,
        CIDEr-D from 0 to 10.

    Raises:
        ValueError: the captions cannot be scored (see `check_captions`).
        TypeError: a caption is a string.
    """
    check_captions(candidates, references)
    statistics = image_statistics(candidates, references, progress=False)
    corpus = weighted(statistics, np.ones((1, len(candidates))))
    return {name: float(score[0]) for name, score in scores(corpus).items()}


def image_statistics(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], *, progress: bool = True
) -> Statistics:
    """Compare each candidate with its references.

    A candidate without tokens scores 0 in every metric. In BLEU and METEOR its references still
    count, so it lowers the brevity penalty and the recall of the corpus.

    Args:
        candidates: N captions as tokens; a caption can have none.
        references: one or more captions as tokens for each candidate.
        progress: show a bar on stderr after two seconds.

    Returns:
        The statistics of each image. The document frequencies of CIDEr-D are those of all N images.

    Raises:
        ValueError: the references cannot be used (see `check_captions`).
        TypeError: a caption is a string.
    """
    with_words = [candidate or NO_WORDS for candidate in candidates]
    with progress_bar(total=4, show=progress, desc="metrics", delay=PATIENCE, leave=False) as bar:
        bleu = _bleu_counts(candidates, references)
        bar.update()
        rouge_l = sentence_rouge_l(with_words, references)
        bar.update()
        meteor = [_best_meteor_counts(c, of_c) for c, of_c in zip(candidates, references)]
        bar.update()
        cider_d = sentence_cider_d(with_words, references)
        bar.update()
    return Statistics(bleu, np.array(meteor, dtype=float), rouge_l, cider_d)


def scores(statistics: Statistics) -> dict[str, np.ndarray]:
    """Compute all metrics from their statistics.

    Args:
        statistics: of M images or of M corpora.

    Returns:
        (M,) float for each metric, with the names of `summary.reference_scores`.
    """
    bleu = bleu_of_counts(statistics.bleu)
    meteor = [meteor_of_counts(MeteorCounts(*row)) for row in statistics.meteor.tolist()]
    return {
        **{f"BLEU-{n}": of_order for n, of_order in enumerate(bleu.T, start=1)},
        "ROUGE-L": statistics.rouge_l,
        "METEOR (exact, stem)": np.array(meteor),
        "CIDEr-D": statistics.cider_d,
    }


def weighted(statistics: Statistics, weights: np.ndarray) -> Statistics:
    """Combine images into corpora.

    Args:
        statistics: of N images.
        weights: (R, N) float, how often each corpus contains each image.

    Returns:
        The statistics of R corpora.
    """
    sizes = weights.sum(axis=1)
    return Statistics(
        BleuCounts(*(weights @ count for count in statistics.bleu)),  # (R, N) @ (N, …) -> (R, …)
        weights @ statistics.meteor,
        weights @ statistics.rouge_l / sizes,
        weights @ statistics.cider_d / sizes,
    )


def bootstrap(
    statistics: Statistics,
    resamples: int,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Compute each corpus score with its percentile bootstrap interval over images.

    Args:
        statistics: of N images.
        resamples: number of resamples; 1,000 are usual for an interval of 95 %.
        rng: draws the resamples.
        confidence: nominal coverage of the interval, between 0 and 1.

    Returns:
        An interval for each metric, with the names of `scores`.
    """
    images = len(statistics.rouge_l)
    drawn = []
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        size = min(RESAMPLES_AT_ONCE, resamples - start)
        weights = rng.multinomial(images, np.full(images, 1 / images), size=size).astype(float)
        drawn.append(scores(weighted(statistics, weights)))
    whole = scores(weighted(statistics, np.ones((1, images))))
    outside = (1 - confidence) / 2
    return {
        name: Interval(
            float(score[0]),
            *np.quantile(
                np.concatenate([of_block[name] for of_block in drawn]), [outside, 1 - outside]
            ).tolist(),
        )
        for name, score in whole.items()
    }


def _bleu_counts(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]
) -> BleuCounts:
    """Return the counts of `bleu_counts`, which refuses candidates without tokens."""
    counts = bleu_counts([candidate or NO_WORDS for candidate in candidates], references)
    has_words = np.array([len(candidate) > 0 for candidate in candidates])
    return counts._replace(
        guessed=counts.guessed * has_words[:, None],
        candidate_length=counts.candidate_length * has_words,
    )


def _best_meteor_counts(candidate: Tokens, references: Sequence[Tokens]) -> MeteorCounts:
    counts = (meteor_counts(candidate, reference) for reference in references)
    return max(counts, key=meteor_of_counts)
