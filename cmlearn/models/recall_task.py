"""The recall task: classify the first symbol of a sequence after its last one.

It follows experiment 2 of Hochreiter & Schmidhuber 1997, "Long short-term memory": a network
solves it only if its state carries the first symbol past all distractors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SYMBOLS = 8  # classes of the first symbol: ids 0 to 7
DISTRACTORS = 8  # distractor symbols that fill the rest: ids 8 to 15


def recall_sequences(count: int, length: int, rng: torch.Generator) -> dict[str, Tensor]:
    """Draw sequences of one symbol out of `SYMBOLS`, then `length` random distractors.

    Args:
        count: the number of sequences, B, at least 1.
        length: the number of distractors, at least 1.
        rng: the source of randomness.

    Returns:
        symbols: (B, 1 + length) int64.
        first: (B,) int64, the symbol to recall.

    Raises:
        ValueError: `length` or `count` is less than 1.
    """
    if count < 1 or length < 1:
        raise ValueError(f"count and length must be at least 1, got {count} and {length}")
    first = torch.randint(SYMBOLS, (count,), generator=rng)
    shape = (count, length)
    rest = torch.randint(SYMBOLS, SYMBOLS + DISTRACTORS, shape, generator=rng)
    return {"symbols": torch.cat([first.unsqueeze(1), rest], dim=1), "first": first}


def recall_batches(count: int, length: int, rng: torch.Generator) -> Iterator[dict[str, Tensor]]:
    """Yield an endless stream of new batches.

    Args:
        count: sequences in a batch.
        length: the number of distractors in a sequence.
        rng: the source of randomness.

    Yields:
        What `recall_sequences` returns.
    """
    while True:
        yield recall_sequences(count, length, rng)


class RecallModel(nn.Module):
    """A recurrent network, then a linear classifier on its last state.

    Args:
        network: takes (B, T, hidden_dim), returns (B, T, hidden_dim) and a last state.
        num_symbols: number of different symbols, distractors included.
        hidden_dim: length of a symbol's vector and of the network's state.
    """

    def __init__(self, network: nn.Module, num_symbols: int, hidden_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_symbols, hidden_dim)
        self.network = network
        self.output = nn.Linear(hidden_dim, num_symbols)

    def forward(self, symbols: Tensor) -> Tensor:
        """Classify the first symbol: (B, T) int64 -> logits (B, num_symbols)."""
        states, _ = self.network(self.embedding(symbols))  # (B, T, hidden_dim)
        return self.output(states[:, -1])


def recall_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of the first symbol.

    Args:
        model: symbols (B, T) -> logits (B, num_symbols).
        batch: "symbols" (B, T) and "first" (B,), int64.

    Returns:
        loss: cross-entropy in nats.
        accuracy: share of the sequences whose first symbol was recalled, 0 to 1.
    """
    logits = model(batch["symbols"])
    right = logits.argmax(dim=1) == batch["first"]
    return {
        "loss": F.cross_entropy(logits, batch["first"]),
        "accuracy": right.float().mean(),
    }
