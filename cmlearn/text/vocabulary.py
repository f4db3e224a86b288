"""Map word tokens to ids and back."""

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
    """The tokens of a model; the id of a token is its index in `tokens`.

    Attributes:
        tokens: the special tokens `<pad>` `<bos>` `<eos>` `<unk>` (ids 0 to 3), then the words.

    Raises:
        ValueError: `tokens` does not begin with the special tokens, or has duplicates.
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the special tokens, and that no token has two ids."""
        if self.tokens[: len(SPECIALS)] != SPECIALS:
            raise ValueError(f"tokens: must begin with {SPECIALS}, got {self.tokens[:4]}")
        if len(self.ids) != len(self.tokens):
            twice = [token for token, n in Counter(self.tokens).items() if n > 1]
            raise ValueError(f"tokens: must have no duplicates, got these twice: {twice[:5]}")

    @classmethod
    def from_captions(cls, captions: Iterable[str], min_count: int = 1) -> Self:
        """Build a vocabulary from the words of the training captions.

        Args:
            captions: caption strings of the training split only, so that the test split
                measures unknown words.
            min_count: words with fewer occurrences are left out and encoded as `<unk>`.

        Returns:
            A vocabulary with the most frequent words first, ties in alphabetical order.

        Raises:
            TypeError: `captions` is a single string.
        """
        counts = Counter(token for caption in _strings(captions) for token in tokenize(caption))
        words = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(SPECIALS + tuple(word for word in words if counts[word] >= min_count))

    @classmethod
    def from_list(cls, tokens: Sequence[str]) -> Self:
        """Build a vocabulary from the result of `to_list`, for example from a checkpoint."""
        return cls(tuple(tokens))

    def to_list(self) -> list[str]:
        """Return the tokens as a list, which JSON can represent."""
        return list(self.tokens)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token."""
        return {token: index for index, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        """Return vocab_size, special tokens included."""
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        """Tell whether the token is in the vocabulary."""
        return token in self.ids

    def encode(self, caption: str, max_length: int | None = None) -> list[int]:
        """Convert a caption to ids: `<bos>`, the id of each token, `<eos>`.

        Args:
            caption: any text; words outside the vocabulary become `<unk>`.
            max_length: maximum number of ids, `<bos>` and `<eos>` included; surplus words at the
                end are dropped.

        Returns:
            At least two ids, the first BOS and the last EOS.

        Raises:
            ValueError: `max_length` is less than 2.
            TypeError: the caption is not a string.
        """
        words = [self.ids.get(token, UNK) for token in tokenize(caption)]
        if max_length is not None:
            if max_length < 2:
                raise ValueError(
                    f"max_length: must be at least 2 (<bos> and <eos>), got {max_length}"
                )
            words = words[: max_length - 2]
        return [BOS, *words, EOS]

    def encode_batch(self, captions: Iterable[str], max_length: int | None = None) -> Tensor:
        """Convert B captions to a tensor of ids, padded at the end with `<pad>`.

        Args:
            captions: B caption strings.
            max_length: as for `encode`.

        Returns:
            (B, T) int64; T is the length of the longest caption in ids.

        Raises:
            ValueError: there are no captions.
            TypeError: `captions` is a single string.
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
        """Convert K captions of each of N pictures to a tensor of ids.

        Args:
            captions: one or more captions for each of the N pictures.
            count: K. The first K captions of a picture are used; a picture with fewer captions
                repeats them in order.
            max_length: as for `encode`.

        Returns:
            (N, K, T) int64; T is the length of the longest caption in ids.

        Raises:
            ValueError: there are no pictures, or a picture has no captions.
        """
        rows: list[str] = []
        for number, each in enumerate(captions):
            if isinstance(each, str) or not each:
                raise ValueError(
                    f"captions: picture {number} needs a tuple of captions, got {each!r}"
                )
            rows += [each[k % len(each)] for k in range(count)]
        return self.encode_batch(rows, max_length).view(len(rows) // count, count, -1)

    def decode(self, ids: Iterable[int] | Tensor) -> str:
        """Convert ids to text, up to the first `<eos>`, without `<bos>` and `<pad>`.

        `<unk>` is kept, so that an incomplete sentence does not look complete.

        Args:
            ids: the ids of one caption, a list or a (T,) tensor.

        Returns:
            The words, joined by single spaces.

        Raises:
            ValueError: an id is outside the vocabulary.
        """
        words = []
        for index in map(int, ids):
            if not 0 <= index < len(self):
                raise ValueError(f"ids: {index} is outside the vocabulary of {len(self)} tokens")
            if index == EOS:
                break
            if index not in (PAD, BOS):
                words.append(self.tokens[index])
        return " ".join(words)


def _strings(captions: Iterable[str]) -> Iterable[str]:
    """Refuse a single string, which would be iterated letter by letter."""
    if isinstance(captions, str):
        raise TypeError("captions: expected several strings, got one; put it in a list: [caption]")
    return captions
