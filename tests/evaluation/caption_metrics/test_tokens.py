"""Tests of cmlearn.evaluation.caption_metrics.tokens."""

import pytest

from cmlearn.evaluation.caption_metrics.bleu import bleu, sentence_bleu
from cmlearn.evaluation.caption_metrics.cider import cider_d, sentence_cider
from cmlearn.evaluation.caption_metrics.meteor import meteor
from cmlearn.evaluation.caption_metrics.rouge import rouge_l
from cmlearn.evaluation.caption_metrics.tokens import check_captions, count_ngrams

SCORES = [bleu, sentence_bleu, rouge_l, meteor, cider_d, sentence_cider]
SAID = ["a", "red", "house"]


def test_captions_that_fit_are_taken() -> None:
    check_captions([SAID, SAID], [[SAID], [SAID, ["a"]]])
    check_captions([tuple(SAID)], [[tuple(SAID)]])


@pytest.mark.parametrize(
    ("candidates", "references", "message"),
    [
        ([], [], "0 for 0 candidates"),
        ([SAID], [[SAID], [SAID]], "2 for 1 candidates"),
        ([SAID, []], [[SAID], [SAID]], r"candidates\[1\] has no tokens"),
        ([SAID, SAID], [[SAID], []], r"references\[1\]: a list of one or more"),
        ([SAID], [[SAID, []]], r"references\[0\]\[1\] has no tokens"),
    ],
)
@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)
def test_captions_that_cannot_be_scored(score, candidates, references, message) -> None:
    with pytest.raises(ValueError, match=message):
        score(candidates, references)


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)
def test_strings_are_refused_before_their_letters_are_scored(score) -> None:
    with pytest.raises(TypeError, match=r"candidates\[0\] is the string 'a red house'.*tokenize"):
        score(["a red house"], [[SAID]])
    with pytest.raises(TypeError, match=r"references\[0\]\[0\] is the string"):
        score([SAID], [["a red house"]])
    with pytest.raises(ValueError, match=r"references\[0\]: a list"):
        score([SAID], ["a red house"])


# ── N-grams ──────────────────────────────────────────────────────────────────────────────────────


def test_counts_of_each_length() -> None:
    singles, pairs, triples = count_ngrams(["a", "b", "a", "b"], 3)
    assert singles == {("a",): 2, ("b",): 2}
    assert pairs == {("a", "b"): 2, ("b", "a"): 1}
    assert triples == {("a", "b", "a"): 1, ("b", "a", "b"): 1}


def test_a_caption_shorter_than_the_ngrams_has_none() -> None:
    assert [c.total() for c in count_ngrams(["a", "b"], 4)] == [2, 1, 0, 0]


def test_tuples_will_do() -> None:
    assert count_ngrams(("a", "b"), 2) == count_ngrams(["a", "b"], 2)
