"""WordPiece, the subword tokenizer of BERT, with the rules of the uncased English models.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding", https://arxiv.org/abs/1810.04805.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

PAD, UNKNOWN, START, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
MAX_LETTERS = 100  # a longer word is [UNK], as in the original implementation
# BERT's ranges of CJK ideographs; each one is a word, because these scripts have no spaces.
IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F)),
    *((0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


def split_words(caption: str) -> list[str]:
    """Split a text at spaces and punctuation marks, in lower case and without accents.

    Each punctuation mark is a word of its own; `cleaning.tokenize` drops them.

    Args:
        caption: any text.

    Returns:
        The words in order.

    Raises:
        TypeError: the caption is not a string.
    """
    if not isinstance(caption, str):
        raise TypeError(f"caption: expected one string, got {type(caption).__name__}")
    text = "".join(map(_spaced, unicodedata.normalize("NFD", _visible(caption))))
    return "".join(letter.lower() for letter in text).split()


def longest_pieces(word: str, vocabulary: Mapping[str, int]) -> list[str]:
    """Split a word into pieces by greedy longest match from the left.

    Args:
        word: a word without spaces.
        vocabulary: the known pieces; a piece that continues a word begins with "##".

    Returns:
        The pieces, or only `[UNK]` if a part of the word matches no piece.
    """
    pieces: list[str] = []
    while word:
        prefix = "##" if pieces else ""
        ends = range(len(word), 0, -1)
        end = next((n for n in ends if prefix + word[:n] in vocabulary), None)
        if end is None:
            return ["[UNK]"]
        pieces.append(prefix + word[:end])
        word = word[end:]
    return pieces


class WordPiece:
    """A WordPiece tokenizer.

    Args:
        tokens: the pieces in the order of their ids; `[PAD]` has id 0.

    Raises:
        ValueError: a special token is missing, or a piece is a duplicate.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        missing = [token for token in (PAD, UNKNOWN, START, END) if token not in self.ids]
        if missing or self.ids[PAD] != 0:
            raise ValueError(f"tokens: {PAD} must be the first token; missing: {missing or 'none'}")
        if len(self.ids) != len(self.tokens):
            raise ValueError("tokens: must have no duplicates")

    @classmethod
    def from_file(cls, path: Path) -> WordPiece:
        """Read a vocabulary file of BERT.

        Args:
            path: a vocab.txt with one piece in each line.

        Raises:
            FileNotFoundError: the file does not exist.
            ValueError: the file is not a vocabulary of BERT.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{path}: no such file; expected the vocabulary of BERT"
            ) from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: not UTF-8 text ({error.reason})") from error
        try:
            # splitlines() would also split at rare characters that are pieces themselves.
            return cls(text.removesuffix("\n").split("\n"))
        except ValueError as error:
            raise ValueError(f"{path}: not a vocabulary of BERT; {error}") from error

    def __len__(self) -> int:
        """Return vocab_size."""
        return len(self.tokens)

    def tokenize(self, caption: str) -> list[str]:
        """Split a caption into pieces; an empty caption has none."""
        return [piece for word in split_words(caption) for piece in self._pieces(word)]

    def encode(self, caption: str, max_length: int | None = None) -> list[int]:
        """Convert a caption to ids: `[CLS]`, the id of each piece, `[SEP]`.

        Args:
            caption: any text.
            max_length: maximum number of ids, `[CLS]` and `[SEP]` included; surplus pieces at the
                end are dropped. By default nothing is dropped, and the model raises an error for
                a caption that is too long.

        Returns:
            At least two ids.

        Raises:
            ValueError: `max_length` is less than 2.
            TypeError: the caption is not a string.
        """
        pieces = self.tokenize(caption)
        if max_length is not None:
            if max_length < 2:
                raise ValueError(
                    f"max_length: must be at least 2 ({START} and {END}), got {max_length}"
                )
            pieces = pieces[: max_length - 2]
        return [self.ids[token] for token in (START, *pieces, END)]

    def encode_batch(self, captions: Iterable[str], max_length: int | None = None) -> Tensor:
        """Convert B captions to a tensor of ids, padded at the end with `[PAD]`.

        Args:
            captions: B caption strings.
            max_length: as for `encode`.

        Returns:
            (B, T) int64; T is the length of the longest caption in ids.

        Raises:
            TypeError: `captions` is a single string.
            ValueError: there are no captions.
        """
        if isinstance(captions, str):
            raise TypeError(
                "captions: expected several strings, got one; put it in a list: [caption]"
            )
        rows = [self.encode(caption, max_length) for caption in captions]
        if not rows:
            raise ValueError("captions: a batch needs at least one caption")
        batch = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)  # (B, T)
        for row, ids in zip(batch, rows, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        return batch

    def decode(self, ids: Iterable[int] | Tensor) -> list[str]:
        """Convert ids to pieces, without `[PAD]`.

        Args:
            ids: the ids of one caption, a list or a (T,) tensor.

        Returns:
            The pieces in order, `[CLS]` and `[SEP]` included.
        """
        return [self.tokens[int(index)] for index in ids if int(index) != 0]

    def _pieces(self, word: str) -> list[str]:
        return [UNKNOWN] if len(word) > MAX_LETTERS else longest_pieces(word, self.ids)


def _visible(text: str) -> str:
    """Remove control characters, and replace all white space by spaces."""
    kept = (letter for letter in text if letter in "\t\n\r" or _is_visible(letter))
    return "".join(" " if letter.isspace() else letter for letter in kept)


def _is_visible(letter: str) -> bool:
    # Unassigned code points (Cn) are kept: a later Unicode version may assign them to letters.
    return letter != "\ufffd" and unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs")


def _spaced(letter: str) -> str:
    """Drop a combining accent, and put spaces around a character that is a word by itself."""
    if unicodedata.category(letter) == "Mn":
        return ""
    return f" {letter} " if _stands_alone(letter) else letter


def _stands_alone(letter: str) -> bool:
    code = ord(letter)
    if code < 128:
        return letter.isprintable() and not letter.isalnum() and letter != " "
    is_ideograph = any(low <= code <= high for low, high in IDEOGRAPHS)
    return is_ideograph or unicodedata.category(letter).startswith("P")
