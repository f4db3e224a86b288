"""A captioner: picture features become words, one after another.

Vinyals et al. 2015, "Show and tell" (CVPR): the picture is the first thing that the LSTM reads;
here it sets the LSTM's first state. Xu et al. 2015, "Show, attend and tell" (ICML): each word looks
at the places of the picture; here it looks after the LSTM, for all words at once, and twice, the
second time knowing what it saw the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.attention import Look
from cmlearn.models.recurrent import State

PAD, BOS, EOS = 0, 1, 2  # as in every vocabulary of the course


@dataclass(frozen=True)
class CaptionerConfig:
    """The sizes of an LSTM captioner.

    Attributes:
        vocab_size: how many tokens there are, the specials included.
        channels: channels of the feature grid.
        cells: places of the feature grid, H·W; 1 for pooled features.
        cell_dim: what is kept of each place.
        embed_dim: length of a word's vector.
        hidden_dim: length of the LSTM's state.
        num_looks: how often each word looks at the places.
    """

    vocab_size: int
    channels: int = 256
    cells: int = 16
    cell_dim: int = 128
    embed_dim: int = 64
    hidden_dim: int = 192
    num_looks: int = 2


class Eye(nn.Module):
    """Keeps what matters of each place of a picture.

    Args:
        config: the sizes.
    """

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.config = config
        self.squeeze = nn.Linear(config.channels, config.cell_dim)
        self.places = nn.Parameter(torch.randn(config.cells, config.cell_dim) / 2)
        self.cell_norm = nn.LayerNorm(config.cell_dim)

    def see(self, features: Tensor) -> Tensor:
        """What stands in each place, and which place it is.

        Args:
            features: (B, channels, h, w) with h·w = cells, or (B, channels) pooled.

        Returns:
            (B, cells, cell_dim).

        Raises:
            ValueError: the features have another shape.
        """
        cells = features.float().flatten(2) if features.ndim > 2 else features.float().unsqueeze(2)
        expected = (self.config.channels, self.config.cells)
        if tuple(cells.shape[1:]) != expected:
            raise ValueError(
                f"features: (B, channels={expected[0]}, {expected[1]} places) expected, got "
                f"{tuple(features.shape)}"
            )
        return self.cell_norm(F.relu(self.squeeze(cells.transpose(1, 2))) + self.places)


class LSTMCaptioner(Eye):
    """An eye that writes: features of a picture and the words so far give the next word.

    Args:
        config: the sizes.
    """

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__(config)
        self.start = nn.Linear(config.cells * config.cell_dim, 2 * config.hidden_dim)
        self.embedding = nn.Embedding(config.vocab_size, config.embed_dim, padding_idx=PAD)
        self.lstm = nn.LSTM(config.embed_dim, config.hidden_dim, batch_first=True)
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
        """The LSTM's state before the first word: two of (1, B, hidden_dim)."""
        hidden, cell = self.start(cells.flatten(1)).chunk(2, dim=1)
        return torch.tanh(hidden).unsqueeze(0), cell.unsqueeze(0)

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens (B, T) from a state on: logits (B, T, vocab_size) and the new state."""
        states, state = self.lstm(self.embedding(tokens), state)  # (B, T, hidden_dim)
        for look in self.looks:
            states = look(states, cells)
        return self.output(self.norm(states)), state


class Writer(Protocol):
    """What can write captions: it sees a picture, and reads words from a state on."""

    def see(self, features: Tensor) -> Tensor:
        """Features of B pictures -> cells (B, cells, cell_dim)."""

    def first_state(self, cells: Tensor) -> State:
        """The state before the first word, each part (1, B, hidden_dim)."""

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens (B, T) from a state on: logits (B, T, vocab_size) and the new state."""


def caption_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """How surprised the model is by each next word of the true captions.

    Args:
        model: (features, tokens) -> logits.
        batch: "features" (B, …) and "tokens" (B, T) int64, from <bos> to <eos>, then <pad>.

    Returns:
        loss: cross-entropy in nats, the mean over words that are not padding.
        accuracy: share of those words that were scored highest.
    """
    tokens = batch["tokens"]
    given, wanted = tokens[:, :-1], tokens[:, 1:]  # the shift by one: t sees t, and tells t + 1
    logits = model(batch["features"], given)
    real = wanted != PAD
    right = (logits.argmax(dim=2) == wanted) & real
    return {
        "loss": F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD),
        "accuracy": right.sum() / real.sum(),
    }


@torch.no_grad()
def greedy(model: Writer, features: Tensor, max_length: int = 40) -> Tensor:
    """Write captions by taking the likeliest word each time.

    Args:
        model: in eval mode.
        features: of B pictures.
        max_length: at most so many words.

    Returns:
        tokens (B, T) int64 without <bos>; after <eos> comes <pad>.
    """
    cells = model.see(features)
    state = model.first_state(cells)
    word = torch.full((len(cells), 1), BOS)
    done = torch.zeros(len(cells), 1, dtype=torch.bool)
    written: list[Tensor] = []
    while len(written) < max_length and not done.all():
        logits, state = model.step(cells, word, state)
        word = logits[:, -1].argmax(dim=1, keepdim=True).masked_fill(done, PAD)
        done |= word == EOS
        written.append(word)
    return torch.cat(written, dim=1)


@torch.no_grad()
def beam_search(
    model: Writer, features: Tensor, beam_size: int = 4, max_length: int = 40
) -> list[tuple[list[int], float]]:
    """Write a caption for one picture, keeping the likeliest beginnings.

    Args:
        model: in eval mode.
        features: of one picture, (1, …).
        beam_size: how many beginnings to keep.
        max_length: at most so many words.

    Returns:
        Up to `beam_size` captions, the best first: the tokens without <bos>, and their mean log
        probability a word. (The sum would favour short captions.)
    """
    if len(features) != 1:
        raise ValueError(f"features: of one picture at a time, got {len(features)}")
    cells = model.see(features)  # (1, cells, cell_dim)
    state = model.first_state(cells)
    beams: list[tuple[list[int], float]] = [([BOS], 0.0)]
    finished: list[tuple[list[int], float]] = []
    for _ in range(max_length):
        last = torch.tensor([[tokens[-1]] for tokens, _ in beams])  # (K, 1)
        logits, state = model.step(cells.expand(len(beams), -1, -1), last, state)
        total = logits[:, -1].log_softmax(dim=1) + torch.tensor([[score] for _, score in beams])
        best = total.flatten().topk(min(beam_size, total.numel()))
        rows = torch.div(best.indices, total.shape[1], rounding_mode="floor").tolist()
        words = (best.indices % total.shape[1]).tolist()
        grown = [([*beams[r][0], w], s) for r, w, s in zip(rows, words, best.values.tolist())]
        finished += [beam for beam in grown if beam[0][-1] == EOS]
        kept = [i for i, beam in enumerate(grown) if beam[0][-1] != EOS]
        if not kept or len(finished) >= beam_size:
            break
        beams = [grown[i] for i in kept]
        chosen = torch.tensor([rows[i] for i in kept])
        state = tuple(part[:, chosen] for part in state)
    scored = [(tokens[1:], score / (len(tokens) - 1)) for tokens, score in finished or beams]
    return sorted(scored, key=lambda caption: -caption[1])[:beam_size]
