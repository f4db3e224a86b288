"""Tests of cmlearn.evaluation.caption_metrics.cider (references: test_reference_scores.py)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.evaluation.caption_metrics.cider import cider_d, sentence_cider, sentence_cider_d

WORDS = st.lists(st.sampled_from(["a", "red", "blue", "house", "tree"]), min_size=1, max_size=9)
ROWS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5)


def split(*captions: str) -> list[list[str]]:
    return [caption.split() for caption in captions]


def test_single_words_by_hand() -> None:
    # "a" is said of both pictures and weighs log 2/2 = 0; "house" and "tree" weigh log 2/1. One
    # word has no pairs, triples or quadruples: their cosines are 0 of the four that are averaged.
    references = [split("house", "a"), split("tree", "a")]
    scores = sentence_cider_d(split("house", "a"), references)
    # Like the first reference exactly, unlike the second: (1 + 0) / 2, over four lengths, times 10.
    assert scores == pytest.approx([10 * 0.5 / 4, 0])


def test_the_length_penalty_by_hand() -> None:
    # All that distinguishes is right, and three words too many stand in front of it.
    references = [split("house"), split("tree x x x")]
    long = sentence_cider_d(split("x x x house", "tree"), references)[0]
    plain = sentence_cider(split("x x x house", "tree"), references)[0]
    weight = {"x": math.log(2 / 1), "house": math.log(2 / 1)}
    cosine = weight["house"] ** 2 / (
        math.sqrt(9 * weight["x"] ** 2 + weight["house"] ** 2) * weight["house"]
    )
    assert plain == pytest.approx(10 * cosine / 4)
    assert long == pytest.approx(plain * math.exp(-(3**2) / (2 * 6**2)))


def test_repeating_a_rare_word_gains_in_cider_and_not_in_cider_d() -> None:
    references = [split("a kite flies high"), split("a ball on a beach"), split("a boat on a lake")]
    honest = split("a kite", "a ball", "a boat")
    gamed = split("kite kite kite kite", "ball ball ball ball", "boat boat boat boat")
    assert sentence_cider(gamed, references).sum() > sentence_cider_d(gamed, references).sum()
    assert sentence_cider_d(gamed, references).sum() < sentence_cider_d(honest, references).sum()


def test_one_picture_scores_zero() -> None:
    assert cider_d(split("a house"), [split("a house")]) == 0


def test_words_of_every_picture_weigh_nothing() -> None:
    assert cider_d(split("a", "a"), [split("a", "a b"), split("a", "a c")]) == 0


def test_a_caption_of_four_words_repeated_scores_ten() -> None:
    told = split("a big red house", "one small blue tree")
    assert sentence_cider_d(told, [[caption] for caption in told]) == pytest.approx([10, 10])


@given(ROWS)
def test_range(rows) -> None:
    candidates, references = [c for c, _ in rows], [[r] for _, r in rows]
    for score in (sentence_cider, sentence_cider_d):
        values = score(candidates, references)
        assert values.shape == (len(rows),)
        assert (values >= 0).all()
        assert (values <= 10 + 1e-9).all()


@given(ROWS)
def test_cider_d_is_at_most_cider(rows) -> None:
    candidates, references = [c for c, _ in rows], [[r] for _, r in rows]
    plain, d = sentence_cider(candidates, references), sentence_cider_d(candidates, references)
    assert (d <= plain + 1e-9).all()
