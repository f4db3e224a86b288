"""How much of what a captioner is about to say depends on its picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cmlearn.text.vocabulary import PAD


@torch.no_grad()
def moved_by_swap(model: nn.Module, features: Tensor, tokens: Tensor) -> Tensor:
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
    given, real = tokens[:, :-1], tokens[:, 1:] != PAD
    own = model(features, given).softmax(dim=2)
    other = model(features.roll(1, dims=0), given).softmax(dim=2)
    moved = (own - other).abs().sum(dim=2) / 2  # (B, T)
    return (moved * real).sum(dim=0) / real.sum(dim=0)
