"""Tests of cmlearn.text.vocabulary."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.text.cleaning import clean, tokenize
from cmlearn.text.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary

CAPTIONS = ["A red house.", "a blue tree", "a red kite", "a red house by a tree"]
captions_of = st.lists(st.text(), min_size=1, max_size=6)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.from_captions(CAPTIONS)


def test_the_specials_come_first_then_the_most_frequent_words(vocabulary: Vocabulary) -> None:
    words = ("a", "red", "house", "tree", "blue", "by", "kite")
    assert vocabulary.tokens == SPECIALS + words
    assert len(vocabulary) == 11
    assert [vocabulary.ids[token] for token in SPECIALS] == [PAD, BOS, EOS, UNK] == [0, 1, 2, 3]


def test_the_order_of_the_captions_does_not_matter(vocabulary: Vocabulary) -> None:
    assert Vocabulary.from_captions(CAPTIONS[::-1]) == vocabulary


def test_rare_words_are_left_out() -> None:
    vocabulary = Vocabulary.from_captions(CAPTIONS, min_count=2)
    assert vocabulary.tokens[4:] == ("a", "red", "house", "tree")
    assert vocabulary.encode("a blue tree") == [BOS, 4, UNK, 7, EOS]


def test_encode(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode("A red house!") == [BOS, 4, 5, 6, EOS]
    assert vocabulary.encode("") == [BOS, EOS]
    assert vocabulary.encode("zebra zebra") == [BOS, UNK, UNK, EOS]
    assert vocabulary.encode("a red house", max_length=4) == [BOS, 4, 5, EOS]
    assert vocabulary.encode("a red house", max_length=2) == [BOS, EOS]
    assert len(vocabulary.encode("house " * 10_000)) == 10_002


def test_a_batch_is_padded_at_the_end(vocabulary: Vocabulary) -> None:
    batch = vocabulary.encode_batch(["a tree", "", "a red house"])
    assert batch.dtype == torch.int64
    assert batch.tolist() == [[1, 4, 7, 2, 0], [1, 2, 0, 0, 0], [1, 4, 5, 6, 2]]
    assert vocabulary.encode_batch(CAPTIONS, max_length=3).shape == (4, 3)


def test_decode(vocabulary: Vocabulary) -> None:
    assert vocabulary.decode([BOS, 4, 5, 6, EOS, 4, PAD]) == "a red house"
    assert vocabulary.decode(torch.tensor([BOS, 4, UNK, EOS])) == "a <unk>"
    assert vocabulary.decode([]) == ""
    with pytest.raises(ValueError, match="99 is outside"):
        vocabulary.decode([99])
    with pytest.raises(ValueError, match="-1 is outside"):
        vocabulary.decode([-1])


@given(captions_of)
def test_round_trip_of_known_words(captions: list[str]) -> None:
    vocabulary = Vocabulary.from_captions(captions)
    for row, caption in zip(vocabulary.encode_batch(captions), captions, strict=True):
        assert vocabulary.decode(row) == clean(caption)


@given(captions_of, st.text())
def test_unknown_words_and_only_they_become_unk(captions: list[str], other: str) -> None:
    vocabulary = Vocabulary.from_captions(captions)
    ids = vocabulary.encode(other)[1:-1]
    assert [i == UNK for i in ids] == [token not in vocabulary for token in tokenize(other)]


@given(captions_of)
def test_round_trip_through_json(captions: list[str]) -> None:
    vocabulary = Vocabulary.from_captions(captions)
    assert Vocabulary.from_list(json.loads(json.dumps(vocabulary.to_list()))) == vocabulary


def test_a_list_that_is_no_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with"):
        Vocabulary.from_list(["a", "b"])
    with pytest.raises(ValueError, match="got these twice: \\['a'\\]"):
        Vocabulary.from_list([*SPECIALS, "a", "a"])


def test_wrong_use_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(TypeError, match="put it in a list"):
        vocabulary.encode_batch("a house")
    with pytest.raises(TypeError, match="put it in a list"):
        Vocabulary.from_captions("a house")
    with pytest.raises(ValueError, match="at least one caption"):
        vocabulary.encode_batch([])
    with pytest.raises(ValueError, match="max_length"):
        vocabulary.encode("a house", max_length=1)
    with pytest.raises(TypeError, match="got NoneType"):
        vocabulary.encode(None)  # type: ignore[arg-type]


def test_captions_of_pictures_come_equally_many() -> None:
    vocabulary = Vocabulary.from_captions(["a red house", "a tree"])
    tokens = vocabulary.encode_captions([("a", "red", "house"), ("a tree",)], count=2)
    assert tokens.shape == (2, 2, 4)
    said = [[vocabulary.decode(row) for row in rows] for rows in tokens]
    assert said == [["a", "red"], ["a tree", "a tree"]]


@pytest.mark.parametrize("captions", [[("a",), ()], ["a tree"], []])
def test_pictures_without_captions_are_refused(captions) -> None:
    with pytest.raises(ValueError, match="captions: "):
        Vocabulary.from_captions(["a"]).encode_captions(captions)
