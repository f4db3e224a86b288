"""From where each word of a caption took what it needed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.captioner import BOS


@torch.no_grad()
def look_maps(model: nn.Module, features: Tensor, tokens: Tensor) -> Tensor:
    """Read the weights of every look while a model is told its captions.

    Args:
        model: (features, tokens) -> logits, with `looks`, each a `Look`.
        features: of B pictures.
        tokens: (B, T) int64 without <bos>, as `greedy` writes them.

    Returns:
        (B, looks, T, places): from which place each look took how much, the mean over its heads,
        before word t was told. Each row sums to one.

    Raises:
        ValueError: the model never looks.
    """
    maps: list[Tensor] = []

    def keep(look: nn.Module, inputs: tuple[Tensor, Tensor]) -> None:
        maps.append(look.weights(*inputs))  # type: ignore[operator]

    hooks = [look.register_forward_pre_hook(keep) for look in getattr(model, "looks", ())]
    if not hooks:
        raise ValueError(f"model: a {type(model).__name__} without looks has no maps")
    try:
        model(features, F.pad(tokens[:, :-1], (1, 0), value=BOS))
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(maps, dim=1)
