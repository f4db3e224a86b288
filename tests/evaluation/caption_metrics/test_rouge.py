"""Tests of cmlearn.evaluation.caption_metrics.rouge (references: test_reference_scores.py)."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.evaluation.caption_metrics.rouge import (
    longest_common_subsequence,
    rouge_l,
    sentence_rouge_l,
)

WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=7)


def split(*captions: str) -> list[list[str]]:
    return [caption.split() for caption in captions]


def by_trying_all(left: list[str], right: list[str]) -> int:
    """The longest choice of words of one side that the other side has too."""
    choices = {c for n in range(len(right) + 1) for c in combinations(right, n)}
    return max(n for n in range(len(left) + 1) if choices & set(combinations(left, n)))


@given(WORDS, WORDS)
def test_the_longest_common_subsequence(left, right) -> None:
    assert longest_common_subsequence(left, right) == by_trying_all(left, right)


def test_the_example_of_the_paper_by_hand() -> None:
    # Lin 2004, section 3.1: "police killed the gunman"; F with its beta of 1 is precision here,
    # for all have four words.
    reference = [split("police killed the gunman")]
    assert sentence_rouge_l(split("police kill the gunman"), reference) == pytest.approx([3 / 4])
    assert sentence_rouge_l(split("the gunman kill police"), reference) == pytest.approx([2 / 4])


def test_recall_weighs_more_than_precision() -> None:
    # Precision 1 and recall 1/2, then the other way round.
    short = rouge_l(split("a b"), [split("a b c d")])
    long = rouge_l(split("a b c d"), [split("a b")])
    assert short == pytest.approx(2.44 * 0.5 / (0.5 + 1.44))
    assert long == pytest.approx(2.44 * 0.5 / (1 + 1.44 * 0.5))
    assert short < long


def test_the_best_precision_and_the_best_recall_may_be_of_two_references() -> None:
    # Precision 2/3 from the first reference, recall 1 from the second.
    first = rouge_l(split("a b c"), [split("a b x y z")])
    both = rouge_l(split("a b c"), [split("a b x y z", "c")])
    assert both == pytest.approx(2.44 * (2 / 3) / (1 + 1.44 * 2 / 3))
    assert both > first


def test_nothing_in_common_is_zero() -> None:
    assert rouge_l(split("a b"), [split("c d")]) == 0


@given(WORDS)
def test_a_reference_repeated_is_perfect(caption) -> None:
    assert rouge_l([caption], [[["x"], caption]]) == pytest.approx(1)
