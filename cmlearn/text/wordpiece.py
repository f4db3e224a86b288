"""WordPiece, BERT's tokenizer: a word that is not in the vocabulary is cut into pieces that are.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding"; the rules are those of the uncased English models.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

PAD, UNKNOWN, START, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
MAX_LETTERS = 100  # a longer word is unknown, as in the original
# Scripts without spaces: each sign is a word (CJK ideographs, as BERT counts them).
IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F)),
    *((0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


def split_words(caption: str) -> list[str]:
    """Split a text at spaces and punctuation: lower case, without accents.

    Each sign of punctuation is a word of its own. Unlike `tokenize`, nothing is thrown away.

    Raises:
        TypeError: if the caption is not a string.
    """
    if not isinstance(caption, str):
        raise TypeError(f"caption: expected one string, got {type(caption).__name__}")
    text = "".join(map(_spaced, unicodedata.normalize("NFD", _visible(caption))))
    return "".join(letter.lower() for letter in text).split()


def longest_pieces(word: str, vocabulary: Mapping[str, int]) -> list[str]:
    """Cut a word into the longest pieces that the vocabulary has, from the left.

    Args:
        word: without spaces.
        vocabulary: pieces; those that go on within a word begin with "##".

    Returns:
        The pieces, or `[UNK]` alone if some of the word is left over.
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
    """Captions become the ids of a vocabulary of pieces.

    Args:
        tokens: the pieces in the order of their ids; `[PAD]` has id 0.

    Raises:
        ValueError: if a special piece is missing, or a piece comes twice.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        missing = [token for token in (PAD, UNKNOWN, START, END) if token not in self.ids]
        if missing or self.ids[PAD] != 0:
            raise ValueError(f"tokens: {PAD} must be the first, and {missing or 'none'} is missing")
        if len(self.ids) != len(self.tokens):
            raise ValueError("tokens: every piece once only, but some come again")

    @classmethod
    def from_file(cls, path: Path) -> WordPiece:
        """Read a vocab.txt, one piece a line.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is no vocabulary of BERT.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{path}: no such file; a BERT's pieces lie there") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: no text in UTF-8 ({error.reason})") from error
        try:
            # split("\n"), for splitlines() also splits at rare signs that are pieces themselves.
            return cls(text.removesuffix("\n").split("\n"))
        except ValueError as error:
            raise ValueError(f"{path}: no vocabulary of BERT; {error}") from error

    def __len__(self) -> int:
        """Return vocab_size."""
        return len(self.tokens)

    def tokenize(self, caption: str) -> list[str]:
        """Split a caption into pieces; an empty one has none."""
        return [piece for word in split_words(caption) for piece in self._pieces(word)]

    def encode(self, caption: str, max_length: int | None = None) -> list[int]:
        """Turn a caption into ids: `[CLS]`, one id a piece, `[SEP]`.

        Args:
            caption: any text; an empty one gives `[CLS] [SEP]`.
            max_length: at most so many ids, the two specials counted; the pieces at the end go.
                By default none goes: a BERT refuses what is too long for it.

        Raises:
            ValueError: if `max_length` leaves no room for the two specials.
        """
        pieces = self.tokenize(caption)
        if max_length is not None:
            if max_length < 2:
                raise ValueError(f"max_length: at least 2 ({START} and {END}), got {max_length}")
            pieces = pieces[: max_length - 2]
        return [self.ids[token] for token in (START, *pieces, END)]

    def encode_batch(self, captions: Iterable[str], max_length: int | None = None) -> Tensor:
        """Turn B captions into one tensor, the shorter ones padded at the end with `[PAD]`.

        Returns:
            (B, T) int64, T the length of the longest.

        Raises:
            TypeError: if one string is given instead of several.
            ValueError: if there are no captions.
        """
        if isinstance(captions, str):
            raise TypeError("captions: expected several strings; put one into a list: [caption]")
        rows = [self.encode(caption, max_length) for caption in captions]
        if not rows:
            raise ValueError("captions: a batch needs at least one caption")
        batch = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)  # (B, T)
        for row, ids in zip(batch, rows, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        return batch

    def decode(self, ids: Iterable[int] | Tensor) -> list[str]:
        """Turn the ids of one caption back into pieces, padding left out."""
        return [self.tokens[int(index)] for index in ids if int(index) != 0]

    def _pieces(self, word: str) -> list[str]:
        return [UNKNOWN] if len(word) > MAX_LETTERS else longest_pieces(word, self.ids)


def _visible(text: str) -> str:
    """The text without control characters, all white space as spaces."""
    kept = (letter for letter in text if letter in "\t\n\r" or _is_visible(letter))
    return "".join(" " if letter.isspace() else letter for letter in kept)


def _is_visible(letter: str) -> bool:
    # Cn, code points without a sign yet, stay: one Unicode's Cn is a letter of the next.
    return letter != "\ufffd" and unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs")


def _spaced(letter: str) -> str:
    """A letter as it is, a loose accent as nothing, and what is a word by itself in spaces."""
    if unicodedata.category(letter) == "Mn":
        return ""
    return f" {letter} " if _stands_alone(letter) else letter


def _stands_alone(letter: str) -> bool:
    code = ord(letter)
    if code < 128:
        return letter.isprintable() and not letter.isalnum() and letter != " "
    is_ideograph = any(low <= code <= high for low, high in IDEOGRAPHS)
    return is_ideograph or unicodedata.category(letter).startswith("P")
