"""Tests of the metric METEOR by hand; test_reference_scores.py compares with others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.evaluation.caption_metrics.meteor import (
    FUNCTION_WORDS,
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


def test_a_synonym_is_a_stranger() -> None:
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
