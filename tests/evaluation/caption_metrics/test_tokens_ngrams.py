"""Tests of cmlearn.evaluation.caption_metrics.tokens."""

from cmlearn.evaluation.caption_metrics.tokens import count_ngrams


def test_counts_of_each_length() -> None:
    singles, pairs, triples = count_ngrams(["a", "b", "a", "b"], 3)
    assert singles == {("a",): 2, ("b",): 2}
    assert pairs == {("a", "b"): 2, ("b", "a"): 1}
    assert triples == {("a", "b", "a"): 1, ("b", "a", "b"): 1}


def test_a_caption_shorter_than_the_ngrams_has_none() -> None:
    assert [c.total() for c in count_ngrams(["a", "b"], 4)] == [2, 1, 0, 0]


def test_tuples_will_do() -> None:
    assert count_ngrams(("a", "b"), 2) == count_ngrams(["a", "b"], 2)
