"""Tests of cmlearn.evaluation.caption_metrics.meteor (references: test_reference_scores.py)."""

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.evaluation.caption_metrics.meteor import (
    FUNCTION_WORDS,
    align_words,
    count_chunks,
    meteor,
    sentence_meteor,
    stem_of,
)

WORDS = st.lists(
    st.sampled_from(["a", "red", "house", "houses", "tree", "of"]), min_size=1, max_size=7
)


def split(*captions: str) -> list[list[str]]:
    return [caption.split() for caption in captions]


def test_equal_words_by_hand() -> None:
    # "a" weighs 1/4, the others 3/4. Of the candidate's 1 3/4 all is matched; of the
    # reference's 2 1/2 the same 1 3/4, in two chunks of three pairs.
    precision, recall = 1, 1.75 / 2.5
    f_mean = precision * recall / (0.85 * precision + 0.15 * recall)
    expected = f_mean * (1 - 0.6 * (2 / 3) ** 0.2)
    assert meteor(split("a red house"), [split("a red big house")]) == pytest.approx(expected)


def test_a_common_stem_weighs_less() -> None:
    # One pair of equal words and one of equal stem, in one chunk; 0.6 of the second's weight.
    precision = recall = (0.75 + 0.6 * 0.75) / 1.5
    assert meteor(split("red houses"), [split("red house")]) == pytest.approx(precision)
    assert recall == precision


def test_order_costs() -> None:
    reference = [split("a red house left of a blue tree")]
    straight, swapped = sentence_meteor(
        split("a red house left of a blue tree", "a blue tree left of a red house"), reference * 2
    )
    assert straight == 1
    assert 0.5 < swapped < 1


def test_function_words_count_less() -> None:
    reference = [split("the house of a king")]
    assert {"the", "of", "a"} <= FUNCTION_WORDS
    assert meteor(split("the of a"), reference) < meteor(split("house king"), reference)
    even = meteor(split("the of a"), reference, function_words=())
    assert even > meteor(split("the of a"), reference)


def test_synonyms_do_not_match() -> None:
    assert meteor(split("home"), [split("house")]) == 0


def test_the_best_of_the_references_counts() -> None:
    candidate = split("a red house")
    alone = meteor(candidate, [split("a red house")])
    assert meteor(candidate, [split("boats", "a red house", "a red")]) == alone == 1


def test_a_corpus_adds_up_before_it_divides() -> None:
    candidates, references = split("house", "a red tree"), [split("house"), split("a big boat")]
    assert meteor(candidates, references) != pytest.approx(
        sentence_meteor(candidates, references).mean()
    )


def test_stems() -> None:
    assert stem_of("houses") == stem_of("house")
    assert stem_of("running") == stem_of("runs") != stem_of("runner")


@given(WORDS, WORDS)
def test_range_and_identity(one, two) -> None:
    assert 0 <= meteor([one], [[two]]) <= 1
    assert meteor([one], [[one]]) == pytest.approx(1)


# ── Alignment ────────────────────────────────────────────────────────────────────────────────────


ALIGNED_WORDS = st.lists(st.sampled_from(["a", "house", "houses", "tree"]), max_size=5)


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
@given(ALIGNED_WORDS, ALIGNED_WORDS)
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
