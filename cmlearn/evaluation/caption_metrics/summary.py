"""All reference-based caption metrics in one table row."""

from __future__ import annotations

from collections.abc import Sequence

from cmlearn.evaluation.caption_metrics.bleu import bleu
from cmlearn.evaluation.caption_metrics.cider import cider_d
from cmlearn.evaluation.caption_metrics.meteor import meteor
from cmlearn.evaluation.caption_metrics.rouge import rouge_l
from cmlearn.evaluation.caption_metrics.tokens import Tokens


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
    return {
        **{f"BLEU-{n}": value for n, value in enumerate(bleu(candidates, references), start=1)},
        "ROUGE-L": rouge_l(candidates, references),
        "METEOR (exact, stem)": meteor(candidates, references),
        "CIDEr-D": cider_d(candidates, references),
    }
