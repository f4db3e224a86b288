"""Tokens become ids, with the way back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from cmlearn.text.cleaning import tokenize

SPECIALS = ("<pad>", "<bos>", "<eos>", "<unk>")
PAD, BOS, EOS, UNK = range(len(SPECIALS))


@dataclass(frozen=True)
class Vocabulary:
    """The words a model knows; a word's id is its place in `tokens`.

    Attributes:
        tokens: the four specials `<pad>` `<bos>` `<eos>` `<unk>` (ids 0 to 3), then the words.
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a list that would give two words one id, or a special another id."""
        if self.tokens[: len(SPECIALS)] != SPECIALS:
            raise ValueError(f"tokens: must begin with {SPECIALS}, got {self.tokens[:4]}")
        if len(self.ids) != len(self.tokens):
            twice = [token for token, n in Counter(self.tokens).items() if n > 1]
            raise ValueError(f"tokens: every token once only, but these come again: {twice[:5]}")

    @classmethod
    def from_captions(cls, captions: Iterable[str], min_count: int = 1) -> Self:
        """Collect the words of the training captions, the most frequent first.

        Args:
            captions: caption strings. Of the training split only: test words must stay unknown.
            min_count: words seen fewer times are left out and read as `<unk>`.

        Returns:
            A vocabulary whose order depends only on the counts (ties: alphabetical).
        """
        counts = Counter(token for caption in _strings(captions) for token in tokenize(caption))
        words = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(SPECIALS + tuple(word for word in words if counts[word] >= min_count))

    @classmethod
    def from_list(cls, tokens: Sequence[str]) -> Self:
        """Rebuild a vocabulary from `to_list()`, for example out of a checkpoint's JSON."""
        return cls(tuple(tokens))

    def to_list(self) -> list[str]:
        """Return the tokens as a plain list that JSON can hold."""
        return list(self.tokens)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token."""
        return {token: index for index, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        """Return vocab_size, the specials included."""
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        """Tell whether the token has an id of its own."""
        return token in self.ids

    def encode(self, caption: str, max_length: int | None = None) -> list[int]:
        """Turn a caption into ids: `<bos>`, one id a token (`<unk>` if not known), `<eos>`.

        Args:
            caption: any text; an empty one gives `[<bos>, <eos>]`.
            max_length: at most so many ids, `<bos>` and `<eos>` counted; the words at the end go.

        Raises:
            ValueError: if `max_length` leaves no room for `<bos>` and `<eos>`.
        """
        words = [self.ids.get(token, UNK) for token in tokenize(caption)]
        if max_length is not None:
            if max_length < 2:
                raise ValueError(f"max_length: at least 2 (<bos> and <eos>), got {max_length}")
            words = words[: max_length - 2]
        return [BOS, *words, EOS]

    def encode_batch(self, captions: Iterable[str], max_length: int | None = None) -> Tensor:
        """Turn B captions into one tensor, the shorter ones padded at the end with `<pad>`.

        Returns:
            (B, T) int64, T the length of the longest.

        Raises:
            ValueError: if there are no captions.
        """
        rows = [self.encode(caption, max_length) for caption in _strings(captions)]
        if not rows:
            raise ValueError("captions: a batch needs at least one caption")
        batch = torch.full((len(rows), max(map(len, rows))), PAD)  # (B, T)
        for row, ids in zip(batch, rows, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        return batch

    def encode_captions(
        self, captions: Iterable[Sequence[str]], count: int = 5, max_length: int | None = None
    ) -> Tensor:
        """Turn the captions of N pictures into one tensor, equally many of each picture.

        Args:
            captions: one or more captions of each picture.
            count: K, how many of each: the first ones, and of fewer the same ones again.
            max_length: as `encode` takes it.

        Returns:
            (N, K, T) int64, T the length of the longest.

        Raises:
            ValueError: no pictures, or one without captions.
        """
        rows: list[str] = []
        for number, each in enumerate(captions):
            if isinstance(each, str) or not each:
                raise ValueError(f"captions: picture {number} needs a tuple of some, got {each!r}")
            rows += [each[k % len(each)] for k in range(count)]
        return self.encode_batch(rows, max_length).view(len(rows) // count, count, -1)

    def decode(self, ids: Iterable[int] | Tensor) -> str:
        """Turn ids back into text: up to the first `<eos>`, without `<bos>` and `<pad>`.

        `<unk>` stays visible: a sentence with a hole must not read as a whole one.

        Args:
            ids: the ids of one caption, a list or a (T,) tensor.

        Raises:
            ValueError: if an id is not of this vocabulary.
        """
        words = []
        for index in map(int, ids):
            if not 0 <= index < len(self):
                raise ValueError(f"ids: {index} is outside this vocabulary of {len(self)} tokens")
            if index == EOS:
                break
            if index not in (PAD, BOS):
                words.append(self.tokens[index])
        return " ".join(words)


def _strings(captions: Iterable[str]) -> Iterable[str]:
    """Refuse a lone string, which would be read letter by letter."""
    if isinstance(captions, str):
        raise TypeError("captions: expected several strings, got one; put it in a list: [caption]")
    return captions
