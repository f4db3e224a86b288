"""All reference-based caption metrics in one table row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cmlearn.evaluation.caption_metrics.intervals import image_statistics, scores, weighted
from cmlearn.evaluation.caption_metrics.tokens import Tokens, check_captions


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
