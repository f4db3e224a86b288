"""Tests of cmlearn.evaluation.caption_metrics.meteor."""

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.evaluation.caption_metrics.meteor import align_words, count_chunks, stem_of

WORDS = st.lists(st.sampled_from(["a", "house", "houses", "tree"]), max_size=5)


def align(left: list[str], right: list[str]) -> tuple[tuple[int, int], ...]:
    return align_words(left, right, *([stem_of(word) for word in s] for s in (left, right)))


def cost(left: list[str], right: list[str], pairs: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    return -len(pairs), -sum(left[i] == right[j] for i, j in pairs), count_chunks(pairs)


def least_cost(left: list[str], right: list[str]) -> tuple[int, ...]:
    """The best alignment by trying them all."""
    found = []
    for n in range(min(len(left), len(right)) + 1):
        for ours in combinations(range(len(left)), n):
            for theirs in permutations(range(len(right)), n):
                pairs = tuple(zip(ours, theirs))
                if all(stem_of(left[i]) == stem_of(right[j]) for i, j in pairs):
                    found.append(cost(left, right, pairs))
    return min(found)


@settings(deadline=None, max_examples=60)
@given(WORDS, WORDS)
def test_no_alignment_is_better(left, right) -> None:
    assert cost(left, right, align(left, right)) == least_cost(left, right)


@pytest.mark.parametrize(
    ("left", "right", "pairs", "chunks"),
    [
        ("a red house", "a red house", ((0, 0), (1, 1), (2, 2)), 1),
        ("a red house", "a house", ((0, 0), (2, 1)), 2),
        ("red a house", "a red house", ((0, 1), (1, 0), (2, 2)), 3),
        # Of two "a" the one that continues a chunk.
        ("a tree", "a house a tree", ((0, 2), (1, 3)), 1),
        ("two houses", "a house", ((1, 1),), 1),
        # The equal word, though the other would make one chunk of it.
        ("red house", "red houses house", ((0, 0), (1, 2)), 2),
        ("kite", "boat", (), 0),
    ],
)
def test_alignments_that_are_plain_to_see(left, right, pairs, chunks) -> None:
    assert align(left.split(), right.split()) == pairs
    assert count_chunks(pairs) == chunks


def test_many_equal_words_do_not_take_long() -> None:
    left, right = ["a"] * 30 + ["house"], ["house"] + ["a"] * 25
    pairs = align(left, right)
    assert len(pairs) == 26
