"""All scores of a caption by the words that it shares with its references, at once."""

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
    """Hold N captions against what people said of the same pictures.

    None of these scores knows what is true; `caption_truth.score_captions` does.

    Args:
        candidates: N captions as tokens.
        references: for each candidate one or more captions as tokens.

    Returns:
        BLEU-1 to BLEU-4, ROUGE-L and METEOR (exact and stem matching) from 0 to 1, CIDEr-D from 0
        to 10, all of the corpus.

    Raises:
        ValueError: the candidates and references do not fit (see `check_captions`).
        TypeError: a caption is a string.
    """
    return {
        **{f"BLEU-{n}": value for n, value in enumerate(bleu(candidates, references), start=1)},
        "ROUGE-L": rouge_l(candidates, references),
        "METEOR (exact, stem)": meteor(candidates, references),
        "CIDEr-D": cider_d(candidates, references),
    }
