"""BERT, small enough to read: words that look at one another, layer after layer.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding"; the layer is that of Vaswani et al. 2017, "Attention is all you need".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PAD = 0  # the id of [PAD]


@dataclass(frozen=True)
class BertConfig:
    """The sizes of a BERT; the defaults are those of all-MiniLM-L6-v2.

    Attributes:
        vocab_size: how many pieces there are.
        embed_dim: length of a piece's vector.
        num_layers: how often all pieces look at one another.
        num_heads: how many things a piece looks for at once; divides `embed_dim`.
        hidden_dim: width of the two layers that work on what was found.
        max_length: the most pieces that can be read at once.
    """

    vocab_size: int = 30_522
    embed_dim: int = 384
    num_layers: int = 6
    num_heads: int = 12
    hidden_dim: int = 1536
    max_length: int = 512


class BertEmbeddings(nn.Module):
    """What a piece is, and where it stands."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.words = nn.Embedding(config.vocab_size, config.embed_dim)
        self.places = nn.Embedding(config.max_length, config.embed_dim)
        self.segments = nn.Embedding(2, config.embed_dim)  # first or second text; ours is one
        self.norm = nn.LayerNorm(config.embed_dim, eps=1e-12)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T) int64 -> (B, T, D)."""
        places = self.places.weight[: tokens.shape[1]]  # (T, D)
        return self.norm(self.words(tokens) + places + self.segments.weight[0])


def attend(queries: Tensor, keys: Tensor, values: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
    """Take from the values, each weighted by how well its key fits the query.

    Args:
        queries: (B, heads, T, d).
        keys: (B, heads, S, d).
        values: (B, heads, S, d).
        padding: (B, S) bool, true where there is nothing to look at.

    Returns:
        what was found (B, heads, T, d), and the weights (B, heads, T, S), each row with the sum 1
        (Vaswani et al. 2017, equation 1).
    """
    scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
    scores = scores.masked_fill(padding[:, None, None, :], -torch.inf)
    weights = scores.softmax(dim=-1)
    return weights @ values, weights


class SelfAttention(nn.Module):
    """Every piece looks at every piece, with several heads at once."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.query = nn.Linear(config.embed_dim, config.embed_dim)
        self.key = nn.Linear(config.embed_dim, config.embed_dim)
        self.value = nn.Linear(config.embed_dim, config.embed_dim)
        self.out = nn.Linear(config.embed_dim, config.embed_dim)

    def heads(self, x: Tensor) -> Tensor:
        """Share the numbers out among the heads: (B, T, D) -> (B, heads, T, d)."""
        return x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) and (B, T) bool -> what was found (B, T, D), weights (B, heads, T, T)."""
        queries, keys, values = (self.heads(f(x)) for f in (self.query, self.key, self.value))
        found, weights = attend(queries, keys, values, padding)
        return self.out(found.transpose(1, 2).flatten(2)), weights


class BertLayer(nn.Module):
    """Look, then work on what was found; each is added to what was there, then normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config)
        self.norm1 = nn.LayerNorm(config.embed_dim, eps=1e-12)
        self.widen = nn.Linear(config.embed_dim, config.hidden_dim)
        self.narrow = nn.Linear(config.hidden_dim, config.embed_dim)
        self.norm2 = nn.LayerNorm(config.embed_dim, eps=1e-12)

    def forward(self, x: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) and (B, T) bool -> (B, T, D), weights (B, heads, T, T)."""
        found, weights = self.attention(x, padding)
        x = self.norm1(x + found)
        return self.norm2(x + self.narrow(F.gelu(self.widen(x)))), weights


class Bert(nn.Module):
    """Embeddings, then layers."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.layers = nn.ModuleList(BertLayer(config) for _ in range(config.num_layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """Read B captions: tokens (B, T) int64, 0 = pad -> (B, T, D), the last layer's vectors.

        What comes out at padding has no meaning.

        Raises:
            ValueError: tokens of another shape or type, or more of them than can be read.
        """
        return self.look_inside(tokens)[0][-1]

    def look_inside(self, tokens: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Read B captions, and keep all that happens on the way.

        Takes and raises what `forward` does.

        Returns:
            the vectors before the first and after each layer, num_layers + 1 of (B, T, D); and
            the weights of each layer's attention, num_layers of (B, heads, T, T).
        """
        _check(tokens, self.config.max_length)
        padding = tokens == PAD
        states, weights = [self.embeddings(tokens)], []
        for layer in self.layers:
            state, looked = layer(states[-1], padding)
            states.append(state)
            weights.append(looked)
        return states, weights


def masked_mean(words: Tensor, padding: Tensor) -> Tensor:
    """The mean of a caption's vectors, padding left out.

    Args:
        words: (B, T, D).
        padding: (B, T) bool, true where there is no word.

    Returns:
        (B, D); zeros for a caption without a word.
    """
    present = (~padding).unsqueeze(-1).to(words.dtype)  # (B, T, 1)
    return (words * present).sum(dim=1) / present.sum(dim=1).clamp(min=1)


def _check(tokens: Tensor, max_length: int) -> None:
    """Refuse what would be read wrongly, or not to its end."""
    if tokens.ndim != 2 or tokens.shape[1] == 0 or tokens.dtype != torch.int64:
        raise ValueError(
            f"tokens: expected (B, T) int64 with T ≥ 1, got {tuple(tokens.shape)} {tokens.dtype}. "
            "One caption is a batch of one: tokenizer.encode_batch([caption])."
        )
    if (tokens[:, 0] == PAD).any():
        raise ValueError("tokens: a row begins with padding; every caption has at least its [CLS]")
    if tokens.shape[1] > max_length:
        raise ValueError(
            f"tokens: {tokens.shape[1]} pieces, and this BERT reads {max_length} at most. Read "
            f"the text in parts, or its beginning: encode_batch(captions, max_length={max_length})"
        )
