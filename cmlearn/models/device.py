"""The device that a model computes on.

A forward pass takes tensors on the device of its model, as everywhere in PyTorch. What samples,
searches or measures takes tensors from any device and returns them on that of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import nn


class HasParameters(Protocol):
    """What has weights, such as every `nn.Module`."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield the weights."""


def device_of(model: HasParameters) -> torch.device:
    """Return the device of a model's weights; of one without weights, the CPU."""
    weight = next(model.parameters(), None)
    return torch.device("cpu") if weight is None else weight.device
