"""Tests of cmlearn.text.wordpiece."""

from __future__ import annotations

import random

import pytest
import torch

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.pretrained.minilm import find_minilm
from cmlearn.pretrained.torchvision_guard import import_torchvision
from cmlearn.text.wordpiece import MAX_LETTERS, WordPiece, longest_pieces, split_words

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
SMALL = WordPiece([*SPECIALS, "a", "red", "house", "##boat", "##s", "crim", "##son", ",", "!"])
# Letters that go wrong elsewhere: accents, ligatures, scripts without spaces, invisible signs.
POOLS = (
    "abcdefghij XYZ'",
    '.,!?-_$+<>=^`|~#@&%*()[]{}:;"/\\ a',
    "éèüñçßøåÅÉİıſΣσςΩàẞŒﬁ a",
    "漢字日本語かなカナ한국어 ab",
    "अनुवाद ไทย עברית العربية a",
    "\u00a0\u2003\u200b\u200d\u00ad\ufeff\t\n\r\x00\x0b\x1c\x85\u2028 ab",
    "😀👍🏽❤️ a½²³①Ⅷ™© a—–…‘’“”«»¿¡ 0123456789",
)


@pytest.fixture(scope="module")
def real_pieces() -> WordPiece:
    return WordPiece.from_file(find_minilm() / "vocab.txt")


@pytest.fixture(scope="module")
def reference():
    import_torchvision()
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(find_minilm())


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("house", ["house"]),
        ("houseboats", ["house", "##boat", "##s"]),
        ("crimson", ["crim", "##son"]),
        ("crimsonx", ["[UNK]"]),
        ("boat", ["[UNK]"]),  # within a word only
        ("", []),
    ],
)
def test_the_longest_piece_is_taken_first(word, pieces):
    assert longest_pieces(word, SMALL.ids) == pieces


def test_words_are_split_at_punctuation_without_case_and_accents():
    assert split_words("Crème  brûlée,\tDON'T!") == ["creme", "brulee", ",", "don", "'", "t", "!"]


def test_encoding_and_padding():
    batch = SMALL.encode_batch(["a red house", "", "red!"])
    assert batch.tolist() == [[2, 4, 5, 6, 3], [2, 3, 0, 0, 0], [2, 5, 12, 3, 0]]
    assert batch.dtype == torch.int64
    assert SMALL.decode(batch[2]) == ["[CLS]", "red", "!", "[SEP]"]


def test_cutting_is_asked_for_and_keeps_the_specials():
    caption = "red " * 10_000
    assert len(SMALL.encode(caption)) == 10_002
    assert SMALL.encode(caption, max_length=4) == [2, 5, 5, 3]
    with pytest.raises(ValueError, match="max_length: must be at least 2"):
        SMALL.encode(caption, max_length=1)


def test_a_very_long_word_is_unknown(real_pieces):
    assert real_pieces.tokenize("a" * (MAX_LETTERS + 1)) == ["[UNK]"]
    assert "[UNK]" not in real_pieces.tokenize("a" * MAX_LETTERS)


@pytest.mark.parametrize("captions", ["a red house", [None], [b"red"]])
def test_what_is_no_list_of_strings_is_refused(captions):
    with pytest.raises(TypeError, match="captions?: expected"):
        SMALL.encode_batch(captions)


def test_no_captions_are_refused():
    with pytest.raises(ValueError, match="at least one caption"):
        SMALL.encode_batch([])


def test_a_vocabulary_file_that_is_missing_or_none(tmp_path):
    path = tmp_path / "vocab.txt"
    with pytest.raises(FileNotFoundError, match="vocab.txt: no such file"):
        WordPiece.from_file(path)
    for content in (b"", b"red\nhouse\n", b"\xff\xfe\x00", "\n".join(SPECIALS * 2).encode()):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="vocab.txt: no"):
            WordPiece.from_file(path)


def test_agrees_with_transformers_on_storybook(real_pieces, reference):
    captions = [text for five in load_storybook("val").captions for text in five]
    assert len(captions) == 5000
    assert [real_pieces.encode(text) for text in captions] == reference(captions)["input_ids"]


def test_agrees_with_transformers_on_whatever_is_typed(real_pieces, reference):
    rng = random.Random(0)
    texts = ["", " ", "don't", "x" * 100, "x" * 101, "Crème brûlée — naïve façade: 100% 'true'!"]
    for _ in range(2000):
        pool = rng.choice(POOLS) + rng.choice(POOLS)
        texts.append("".join(rng.choice(pool) for _ in range(rng.randint(1, 30))))
    theirs = reference(texts)["input_ids"]
    assert [t for t, ids in zip(texts, theirs) if real_pieces.encode(t) != ids] == []


def test_agrees_with_transformers_on_real_captions(real_pieces, reference, real):
    texts = []  # whatever stands between quotes, captions most of it
    for path in sorted(real.rglob("*.json"))[:5]:
        texts += [line for line in path.read_text("utf-8", "replace").split('"') if " " in line]
    texts = texts[:3000]
    if not texts:
        pytest.skip(f"no captions in {real}")
    theirs = reference(texts)["input_ids"]
    assert [t for t, ids in zip(texts, theirs) if real_pieces.encode(t) != ids] == []


def test_a_caption_cannot_write_special_pieces(real_pieces):
    # transformers reads "[SEP]" in a text as the special piece; here a text is a text.
    assert real_pieces.tokenize("[SEP]") == ["[", "sep", "]"]
