"""Text encoders: a caption becomes a condition vector, and word vectors for cross-attention.

`MeanEncoder` averages the word vectors, which loses their order. `GRUEncoder` keeps it.
`VectorEncoder` runs a GRU on the vectors of another model, such as a frozen BERT. All three have
the same interface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

PAD = 0  # the id of <pad> in every vocabulary of the course
NOISE = 0.5  # standard deviation of the noise on standardised vectors in training


@dataclass(frozen=True)
class TextEncoderConfig:
    """The sizes of a text encoder.

    Attributes:
        vocab_size: number of tokens, the specials included (unused by `VectorEncoder`).
        embed_dim: length of a word's vector.
        condition_dim: length of the output vectors.
        hidden_dim: length of the GRU's state (unused by `MeanEncoder`).
        kind: the encoder that `build_text_encoder` makes, "mean", "gru" or "vectors".
    """

    vocab_size: int
    embed_dim: int = 64
    condition_dim: int = 128
    hidden_dim: int = 128
    kind: str = "gru"


class EncodedCaption(NamedTuple):
    """The encodings of B captions.

    Attributes:
        condition: (B, condition_dim), one vector for the whole caption.
        words: (B, S, condition_dim), the sources for cross-attention.
        padding: (B, S) bool, true at padding; each row keeps at least one source.
    """

    condition: Tensor
    words: Tensor
    padding: Tensor


class MeanEncoder(nn.Module):
    """The mean of a caption's word vectors, then a linear layer and a layer norm.

    The layer norm gives the condition the scale of z, so that a model does not ignore it.

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) float, initial word vectors; random if None.
    """

    def __init__(self, config: TextEncoderConfig, table: Tensor | None = None) -> None:
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
        """Encode B captions: (B, T) int64 -> `EncodedCaption` with S = 1, the mean."""
        condition = self(tokens)
        padding = torch.zeros(len(tokens), 1, dtype=torch.bool, device=tokens.device)
        return EncodedCaption(condition, condition.unsqueeze(1), padding)


class GRUEncoder(nn.Module):
    """A GRU (Cho et al. 2014), max-pooled over time, then a linear layer and a layer norm.

    With max pooling (Conneau et al. 2017, "Supervised learning of universal sentence
    representations") early words reach the condition as directly as the last one. The state at
    "house" still carries "small" and "red".

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) float, initial word vectors; random if None.
    """

    def __init__(self, config: TextEncoderConfig, table: Tensor | None = None) -> None:
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
        """Encode B captions: (B, T) int64 -> `EncodedCaption` with S = T, a state for each word."""
        _check(tokens)
        return self.encode_embedded(self.embedding(tokens), tokens == PAD)

    def encode_embedded(self, embedded: Tensor, padding: Tensor) -> EncodedCaption:
        """Encode B captions that are embedded already.

        Args:
            embedded: (B, T, embed_dim), rows like those of the embedding.
            padding: (B, T) bool, true at padding.

        Returns:
            The encoded captions, with S = T.
        """
        return _encode_in_order(self, embedded, padding)


class VectorEncoder(nn.Module):
    """A GRU on contextual word vectors, such as those of a frozen BERT.

    Each dimension is standardised first, as in `standardised_table`, because a common offset does
    not distinguish words. In training, Gaussian noise is added (Bishop 1995, "Training with noise
    is equivalent to Tikhonov regularization"), so that nearby vectors get similar encodings.

    Args:
        config: the sizes.
    """

    def __init__(self, config: TextEncoderConfig) -> None:
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
        """Encode B captions: (B, T, embed_dim) -> `EncodedCaption` with S = T.

        Args:
            vectors: (B, T, embed_dim) float16 or float32; a row of zeros is padding.

        Raises:
            ValueError: the vectors have another shape.
        """
        if vectors.ndim != 3 or vectors.shape[2] != self.config.embed_dim:
            raise ValueError(
                f"vectors: expected (B, T, {self.config.embed_dim}), got {tuple(vectors.shape)}"
            )
        present = (vectors != 0).any(dim=2)  # (B, T)
        known = self.standardise(vectors[present].float())  # (words that are not padding, D)
        scaled = torch.zeros(vectors.shape, device=vectors.device)
        scaled[present] = known + NOISE * torch.randn_like(known) if self.training else known
        return _encode_in_order(self, scaled, ~present)


def build_text_encoder(
    config: TextEncoderConfig, table: Tensor | None = None
) -> MeanEncoder | GRUEncoder | VectorEncoder:
    """Make the encoder that `config.kind` names.

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) float, initial word vectors; random if None.

    Returns:
        The encoder, in train mode.

    Raises:
        ValueError: there is no such kind, or a table is given to a `VectorEncoder`.
    """
    if config.kind == "mean":
        return MeanEncoder(config, table)
    if config.kind == "gru":
        return GRUEncoder(config, table)
    if config.kind == "vectors":
        if table is not None:
            raise ValueError('table: an encoder of kind "vectors" has none; leave it out')
        return VectorEncoder(config)
    raise ValueError(f'kind: expected "mean", "gru" or "vectors", got {config.kind!r}')


def _encode_in_order(
    encoder: GRUEncoder | VectorEncoder, embedded: Tensor, padding: Tensor
) -> EncodedCaption:
    """Run the encoder's GRU on (B, T, embed_dim) vectors, with (B, T) true at padding."""
    states, _ = encoder.gru(embedded)  # (B, T, hidden_dim)
    # Padding comes last, so it cannot change the states before it in a GRU of one direction.
    # A GRU's states lie between -1 and 1, so -1 at padding never is the maximum.
    largest = states.masked_fill(padding.unsqueeze(-1), -1.0).amax(dim=1)
    words = encoder.norm(encoder.project(states))
    # The first source is never masked: a softmax over nothing would be NaN.
    padding = padding & (torch.arange(padding.shape[1], device=padding.device) > 0)
    return EncodedCaption(encoder.norm(encoder.project(largest)), words, padding)


def _embedding(config: TextEncoderConfig, table: Tensor | None) -> nn.Embedding:
    """Make a trainable embedding, with the given word vectors if there are any."""
    if table is None:
        return nn.Embedding(config.vocab_size, config.embed_dim, padding_idx=PAD)
    expected = (config.vocab_size, config.embed_dim)
    if tuple(table.shape) != expected:
        raise ValueError(
            f"table: expected {expected} (vocab_size, embed_dim), got {tuple(table.shape)}"
        )
    return nn.Embedding.from_pretrained(table.clone(), freeze=False, padding_idx=PAD)


def _check(tokens: Tensor) -> None:
    """Raise a ValueError for tokens without a batch dimension or of the wrong type."""
    if tokens.ndim != 2 or tokens.shape[1] == 0 or tokens.dtype != torch.int64:
        raise ValueError(
            f"tokens: expected (B, T) int64 with T ≥ 1, got {tuple(tokens.shape)} {tokens.dtype}. "
            "One caption is a batch of one: vocabulary.encode_batch([caption])."
        )
