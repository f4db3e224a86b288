"""The recall task: name the first symbol of a sequence at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SYMBOLS = 8  # that may come first: 0 to 7


DISTRACTIONS = 8  # that fill the rest: 8 to 15


def recall_sequences(count: int, length: int, rng: torch.Generator) -> dict[str, Tensor]:
    """Draw sequences: one of `SYMBOLS`, then `length` distractions that tell nothing.

    Args:
        count: B, how many.
        length: for how many steps the first symbol has to be kept, at least 1.
        rng: decides every symbol.

    Returns:
        symbols: (B, 1 + length) int64.
        first: (B,) int64, what is to be told.

    Raises:
        ValueError: `length` or `count` is less than 1.
    """
    if count < 1 or length < 1:
        raise ValueError(f"count and length must be at least 1, got {count} and {length}")
    first = torch.randint(SYMBOLS, (count,), generator=rng)
    shape = (count, length)
    rest = torch.randint(SYMBOLS, SYMBOLS + DISTRACTIONS, shape, generator=rng)
    return {"symbols": torch.cat([first.unsqueeze(1), rest], dim=1), "first": first}


def recall_batches(count: int, length: int, rng: torch.Generator) -> Iterator[dict[str, Tensor]]:
    """Yield batches of new sequences for ever."""
    while True:
        yield recall_sequences(count, length, rng)


class RecallModel(nn.Module):
    """Reads symbols one after another and classifies what it remembers in the end.

    Args:
        network: takes (B, T, hidden_dim), returns (B, T, hidden_dim) and a last state.
        num_symbols: how many symbols there are.
        hidden_dim: length of a symbol's vector and of the network's state.
    """

    def __init__(self, network: nn.Module, num_symbols: int, hidden_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_symbols, hidden_dim)
        self.network = network
        self.output = nn.Linear(hidden_dim, num_symbols)

    def forward(self, symbols: Tensor) -> Tensor:
        """Symbols (B, T) -> logits (B, num_symbols) of what came first."""
        states, _ = self.network(self.embedding(symbols))
        return self.output(states[:, -1])


def recall_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """How surprised the model is by what came first.

    Args:
        model: symbols (B, T) -> logits (B, num_symbols).
        batch: "symbols" (B, T) and "first" (B,), int64.

    Returns:
        loss: cross-entropy in nats.
        accuracy: share of the sequences whose first symbol was told.
    """
    logits = model(batch["symbols"])
    right = logits.argmax(dim=1) == batch["first"]
    return {
        "loss": F.cross_entropy(logits, batch["first"]),
        "accuracy": right.float().mean(),
    }
