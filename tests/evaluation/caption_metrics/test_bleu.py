"""Tests of cmlearn.evaluation.caption_metrics.bleu (references: test_reference_scores.py)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.evaluation.caption_metrics.bleu import bleu, closest_length, sentence_bleu

WORDS = st.lists(st.sampled_from(["a", "red", "blue", "house", "tree"]), min_size=4, max_size=9)


def split(*captions: str) -> list[list[str]]:
    return [caption.split() for caption in captions]


def test_the_example_of_the_paper() -> None:
    # Papineni et al. 2002, example 2: seven times "the", of which a reference has two.
    candidate = split("the the the the the the the")
    references = [split("the cat is on the mat", "there is a cat on the mat")]
    assert bleu(candidate, references)[0] == pytest.approx(2 / 7)


def test_precisions_and_their_mean_by_hand() -> None:
    # 4 of 5 words and 2 of 4 pairs are right, and the lengths are equal.
    scores = bleu(split("a red house and tree"), [split("a red house or tree")])
    assert scores[0] == pytest.approx(4 / 5)
    assert scores[1] == pytest.approx(math.sqrt(4 / 5 * 2 / 4))
    assert scores[3] == pytest.approx(0, abs=1e-3)


def test_the_brevity_penalty_is_for_short_captions_alone() -> None:
    reference = [split("a red house left of a tree")]
    assert bleu(split("a red house"), reference)[0] == pytest.approx(math.exp(1 - 7 / 3))
    assert bleu(split("a red house left of a tree at noon"), reference)[0] == pytest.approx(7 / 9)


def test_the_closest_length_and_of_two_the_shorter() -> None:
    assert closest_length(["w"] * 5, [["w"] * n for n in (2, 4, 6)]) == 4
    assert closest_length(["w"] * 5, [["w"] * n for n in (9, 6, 2)]) == 6


def test_a_word_counts_as_often_as_one_reference_has_it() -> None:
    # One reference has "a" once, the other once: two are one too many.
    assert bleu(split("a a"), [split("a b", "c a")])[0] == pytest.approx(1 / 2)


def test_a_corpus_is_not_the_mean_of_its_sentences() -> None:
    candidates, references = split("a", "b c d e"), [split("a"), split("b x y z")]
    assert bleu(candidates, references)[0] == pytest.approx(2 / 5)
    assert sentence_bleu(candidates, references)[:, 0].mean() == pytest.approx((1 + 1 / 4) / 2)


def test_shapes() -> None:
    candidates, references = split("a b", "c d", "e"), [split("a"), split("c d", "d"), split("f")]
    assert sentence_bleu(candidates, references, order=2).shape == (3, 2)
    assert len(bleu(candidates, references, order=5)) == 5


@given(WORDS)
def test_a_reference_repeated_is_perfect(caption) -> None:
    assert bleu([caption], [[caption, ["a"]]]) == pytest.approx((1, 1, 1, 1))


@given(WORDS, WORDS, WORDS)
def test_another_reference_of_that_length_never_lowers_precision(candidate, one, two) -> None:
    fewer = sentence_bleu([candidate], [[one]])
    more = sentence_bleu([candidate], [[one, two[:1] * len(one)]])
    assert np.all(more >= fewer - 1e-12)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4), st.randoms())
def test_the_order_of_the_pictures_does_not_matter(rows, random) -> None:
    shuffled = random.sample(rows, len(rows))
    first, second = (bleu([c for c, _ in r], [[x] for _, x in r]) for r in (rows, shuffled))
    assert first == pytest.approx(second)
    assert all(0 <= score <= 1 for score in first)
