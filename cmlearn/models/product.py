"""A captioner whose words are a product: what was seen, times what language expects.

Hinton 2002, "Training products of experts" (Neural Computation 14): multiplied probabilities are
added logits, and either expert can veto. Here one expert has read the words so far and sees
nothing; the other sees, and has read no more than it takes to know where to look.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cmlearn.models.attention import Look
from cmlearn.models.captioner import CaptionerConfig, LSTMCaptioner
from cmlearn.models.recurrent import State


class ProductCaptioner(LSTMCaptioner):
    """p(word) ∝ vision(word | what was found in the picture) · language(word | words so far).

    In training, language is silent for a part of the captions, so that vision learns to name what
    it sees without help.

    Args:
        config: the sizes.
        silence: the share of captions for which language is silent in training, 0 to 1.

    Raises:
        ValueError: a share below 0 or above 1.
    """

    def __init__(self, config: CaptionerConfig, silence: float = 0.5) -> None:
        super().__init__(config)
        if not 0 <= silence <= 1:
            raise ValueError(f"silence: a share from 0 to 1, got {silence}")
        self.silence = silence
        self.language_weight = 1.0  # set it to 0, and vision writes alone
        self.language = nn.Linear(config.hidden_dim, config.vocab_size)

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens (B, T) from a state on: logits (B, T, vocab_size) and the new state."""
        states, state = self.lstm(self.embedding(tokens), state)  # (B, T, hidden_dim)
        language = self.language_weight * self.language(states)
        if self.training:
            language = language * (torch.rand(len(tokens), 1, 1) >= self.silence)
        return self.output(self.norm(self._found(states, cells))) + language, state

    def _found(self, states: Tensor, cells: Tensor) -> Tensor:
        """What the looks bring back: (B, T, hidden_dim), and nothing of who looked."""
        total = torch.zeros_like(states)
        for look in self.looks:
            assert isinstance(look, Look)
            found, _ = look.attention(look.norm(states), cells, cells, need_weights=False)
            found = found + look.work(found)
            total, states = total + found, states + found
        return total
