"""Skip-gram with negative sampling, in plain torch.

Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality",
equation 4: a word's vector should score high with the words around it (its contexts) and low with
words drawn by chance (the negatives).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid


def skipgram_pairs(ids: Sequence[int], window: int) -> Tensor:
    """List every word with each of its neighbours.

    Args:
        ids: the ids of one sentence.
        window: how many places to each side count as near.

    Returns:
        (N, 2) int64: word, context. N = 0 for sentences of fewer than two words.
    """
    pairs = [
        (word, ids[j])
        for i, word in enumerate(ids)
        for j in range(max(0, i - window), min(len(ids), i + window + 1))
        if j != i
    ]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def draw_negatives(counts: Tensor, size: tuple[int, int], generator: np.random.Generator) -> Tensor:
    """Draw words by chance, in proportion to their count to the power 3/4 (section 2.2).

    Args:
        counts: (V,) how often each word occurs; a count of zero is never drawn.
        size: (B, K), K negatives for each of B pairs.
        generator: NumPy's, whose draws are the same on every processor.

    Returns:
        (B, K) int64 ids.
    """
    weights = counts.double().numpy() ** 0.75
    return torch.from_numpy(generator.choice(len(counts), size=size, p=weights / weights.sum()))


class SkipGram(nn.Module):
    """Two vectors for each word: one as the word itself, one as the context of others.

    Args:
        vocab_size: V, the number of words.
        embed_dim: D, the length of the vectors.
    """

    def __init__(self, vocab_size: int, embed_dim: int) -> None:
        """Begin as word2vec does: small random words, zero contexts."""
        super().__init__()
        self.words = nn.Embedding(vocab_size, embed_dim)
        self.contexts = nn.Embedding(vocab_size, embed_dim)
        nn.init.uniform_(self.words.weight, -0.5 / embed_dim, 0.5 / embed_dim)
        nn.init.zeros_(self.contexts.weight)

    def forward(self, word: Tensor, contexts: Tensor) -> Tensor:
        """Score words with contexts: (B,) and (B, K) int64 -> (B, K) dot products."""
        vectors = self.words(word).unsqueeze(-1)  # (B, D, 1)
        return (self.contexts(contexts) @ vectors).squeeze(-1)  # (B, K, D) -> (B, K)


def skipgram_loss(model: SkipGram, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Compute equation 4 with its sign turned, so that smaller is better.

    Args:
        model: the vectors.
        batch: "word" (B,), "context" (B,) and "negatives" (B, K), all int64.

    Returns:
        "loss", the mean over the batch, and its two parts "positive" and "negative".
    """
    near = model(batch["word"], batch["context"].unsqueeze(1))  # (B, 1)
    chance = model(batch["word"], batch["negatives"])  # (B, K)
    positive = -logsigmoid(near).sum(dim=1).mean()
    negative = -logsigmoid(-chance).sum(dim=1).mean()
    return {"loss": positive + negative, "positive": positive, "negative": negative}
