"""Turns the hues of pictures by chance, so that no shape is learned with its colour."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class TurnHues(nn.Module):
    """In training, turns the hues of each picture by an angle of chance; a kind of dropout."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, H, W): colours rotated around the axis of greys."""
        if not self.training:
            return images
        angle = torch.rand(len(images)) * 2 * math.pi
        # A rotation around (1, 1, 1) mixes each colour with its two neighbours, in a circle.
        a = (1 + 2 * angle.cos()) / 3
        b, c = ((1 - angle.cos() + sign * math.sqrt(3) * angle.sin()) / 3 for sign in (-1, 1))
        mix = torch.stack([a, b, c, c, a, b, b, c, a], dim=1).unflatten(1, (3, 3))
        return torch.einsum("bij,bjhw->bihw", mix, images)
