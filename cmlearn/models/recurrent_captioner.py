"""A captioner whose recurrent network is an RNN, a GRU or an LSTM.

Vinyals et al. 2015, "Show and tell" (CVPR): the picture sets the first state, and that is all the
writer ever sees of it. With looks, it is the captioner of `cmlearn.models.captioner`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cmlearn.models.attention import Look
from cmlearn.models.captioner import PAD, CaptionerConfig, Eye
from cmlearn.models.recurrent import State

# What it is called → the network, and of how many vectors its state is.
NETWORKS: dict[str, tuple[Callable[..., nn.Module], int]] = {
    "rnn": (nn.RNN, 1),
    "gru": (nn.GRU, 1),
    "lstm": (nn.LSTM, 2),
}


@dataclass(frozen=True)
class RecurrentConfig(CaptionerConfig):
    """The sizes of a captioner, and what it remembers with.

    Attributes:
        num_looks: how often each word looks at the places; not at all in "Show and tell".
        recurrent: one of `NETWORKS`.
    """

    num_looks: int = 0
    recurrent: str = "lstm"

    def __post_init__(self) -> None:
        """Refuse a network that is not known."""
        if self.recurrent not in NETWORKS:
            known = ", ".join(NETWORKS)
            raise ValueError(f"recurrent: {self.recurrent!r} is none of {known}")


class RecurrentCaptioner(Eye):
    """An eye that writes, remembering with any recurrent network.

    Args:
        config: the sizes.
    """

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config)
        network, self.num_states = NETWORKS[config.recurrent]
        self.start = nn.Linear(config.cells * config.cell_dim, self.num_states * config.hidden_dim)
        self.embedding = nn.Embedding(config.vocab_size, config.embed_dim, padding_idx=PAD)
        self.recurrent = network(config.embed_dim, config.hidden_dim, batch_first=True)
        self.looks = nn.ModuleList(
            Look(config.hidden_dim, config.cell_dim) for _ in range(config.num_looks)
        )
        self.norm = nn.LayerNorm(config.hidden_dim)
        self.output = nn.Linear(config.hidden_dim, config.vocab_size)

    def forward(self, features: Tensor, tokens: Tensor) -> Tensor:
        """Score the next word after each word, given the true ones (teacher forcing).

        Args:
            features: (B, channels, h, w) with h·w = cells, or (B, channels) pooled.
            tokens: (B, T) int64, beginning with <bos>.

        Returns:
            logits (B, T, vocab_size): [:, t] scores the word that follows tokens[:, t].
        """
        cells = self.see(features)
        logits, _ = self.step(cells, tokens, self.first_state(cells))
        return logits

    def first_state(self, cells: Tensor) -> State:
        """The state before the first word: one or two of (1, B, hidden_dim)."""
        hidden, *rest = self.start(cells.flatten(1)).unsqueeze(0).chunk(self.num_states, dim=2)
        return torch.tanh(hidden), *rest

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens (B, T) from a state on: logits (B, T, vocab_size) and the new state."""
        both = self.num_states == 2
        states, last = self.recurrent(self.embedding(tokens), state if both else state[0])
        for look in self.looks:
            states = look(states, cells)
        return self.output(self.norm(states)), last if both else (last,)
