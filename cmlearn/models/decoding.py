"""Caption generation by greedy search and by beam search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from cmlearn.models.captioner import BOS, EOS, PAD, UNK
from cmlearn.models.device import HasParameters, device_of
from cmlearn.models.rnn import State

NOT_WORDS = [PAD, BOS, UNK]  # no caption contains them

Scored = tuple[list[int], float]  # the tokens of a caption, and its score


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
        Tokens (B, T) int64 without <bos>; after <eos> comes <pad>. None is <unk>.
    """
    device = device_of(model)
    cells = model.encode(features.to(device))
    state = model.initial_state(cells)
    word = torch.full((len(cells), 1), BOS, device=device)
    done = torch.zeros(len(cells), 1, dtype=torch.bool, device=device)
    written: list[Tensor] = []
    while len(written) < max_length and not done.all():
        logits, state = model.step(cells, word, state)
        logits[:, -1, NOT_WORDS] = -torch.inf
        word = logits[:, -1].argmax(dim=1, keepdim=True).masked_fill(done, PAD)
        done |= word == EOS
        written.append(word)
    return torch.cat(written, dim=1)


@torch.no_grad()
def beam_search(
    model: CaptionDecoder, features: Tensor, beam_size: int = 3, max_length: int = 40
) -> list[list[Scored]]:
    """Generate captions by beam search: keep the `beam_size` most probable partial captions.

    Each step of the network reads the beams of all images at once. The search for an image ends
    when `beam_size` of its captions have ended. Finished captions are ranked by their mean log
    probability per token, not by the sum, because the sum favours short ones (length
    normalisation: Wu et al. 2016, "Google's neural machine translation system", section 7).

    Args:
        model: in eval mode.
        features: of B images, (B, …), as `model.encode` takes them.
        beam_size: number of partial captions to keep for each image, K; at least 1.
        max_length: the longest caption, in tokens.

    Returns:
        For each of the B images up to `beam_size` captions, the best first: the tokens without
        <bos>, and their mean log probability in nats. No token is <pad>, <bos> or <unk>, and the
        probabilities are those of the other tokens alone.

    Raises:
        ValueError: `beam_size` is below 1.
    """
    if beam_size < 1:
        raise ValueError(f"beam_size: at least 1, got {beam_size}")
    device = device_of(model)
    cells = model.encode(features.to(device))  # (B, num_cells, cell_dim)
    # Row b · K + k of the network's inputs is beam k of image b.
    state = tuple(part.repeat_interleave(beam_size, 1) for part in model.initial_state(cells))
    tokens = torch.full((len(cells), beam_size, 1), BOS, device=device)
    total = torch.full((len(cells), beam_size), -torch.inf, device=device)  # -inf: no beam
    total[:, 0] = 0  # at first there is one beam, which holds <bos> alone
    finished: list[list[Scored]] = [[] for _ in cells]
    searched = torch.arange(len(cells), device=device)  # the images whose search goes on
    while len(searched) and tokens.shape[2] <= max_length:
        last = tokens[:, :, -1].reshape(-1, 1)
        logits, state = model.step(cells.repeat_interleave(beam_size, 0), last, state)
        logits[:, -1, NOT_WORDS] = -torch.inf
        total, beam, word = _best_continuations(total, logits[:, -1].log_softmax(dim=1))
        tokens = torch.cat([_of_beams(tokens, beam), word.unsqueeze(2)], dim=2)
        total = _move_finished(tokens, total, [finished[image] for image in searched.tolist()])
        goes_on = (~total.isneginf()).any(dim=1).nonzero().flatten()
        rows = (beam + beam_size * torch.arange(len(beam), device=device).unsqueeze(1))[goes_on]
        state = tuple(part[:, rows.flatten()] for part in state)
        cells, tokens, total = cells[goes_on], tokens[goes_on], total[goes_on]
        searched = searched[goes_on]
    for image, cut_off in zip(searched.tolist(), _captions(tokens, total), strict=True):
        finished[image] = finished[image] or cut_off
    return [_ranked(captions)[:beam_size] for captions in finished]


def _best_continuations(total: Tensor, log_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the K best of the K · V continuations of each image.

    Args:
        total: (B, K), the log probability of each beam.
        log_probability: (B · K, V), of the next token.

    Returns:
        The log probability of the chosen continuations, the beam that each continues, and its last
        token, all (B, K).
    """
    each = total.unsqueeze(2) + log_probability.view(*total.shape, -1)  # (B, K, V)
    best = each.flatten(1).topk(total.shape[1])
    beam = torch.div(best.indices, each.shape[2], rounding_mode="floor")
    return best.values, beam, best.indices % each.shape[2]


def _of_beams(tokens: Tensor, beam: Tensor) -> Tensor:
    """The tokens (B, K, T) of the chosen beams (B, K)."""
    return tokens.gather(1, beam.unsqueeze(2).expand_as(tokens))


def _move_finished(tokens: Tensor, total: Tensor, finished: Sequence[list[Scored]]) -> Tensor:
    """Move the beams that end in <eos> to `finished`.

    Args:
        tokens: (B, K, T).
        total: (B, K), the log probability of each beam; -inf: no beam.
        finished: the captions of each image, changed in place.

    Returns:
        The log probabilities (B, K) of the beams that remain: none of an image with K captions.
    """
    ends = tokens[:, :, -1] == EOS
    for captions, found in zip(finished, _captions(tokens, total.masked_fill(~ends, -torch.inf))):
        captions.extend(found)
    enough = torch.tensor([len(captions) >= total.shape[1] for captions in finished])
    return total.masked_fill(ends | enough.to(ends.device).unsqueeze(1), -torch.inf)


def _captions(tokens: Tensor, total: Tensor) -> list[list[Scored]]:
    """The beams of each image without <bos>, with their log probabilities; -inf: no beam."""
    return [
        [(words, score) for words, score in zip(*beams) if score > -math.inf]
        for beams in zip(tokens[:, :, 1:].tolist(), total.tolist(), strict=True)
    ]


def _ranked(captions: list[Scored]) -> list[Scored]:
    """Replace the sum by the mean per token, and put the best caption first."""
    means = [(tokens, score / len(tokens)) for tokens, score in captions]
    return sorted(means, key=lambda caption: -caption[1])
