"""How much a recurrent network's last state depends on what it read long before.

Hochreiter 1991 and Bengio et al. 1994, "Learning long-term dependencies with gradient descent is
difficult": going back in time, gradients shrink or grow by about the same factor at every step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cmlearn.models.device import device_of
from cmlearn.text.vocabulary import PAD


def gradient_norms(network: nn.Module, inputs: Tensor, rng: torch.Generator) -> Tensor:
    """Measure how strongly each input pulls at the last state.

    The last state of each sequence is projected on a random direction of length one, and the
    gradient of that number taken for every input.

    Args:
        network: takes (B, T, input_dim), returns states (B, T, hidden_dim) and something else.
        inputs: what it reads.
        rng: draws the directions.

    Returns:
        (T,) the mean length of the gradient; the first is that of the last input, the second that
        of the one before, and so on back in time.

    Raises:
        ValueError: the inputs are no batch of sequences.
    """
    if inputs.ndim != 3 or 0 in inputs.shape:
        raise ValueError(f"inputs: (B, T, input_dim) needed, got {tuple(inputs.shape)}")
    inputs = inputs.detach().to(device_of(network)).requires_grad_()
    with torch.enable_grad():
        last = network(inputs)[0][:, -1]
        direction = torch.randn(last.shape, generator=rng).to(last.device)
        projected = last * direction / direction.norm(dim=1, keepdim=True)
        (gradient,) = torch.autograd.grad(projected.sum(), inputs)
    return gradient.norm(dim=2).mean(dim=0).flip(0)


@torch.no_grad()
def swap_sensitivity(model: nn.Module, features: Tensor, tokens: Tensor) -> Tensor:
    """Give each caption the picture of another, and see how far the next words change.

    Args:
        model: (features, tokens) -> logits.
        features: of B pictures, two or more; each is swapped for the one before it.
        tokens: (B, T + 1) int64, a caption of each, from <bos> to <eos>, then <pad>.

    Returns:
        (T,) for each place the share of probability, 0 to 1, that goes to other words (the total
        variation distance), the mean over the captions that reach so far; NaN where none does.

    Raises:
        ValueError: there is nothing to swap, or not one caption for each picture.
    """
    if len(features) != len(tokens) or len(tokens) < 2:
        raise ValueError(
            f"two pictures or more, and a caption of each: got {len(features)} and {len(tokens)}"
        )
    features, tokens = features.to(device_of(model)), tokens.to(device_of(model))
    given, real = tokens[:, :-1], tokens[:, 1:] != PAD
    own = model(features, given).softmax(dim=2)
    other = model(features.roll(1, dims=0), given).softmax(dim=2)
    moved = (own - other).abs().sum(dim=2) / 2  # (B, T)
    return (moved * real).sum(dim=0) / real.sum(dim=0)
