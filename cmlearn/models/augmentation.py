"""Random changes of pictures in training: rotated hues, blur, noise and tint."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RandomDegradation(nn.Module):
    """In training, blurs pictures and adds noise and a tint, each by its own chance amount.

    Generated pictures are less crisp than the drawn ones that the judge is trained on.
    """

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, H, W)."""
        if not self.training:
            return images
        softness, noise, tint = torch.rand(3, len(images), 1, 1, 1, device=images.device)
        soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        images = torch.lerp(images, soft, softness)
        images = images + 0.15 * noise * torch.randn_like(images)
        return images + 0.05 * tint * torch.randn(len(images), 3, 1, 1, device=images.device)


class HueRotation(nn.Module):
    """In training, turns the hues of each picture by an angle of chance; a kind of dropout."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, H, W): colours rotated around the axis of greys."""
        if not self.training:
            return images
        angle = torch.rand(len(images), device=images.device) * 2 * math.pi
        # A rotation around (1, 1, 1) mixes each colour with its two neighbours, in a circle.
        a = (1 + 2 * angle.cos()) / 3
        b, c = ((1 - angle.cos() + sign * math.sqrt(3) * angle.sin()) / 3 for sign in (-1, 1))
        mix = torch.stack([a, b, c, c, a, b, b, c, a], dim=1).unflatten(1, (3, 3))
        return torch.einsum("bij,bjhw->bihw", mix, images)
