"""Tests of cmlearn.evaluation.caption_metrics.corpus_scores."""

from __future__ import annotations

import numpy as np
import pytest
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider

from cmlearn.evaluation.caption_metrics import corpus_scores
from cmlearn.evaluation.caption_metrics.bleu import BleuCounts, sentence_bleu
from cmlearn.evaluation.caption_metrics.cider import sentence_cider_d
from cmlearn.evaluation.caption_metrics.corpus_scores import (
    Statistics,
    bootstrap,
    image_statistics,
    reference_scores,
    scores,
    weighted,
)
from cmlearn.evaluation.caption_metrics.meteor import sentence_meteor
from cmlearn.evaluation.caption_metrics.rouge import sentence_rouge_l

WORDS = ("a", "red", "blue", "house", "houses", "tree", "left", "of")
METEOR = "METEOR (exact, stem)"
Captions = tuple[list[list[str]], list[list[list[str]]]]


def draw_captions(images: int, seed: int = 0) -> Captions:
    rng = np.random.default_rng(seed)

    def draw() -> list[str]:
        return rng.choice(WORDS, rng.integers(3, 9)).tolist()

    return [draw() for _ in range(images)], [[draw(), draw(), draw()] for _ in range(images)]


def statistics_of(values: np.ndarray) -> Statistics:
    """Statistics of images whose ROUGE-L is known; the other metrics are those of no match."""
    nothing = np.ones((len(values), 4))
    lengths = np.full(len(values), 4)
    bleu = BleuCounts(0 * nothing, nothing, lengths, lengths)
    return Statistics(bleu, np.zeros((len(values), 6)), values, values)


def test_scores_of_images_are_those_of_the_plain_functions() -> None:
    candidates, references = draw_captions(40)
    each = scores(image_statistics(candidates, references, progress=False))
    bleu = np.stack([each[f"BLEU-{n}"] for n in range(1, 5)], axis=1)
    assert bleu == pytest.approx(sentence_bleu(candidates, references))
    assert each["ROUGE-L"] == pytest.approx(sentence_rouge_l(candidates, references))
    assert each[METEOR] == pytest.approx(sentence_meteor(candidates, references))
    assert each["CIDEr-D"] == pytest.approx(sentence_cider_d(candidates, references))


def test_corpus_scores_are_those_of_the_plain_functions() -> None:
    candidates, references = draw_captions(40)
    found = bootstrap(
        image_statistics(candidates, references, progress=False), 100, np.random.default_rng(0)
    )
    expected = reference_scores(candidates, references)
    assert list(found) == list(expected)
    assert {name: interval.score for name, interval in found.items()} == pytest.approx(expected)


def test_a_resample_is_the_corpus_with_images_repeated() -> None:
    candidates, references = draw_captions(6)
    drawn = [0, 0, 0, 2, 5, 5]
    weights = np.bincount(drawn, minlength=6)[None].astype(float)
    statistics = image_statistics(candidates, references, progress=False)
    resample = scores(weighted(statistics, weights))
    repeated = reference_scores([candidates[i] for i in drawn], [references[i] for i in drawn])
    # Document frequencies stay those of all images, so CIDEr-D is a mean of the images' scores.
    repeated["CIDEr-D"] = sentence_cider_d(candidates, references)[drawn].mean()
    assert {name: value.item() for name, value in resample.items()} == pytest.approx(repeated)


def test_a_caption_without_words_scores_zero_and_lowers_the_corpus() -> None:
    candidates, references = draw_captions(30)
    some = [[] if i % 3 == 0 else c for i, c in enumerate(candidates)]
    statistics = image_statistics(some, references, progress=False)
    each = scores(statistics)
    assert all(np.abs(of_metric[::3]).max() < 1e-9 for of_metric in each.values())
    rng = np.random.default_rng(0)
    without = bootstrap(statistics, 100, rng)
    whole = reference_scores(candidates, references)
    assert all(without[name].score < whole[name] for name in whole)


def test_captions_without_words_count_as_in_pycocoevalcap() -> None:
    candidates, references = draw_captions(30)
    candidates[3] = candidates[17] = []
    said = {i: [" ".join(tokens)] for i, tokens in enumerate(candidates)}
    told = {i: [" ".join(tokens) for tokens in of] for i, of in enumerate(references)}
    statistics = image_statistics(candidates, references, progress=False)
    found = bootstrap(statistics, 100, np.random.default_rng(0))
    bleu, _ = Bleu(4).compute_score(told, said, verbose=0)
    assert [found[f"BLEU-{n}"].score for n in range(1, 5)] == pytest.approx(bleu)
    assert found["CIDEr-D"].score == pytest.approx(Cider().compute_score(told, said)[0])


def test_meteor_of_a_corpus_counts_the_reference_of_a_missing_caption() -> None:
    reference = ["red", "house"]
    statistics = image_statistics([reference, []], [[reference], [reference]], progress=False)
    found = bootstrap(statistics, 100, np.random.default_rng(0))[METEOR].score
    precision, recall = 1, 1 / 2  # no penalty: the words of the first are all paired, in order
    assert found == pytest.approx(precision * recall / (0.85 * precision + 0.15 * recall))


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(1).uniform(size=2000)
    score, low, high = bootstrap(statistics_of(values), 2000, np.random.default_rng(0))["ROUGE-L"]
    half = 1.96 * values.std() / len(values) ** 0.5
    assert score == pytest.approx(values.mean())
    assert (low - score, high - score) == pytest.approx((-half, half), rel=0.1)


@pytest.mark.parametrize(("confidence", "bounds"), [(0.95, (0.89, 0.98)), (0.5, (0.4, 0.6))])
def test_intervals_cover_the_truth_as_often_as_they_say(
    confidence: float, bounds: tuple[float, float]
) -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        statistics = statistics_of(rng.beta(2, 3, size=100))  # mean 2 / 5
        _, low, high = bootstrap(statistics, 200, rng, confidence)["ROUGE-L"]
        covered += low <= 0.4 <= high
    assert bounds[0] <= covered / 200 <= bounds[1]


def test_images_that_are_all_alike_leave_no_doubt() -> None:
    candidates, references = [["a", "red", "house"]] * 9, [[["a", "blue", "house"]]] * 9
    statistics = image_statistics(candidates, references, progress=False)
    for score, low, high in bootstrap(statistics, 100, np.random.default_rng(0)).values():
        assert low == pytest.approx(score, abs=1e-12)
        assert high == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize("resamples", [7, 8, 9])
def test_blocks_of_resamples_add_up(monkeypatch: pytest.MonkeyPatch, resamples: int) -> None:
    statistics = image_statistics(*draw_captions(20), progress=False)
    whole = bootstrap(statistics, resamples, np.random.default_rng(0))
    monkeypatch.setattr(corpus_scores, "RESAMPLES_AT_ONCE", 4)
    in_blocks = bootstrap(statistics, resamples, np.random.default_rng(0))
    for name, interval in whole.items():
        assert in_blocks[name] == pytest.approx(interval)


def test_the_bar_appears_only_when_it_takes_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    captions = draw_captions(3)
    image_statistics(*captions)
    assert capsys.readouterr().err.strip() == ""
    monkeypatch.setattr(corpus_scores, "PATIENCE", 0)
    image_statistics(*captions)
    assert "metrics" in capsys.readouterr().err


def test_all_scores_of_captions_that_repeat_their_references() -> None:
    told = [["a", "big", "red", "house"], ["one", "small", "blue", "tree"]]
    perfect = dict.fromkeys((*(f"BLEU-{n}" for n in range(1, 5)), "ROUGE-L"), 1)
    perfect |= {"METEOR (exact, stem)": 1, "CIDEr-D": 10}
    scores = reference_scores(told, [[caption] for caption in told])
    assert list(scores) == list(perfect)
    assert scores == pytest.approx(perfect)
