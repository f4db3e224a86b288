"""What the shipped eyes see in the pictures of Storybook, computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.storybook import load_storybook
from cmlearn.models import resnet, two_streams
from cmlearn.models.resnet import ResNet18, ResNetConfig
from cmlearn.models.two_streams import TwoStreamConfig, TwoStreamEye
from cmlearn.training.checkpoint import load_checkpoint
from cmlearn.training.features import precompute_features
from cmlearn.training.runtime import channels_last

# Checkpoint → its network, the network's configuration, and how it takes pictures.
EYES: Mapping[str, tuple[Callable[[Any], nn.Module], type, Callable[[Tensor], Tensor]]] = {
    "resnet18": (ResNet18, ResNetConfig, resnet.prepare),
    "two_streams": (TwoStreamEye, TwoStreamConfig, two_streams.prepare),
}


def grid_features(split: str, eye: str = "resnet18") -> Tensor:
    """What a shipped eye sees, and where, in the pictures of a split: (N, channels, 4, 4).

    Raises:
        ValueError: there is no such eye.
    """
    if eye not in EYES:
        raise ValueError(f"eye: {eye!r} is none of {', '.join(EYES)}")
    model, config, prepare = EYES[eye]
    network, _ = load_checkpoint(checkpoint_folder() / eye, model, config)
    # Notebook 05 calls the files of its ResNet so, and need not compute them again.
    name = f"storybook-{split}" if eye == "resnet18" else f"storybook-{split}-{eye}"
    images = load_storybook(split).images
    seen = precompute_features(channels_last(network), prepare, images, name)
    return torch.tensor(seen.grid)
