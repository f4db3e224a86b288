"""Tests of cmlearn.evaluation.caption_metrics.summary."""

import pytest

from cmlearn.evaluation.caption_metrics.summary import reference_scores


def test_all_scores_of_captions_that_repeat_their_references() -> None:
    told = [["a", "big", "red", "house"], ["one", "small", "blue", "tree"]]
    perfect = dict.fromkeys((*(f"BLEU-{n}" for n in range(1, 5)), "ROUGE-L"), 1)
    perfect |= {"METEOR (exact, stem)": 1, "CIDEr-D": 10}
    scores = reference_scores(told, [[caption] for caption in told])
    assert list(scores) == list(perfect)
    assert scores == pytest.approx(perfect)
