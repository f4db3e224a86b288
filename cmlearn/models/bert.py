"""BERT, a transformer encoder of stacked self-attention layers.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding". The layer is the encoder layer of Vaswani et al. 2017, "Attention is all you need".
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
        vocab_size: number of word pieces in the vocabulary.
        embed_dim: length of a token's vector.
        num_layers: number of transformer layers.
        num_heads: attention heads per layer; must divide `embed_dim`.
        hidden_dim: width of the feed-forward network's hidden layer.
        max_length: the longest sequence, in tokens.
    """

    vocab_size: int = 30_522
    embed_dim: int = 384
    num_layers: int = 6
    num_heads: int = 12
    hidden_dim: int = 1536
    max_length: int = 512


class BertEmbeddings(nn.Module):
    """The sum of token, position and segment embeddings, layer-normalised.

    Args:
        config: the sizes.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocab_size, config.embed_dim)
        self.positions = nn.Embedding(config.max_length, config.embed_dim)
        self.segments = nn.Embedding(2, config.embed_dim)  # of a text pair; ours are single texts
        self.norm = nn.LayerNorm(config.embed_dim, eps=1e-12)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T) int64 -> (B, T, D)."""
        positions = self.positions.weight[: tokens.shape[1]]  # (T, D)
        return self.norm(self.tokens(tokens) + positions + self.segments.weight[0])


def attend(queries: Tensor, keys: Tensor, values: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention (Vaswani et al. 2017, equation 1).

    Args:
        queries: (B, heads, T, d).
        keys: (B, heads, S, d).
        values: (B, heads, S, d).
        padding: (B, S) bool, true at padding, which gets the weight 0.

    Returns:
        The weighted sums of the values (B, heads, T, d), and the weights (B, heads, T, S), each row
        with the sum 1.
    """
    scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5  # (B, heads, T, S)
    scores = scores.masked_fill(padding[:, None, None, :], -torch.inf)
    weights = scores.softmax(dim=-1)
    return weights @ values, weights


class SelfAttention(nn.Module):
    """Multi-head self-attention: each token attends to all tokens of its sequence.

    Args:
        config: the sizes.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.query = nn.Linear(config.embed_dim, config.embed_dim)
        self.key = nn.Linear(config.embed_dim, config.embed_dim)
        self.value = nn.Linear(config.embed_dim, config.embed_dim)
        self.out = nn.Linear(config.embed_dim, config.embed_dim)

    def heads(self, x: Tensor) -> Tensor:
        """Split each vector into one part per head: (B, T, D) -> (B, heads, T, d)."""
        return x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """Let each token attend to all tokens that are not padding.

        Args:
            x: (B, T, D).
            padding: (B, T) bool, true at padding.

        Returns:
            The attended vectors (B, T, D), and the attention weights (B, heads, T, T).
        """
        queries, keys, values = (self.heads(f(x)) for f in (self.query, self.key, self.value))
        found, weights = attend(queries, keys, values, padding)
        return self.out(found.transpose(1, 2).flatten(2)), weights


class BertLayer(nn.Module):
    """Self-attention, then a feed-forward network, each with a residual connection and a norm.

    The layer norm comes after the sum (post-norm), as in Vaswani et al. 2017, section 3.1.

    Args:
        config: the sizes.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config)
        self.norm1 = nn.LayerNorm(config.embed_dim, eps=1e-12)
        self.expand = nn.Linear(config.embed_dim, config.hidden_dim)
        self.contract = nn.Linear(config.hidden_dim, config.embed_dim)
        self.norm2 = nn.LayerNorm(config.embed_dim, eps=1e-12)

    def forward(self, x: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the next hidden state of each token.

        Args:
            x: (B, T, D).
            padding: (B, T) bool, true at padding.

        Returns:
            The hidden states (B, T, D), and the attention weights (B, heads, T, T).
        """
        found, weights = self.attention(x, padding)
        x = self.norm1(x + found)
        return self.norm2(x + self.contract(F.gelu(self.expand(x)))), weights


class Bert(nn.Module):
    """Embeddings, then a stack of transformer layers.

    Args:
        config: the sizes.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.layers = nn.ModuleList(BertLayer(config) for _ in range(config.num_layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode B captions: (B, T) int64, 0 = pad -> (B, T, D), the last hidden states.

        The vectors at padding have no meaning.

        Raises:
            ValueError: the tokens have another shape or type, or T is above `max_length`.
        """
        return self.hidden_states(tokens)[0][-1]

    def hidden_states(self, tokens: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Encode B captions and return the outputs of all layers.

        Args:
            tokens: (B, T) int64, 0 = pad.

        Returns:
            The hidden states before the first layer and after each layer, num_layers + 1 of
            (B, T, D); and each layer's attention weights, num_layers of (B, heads, T, T).

        Raises:
            ValueError: the tokens have another shape or type, or T is above `max_length`.
        """
        _check(tokens, self.config.max_length)
        padding = tokens == PAD
        states, weights = [self.embeddings(tokens)], []
        for layer in self.layers:
            state, layer_weights = layer(states[-1], padding)
            states.append(state)
            weights.append(layer_weights)
        return states, weights


def masked_mean(words: Tensor, padding: Tensor) -> Tensor:
    """Average a caption's vectors without its padding.

    Args:
        words: (B, T, D).
        padding: (B, T) bool, true at padding.

    Returns:
        (B, D); zeros for a caption that is all padding.
    """
    present = (~padding).unsqueeze(-1).to(words.dtype)  # (B, T, 1)
    return (words * present).sum(dim=1) / present.sum(dim=1).clamp(min=1)


def _check(tokens: Tensor, max_length: int) -> None:
    """Raise a ValueError for tokens that the model would misread or cut."""
    if tokens.ndim != 2 or tokens.shape[1] == 0 or tokens.dtype != torch.int64:
        raise ValueError(
            f"tokens: expected (B, T) int64 with T ≥ 1, got {tuple(tokens.shape)} {tokens.dtype}. "
            "One caption is a batch of one: tokenizer.encode_batch([caption])."
        )
    if (tokens[:, 0] == PAD).any():
        raise ValueError("tokens: a row begins with padding; every caption has at least its [CLS]")
    if tokens.shape[1] > max_length:
        raise ValueError(
            f"tokens: {tokens.shape[1]} per caption, but this BERT takes at most {max_length}. "
            f"Split the text, or cut it: encode_batch(captions, max_length={max_length})"
        )
