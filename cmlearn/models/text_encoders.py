"""A caption's tokens become vectors: one for the whole of it, and some to look at.

`MeanEncoder` averages the words and so forgets their order; `GRUEncoder` reads them in order.
`VectorEncoder` does so too, but takes vectors that another model has made of the words. All return
the same kind of vectors, so a model can be given any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PAD = 0  # the id of <pad> in every vocabulary of the course


NOISE = 0.5  # deviations of a number


@dataclass(frozen=True)
class TextEncoderConfig:
    """The sizes of a text encoder.

    Attributes:
        vocab_size: how many tokens there are, the specials included (unused by `VectorEncoder`).
        embed_dim: length of a word's vector.
        condition_dim: length of the vector that comes out.
        hidden_dim: length of the GRU's state (unused by `MeanEncoder`).
        kind: "mean", "gru" or "vectors", which encoder `build_text_encoder` makes.
    """

    vocab_size: int
    embed_dim: int = 64
    condition_dim: int = 128
    hidden_dim: int = 128
    kind: str = "gru"


class EncodedCaption(NamedTuple):
    """B captions after reading.

    Attributes:
        condition: (B, condition_dim), the whole caption in one vector.
        words: (B, S, condition_dim), what there is to look at, each vector by itself.
        padding: (B, S) bool, true where there is nothing to look at.
    """

    condition: Tensor
    words: Tensor
    padding: Tensor


class MeanEncoder(nn.Module):
    """The mean of a caption's word vectors, then one linear layer.

    Both encoders end in a layer norm: a condition as large as z's noise is not overlooked.

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) float, word vectors to begin from; random if None.
    """

    def __init__(self, config: TextEncoderConfig, table: Tensor | None = None) -> None:
        """Make the layers."""
        super().__init__()
        self.config = config
        self.embedding = _embedding(config, table)
        self.project = nn.Linear(config.embed_dim, config.condition_dim)
        self.norm = nn.LayerNorm(config.condition_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode B captions: tokens (B, T) int64, 0 = pad -> (B, condition_dim)."""
        _check(tokens)
        present = (tokens != PAD).unsqueeze(-1)  # (B, T, 1)
        total = (self.embedding(tokens) * present).sum(dim=1)  # (B, T, D) -> (B, D)
        # At least one: a caption of padding only has the mean zero, not 0 / 0.
        return self.norm(self.project(total / present.sum(dim=1).clamp(min=1)))

    def encode(self, tokens: Tensor) -> EncodedCaption:
        """Encode B captions; the mean is all that there is to look at, so that S = 1."""
        condition = self(tokens)
        padding = torch.zeros(len(tokens), 1, dtype=torch.bool, device=tokens.device)
        return EncodedCaption(condition, condition.unsqueeze(1), padding)


class GRUEncoder(nn.Module):
    """A GRU (Cho et al. 2014) reads the caption in order; the largest of its states, then a linear.

    The maximum over the states (Conneau et al. 2017) brings each word as near to the result as the
    last one: when "house" is read, its state still knows "small" and "red".

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) float, word vectors to begin from; random if None.
    """

    def __init__(self, config: TextEncoderConfig, table: Tensor | None = None) -> None:
        """Make the layers."""
        super().__init__()
        self.config = config
        self.embedding = _embedding(config, table)
        self.gru = nn.GRU(config.embed_dim, config.hidden_dim, batch_first=True)
        self.project = nn.Linear(config.hidden_dim, config.condition_dim)
        self.norm = nn.LayerNorm(config.condition_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode B captions: tokens (B, T) int64, 0 = pad -> (B, condition_dim)."""
        return self.encode(tokens).condition

    def encode(self, tokens: Tensor) -> EncodedCaption:
        """Encode B captions; after each of their words there is a state to look at, S = T."""
        _check(tokens)
        return self.encode_embedded(self.embedding(tokens), tokens == PAD)

    def encode_embedded(self, embedded: Tensor, padding: Tensor) -> EncodedCaption:
        """Encode B captions whose words are vectors already.

        Args:
            embedded: (B, T, embed_dim), rows like those of the embedding.
            padding: (B, T) bool, true where a caption has ended.
        """
        return _encode_in_order(self, embedded, padding)


class VectorEncoder(nn.Module):
    """A GRU that reads words which are vectors already, such as those of a frozen BERT.

    All numbers of a vector get mean 0 and deviation 1 first, as in `standardised_table`: what they
    share tells no words apart. While it is trained, noise is added (Bishop 1995, "Training with
    noise is equivalent to Tikhonov regularization"), so the neighbours of a word are read like the
    word.

    Args:
        config: the sizes.
    """

    def __init__(self, config: TextEncoderConfig) -> None:
        """Make the layers."""
        super().__init__()
        self.config = config
        self.standardise = nn.BatchNorm1d(config.embed_dim, affine=False)
        self.gru = nn.GRU(config.embed_dim, config.hidden_dim, batch_first=True)
        self.project = nn.Linear(config.hidden_dim, config.condition_dim)
        self.norm = nn.LayerNorm(config.condition_dim)

    def forward(self, vectors: Tensor) -> Tensor:
        """Encode B captions: vectors (B, T, embed_dim), zeros = pad -> (B, condition_dim)."""
        return self.encode(vectors).condition

    def encode(self, vectors: Tensor) -> EncodedCaption:
        """Encode B captions; after each of their vectors there is a state to look at, S = T.

        Args:
            vectors: (B, T, embed_dim) float16 or float32; a row of zeros is padding.

        Raises:
            ValueError: if they have another shape.
        """
        if vectors.ndim != 3 or vectors.shape[2] != self.config.embed_dim:
            raise ValueError(
                f"vectors: expected (B, T, {self.config.embed_dim}), got {tuple(vectors.shape)}"
            )
        present = (vectors != 0).any(dim=2)  # (B, T)
        known = self.standardise(vectors[present].float())
        scaled = torch.zeros(vectors.shape, device=vectors.device)
        scaled[present] = known + NOISE * torch.randn_like(known) if self.training else known
        return _encode_in_order(self, scaled, ~present)


def _encode_in_order(
    encoder: GRUEncoder | VectorEncoder, embedded: Tensor, padding: Tensor
) -> EncodedCaption:
    """Read (B, T, embed_dim) vectors, with (B, T) true where a caption has ended, by a GRU."""
    states, _ = encoder.gru(embedded)  # (B, T, hidden_dim)
    # One direction only: what a state has read lies before it, so padding cannot reach it.
    # A GRU's states lie between -1 and 1, so that -1 for padding never wins.
    largest = states.masked_fill(padding.unsqueeze(-1), -1.0).amax(dim=1)
    words = encoder.norm(encoder.project(states))
    # The first is always there to look at: attention over nothing would be NaN.
    padding = padding & (torch.arange(padding.shape[1], device=padding.device) > 0)
    return EncodedCaption(encoder.norm(encoder.project(largest)), words, padding)


def build_text_encoder(
    config: TextEncoderConfig, table: Tensor | None = None
) -> MeanEncoder | GRUEncoder | VectorEncoder:
    """Make the encoder that `config.kind` names.

    Raises:
        ValueError: if there is no such kind, or a table for an encoder that has none.
    """
    if config.kind == "mean":
        return MeanEncoder(config, table)
    if config.kind == "gru":
        return GRUEncoder(config, table)
    if config.kind == "vectors":
        if table is not None:
            raise ValueError('table: an encoder of kind "vectors" has no table of words')
        return VectorEncoder(config)
    raise ValueError(f'kind: "mean", "gru" or "vectors", got {config.kind!r}')


def _embedding(config: TextEncoderConfig, table: Tensor | None) -> nn.Embedding:
    """Make the table of word vectors, from a given one if there is one; it stays trainable."""
    if table is None:
        return nn.Embedding(config.vocab_size, config.embed_dim, padding_idx=PAD)
    expected = (config.vocab_size, config.embed_dim)
    if tuple(table.shape) != expected:
        raise ValueError(
            f"table: shape {tuple(table.shape)}, but the configuration says {expected}"
        )
    return nn.Embedding.from_pretrained(table.clone(), freeze=False, padding_idx=PAD)


def _check(tokens: Tensor) -> None:
    """Refuse what would be read wrongly, such as one caption without its batch dimension."""
    if tokens.ndim != 2 or tokens.shape[1] == 0 or tokens.dtype != torch.int64:
        raise ValueError(
            f"tokens: expected (B, T) int64 with T ≥ 1, got {tuple(tokens.shape)} {tokens.dtype}. "
            "One caption is a batch of one: vocabulary.encode_batch([caption])."
        )


class WordWindowEncoder(nn.Module):
    """A reader that has nothing to learn: the vector at "house" is that of "large red house".

    Args:
        table: (vocab_size, embed_dim) word vectors; they are kept as they are.
        width: how many words are in a window, at least 1.

    Raises:
        ValueError: a width below 1.
    """

    table: Tensor

    def __init__(self, table: Tensor, width: int = 3) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width must be at least 1 word, got {width}")
        self.register_buffer("table", table.clone())
        self.width = width
        self.word_dim = width * table.shape[1]

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Read B captions: tokens (B, T) int64, 0 = pad.

        Returns:
            words (B, T, word_dim), the earliest word of a window first, zeros before the caption
            begins; padding (B, T) bool, true where there is no word (never at the first place).
        """
        vectors = self.table[tokens]  # (B, T, embed_dim)
        before = [
            F.pad(vectors, (0, 0, back, 0))[:, : tokens.shape[1]]
            for back in reversed(range(self.width))
        ]
        # The first is always there to look at: attention over nothing would be NaN.
        padding = (tokens == PAD) & (torch.arange(tokens.shape[1], device=tokens.device) > 0)
        return torch.cat(before, dim=2), padding
