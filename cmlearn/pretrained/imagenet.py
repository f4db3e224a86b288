"""Loads a ResNet-18 with weights trained on ImageNet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

import safetensors.torch
import torch
from torch import Tensor

from cmlearn.models.resnet import ResNet18, ResNetConfig
from cmlearn.pretrained.torchvision_guard import import_torchvision

IMAGENET_LABELS = 1000


def load_imagenet_weights(path: Path | str | None = None) -> ResNet18:
    """Load a ResNet-18 with weights trained on ImageNet, in eval mode.

    Args:
        path: a .safetensors or .pth file with torchvision's names, float16 or float32. None takes
            torchvision's `ResNet18_Weights`, from its cache or by a download of 45 MB.

    Raises:
        FileNotFoundError: there is no such file.
        ConnectionError: the download failed; the message says what to do without a network.
        ValueError: the file is damaged, or holds other weights.
    """
    weights = _download_weights() if path is None else _read_weights(Path(path))
    model = ResNet18(ResNetConfig(num_labels=IMAGENET_LABELS))
    try:
        model.load_state_dict({name: _widened(value) for name, value in weights.items()})
    except (RuntimeError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} does not hold the weights of a ResNet-18: {reason}") from error
    return model.eval()


def _widened(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _read_weights(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file of weights at {path}: check the path")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        # weights_only accepts nothing but tensors in plain containers, so no code can run.
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each kind of damage has its own exception
        reason = str(error).split("\n")[0]
        raise ValueError(f"{path} cannot be read as weights: {reason}") from error
    if not isinstance(weights, Mapping):
        raise ValueError(f"{path} holds a {type(weights).__name__}, not weights by name")
    return weights


def _download_weights() -> Mapping[str, Tensor]:
    weights = import_torchvision().models.ResNet18_Weights.IMAGENET1K_V1
    try:
        return weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (URLError, OSError, RuntimeError) as error:
        raise ConnectionError(
            f"ImageNet weights cannot be downloaded from {weights.url} ({error}). Without a "
            "network, get that file from another machine and name it: load_imagenet_weights(path)"
        ) from error
