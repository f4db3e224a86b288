"""A recurrent network that tells, at the end of a sequence, how it began."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F


class Recaller(nn.Module):
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
