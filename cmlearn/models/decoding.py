"""Caption generation by greedy search and by beam search."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from cmlearn.models.captioner import BOS, EOS, PAD
from cmlearn.models.device import HasParameters, device_of
from cmlearn.models.rnn import State


class CaptionDecoder(HasParameters, Protocol):
    """A model that encodes images and predicts the next word from a recurrent state."""

    def encode(self, features: Tensor) -> Tensor:
        """Project the features of B images to grid cells (B, num_cells, cell_dim)."""

    def initial_state(self, cells: Tensor) -> State:
        """The state before the first word, each part (1, B, hidden_dim)."""

    def step(self, cells: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Continue from a state with the next tokens.

        Args:
            cells: (B, num_cells, cell_dim).
            tokens: (B, T) int64.
            state: each part (1, B, hidden_dim).

        Returns:
            The logits (B, T, vocab_size) of the word after each token, and the new state.
        """


@torch.no_grad()
def greedy_search(model: CaptionDecoder, features: Tensor, max_length: int = 40) -> Tensor:
    """Generate captions by choosing the most probable word at each step.

    Args:
        model: in eval mode.
        features: of B images, (B, …), as `model.encode` takes them.
        max_length: the longest caption, in tokens.

    Returns:
        Tokens (B, T) int64 without <bos>; after <eos> comes <pad>.
    """
    device = device_of(model)
    cells = model.encode(features.to(device))
    state = model.initial_state(cells)
    word = torch.full((len(cells), 1), BOS, device=device)
    done = torch.zeros(len(cells), 1, dtype=torch.bool, device=device)
    written: list[Tensor] = []
    while len(written) < max_length and not done.all():
        logits, state = model.step(cells, word, state)
        word = logits[:, -1].argmax(dim=1, keepdim=True).masked_fill(done, PAD)
        done |= word == EOS
        written.append(word)
    return torch.cat(written, dim=1)


@torch.no_grad()
def beam_search(
    model: CaptionDecoder, features: Tensor, beam_size: int = 4, max_length: int = 40
) -> list[tuple[list[int], float]]:
    """Generate captions for one image, keeping the most probable partial captions at each step.

    Sutskever, Vinyals & Le 2014, "Sequence to sequence learning with neural networks", section 3.2.
    Captions are ranked by their mean log probability per token, because the sum favours short ones
    (length normalisation: Wu et al. 2016, "Google's neural machine translation system", section 7).

    Args:
        model: in eval mode.
        features: of one image, (1, …).
        beam_size: number of partial captions to keep.
        max_length: the longest caption, in tokens.

    Returns:
        Up to `beam_size` captions, the best first: the tokens without <bos>, and their mean log
        probability in nats.

    Raises:
        ValueError: the features are not those of a single image.
    """
    if len(features) != 1:
        raise ValueError(f"features: of one image at a time, got {len(features)}")
    device = device_of(model)
    cells = model.encode(features.to(device))  # (1, cells, cell_dim)
    state = model.initial_state(cells)
    beams: list[tuple[list[int], float]] = [([BOS], 0.0)]
    finished: list[tuple[list[int], float]] = []
    for _ in range(max_length):
        last = torch.tensor([[tokens[-1]] for tokens, _ in beams], device=device)  # (K, 1)
        so_far = torch.tensor([[score] for _, score in beams], device=device)
        logits, state = model.step(cells.expand(len(beams), -1, -1), last, state)
        total = so_far + logits[:, -1].log_softmax(dim=1)
        best = total.flatten().topk(min(beam_size, total.numel()))
        rows = torch.div(best.indices, total.shape[1], rounding_mode="floor").tolist()
        words = (best.indices % total.shape[1]).tolist()
        grown = [([*beams[r][0], w], s) for r, w, s in zip(rows, words, best.values.tolist())]
        finished += [beam for beam in grown if beam[0][-1] == EOS]
        kept = [i for i, beam in enumerate(grown) if beam[0][-1] != EOS]
        if not kept or len(finished) >= beam_size:
            break
        beams = [grown[i] for i in kept]
        chosen = torch.tensor([rows[i] for i in kept], device=device)
        state = tuple(part[:, chosen] for part in state)
    scored = [(tokens[1:], score / (len(tokens) - 1)) for tokens, score in finished or beams]
    return sorted(scored, key=lambda caption: -caption[1])[:beam_size]
