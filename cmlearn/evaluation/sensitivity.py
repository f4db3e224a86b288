"""Sensitivity of a network: to early inputs of a sequence, and to the picture it describes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cmlearn.models.device import device_of
from cmlearn.text.vocabulary import PAD


def gradient_norms(network: nn.Module, inputs: Tensor, rng: torch.Generator) -> Tensor:
    """Measure how strongly the last state of a recurrent network depends on each input.

    The last state of each sequence is projected on a random unit vector, and this number is
    differentiated with respect to every input. Going back in time, gradients shrink or grow by
    about the same factor at every step (Hochreiter 1991; Bengio, Simard and Frasconi 1994,
    "Learning Long-Term Dependencies with Gradient Descent is Difficult").

    Args:
        network: (B, T, input_dim) -> a tuple that starts with the states (B, T, hidden_dim).
        inputs: (B, T, input_dim) float.
        rng: draws the unit vectors.

    Returns:
        (T,) mean gradient norms over the batch, the last input first: index k is k steps back.

    Raises:
        ValueError: the inputs are not a batch of sequences.
    """
    if inputs.ndim != 3 or 0 in inputs.shape:
        raise ValueError(f"inputs: (B, T, input_dim) needed, got {tuple(inputs.shape)}")
    inputs = inputs.detach().to(device_of(network)).requires_grad_()
    with torch.enable_grad():
        last = network(inputs)[0][:, -1]  # (B, hidden_dim)
        direction = torch.randn(last.shape, generator=rng).to(last.device)
        projected = last * direction / direction.norm(dim=1, keepdim=True)
        (gradient,) = torch.autograd.grad(projected.sum(), inputs)
    return gradient.norm(dim=2).mean(dim=0).flip(0)


@torch.no_grad()
def swap_sensitivity(model: nn.Module, features: Tensor, tokens: Tensor) -> Tensor:
    """Measure how much a captioner's next-word distribution changes with another picture.

    Args:
        model: (features, tokens (B, T)) -> logits (B, T, V).
        features: (B, ...) float, B ≥ 2; each is replaced by the features of the picture before it.
        tokens: (B, T + 1) int64, one caption for each picture: <bos>, words, <eos>, <pad>.

    Returns:
        (T,) mean total variation distance at each position, 0 to 1, over the captions that are
        long enough; NaN where none is.

    Raises:
        ValueError: there are fewer than two pictures, or not one caption for each picture.
    """
    if len(features) != len(tokens) or len(tokens) < 2:
        raise ValueError(
            "features, tokens: two or more pictures with one caption each are needed, "
            f"got {len(features)} and {len(tokens)}"
        )
    features, tokens = features.to(device_of(model)), tokens.to(device_of(model))
    given, real = tokens[:, :-1], tokens[:, 1:] != PAD
    own = model(features, given).softmax(dim=2)
    other = model(features.roll(1, dims=0), given).softmax(dim=2)
    moved = (own - other).abs().sum(dim=2) / 2  # (B, T)
    return (moved * real).sum(dim=0) / real.sum(dim=0)
