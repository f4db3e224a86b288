"""Random augmentation of training images: hue rotation, blur, noise and tint."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RandomDegradation(nn.Module):
    """Blurs training images and adds noise and a tint, each with a random strength.

    Generated images are less sharp than the rendered ones that the scene classifier is trained on.
    The augmentation lets it classify both. In eval mode the images stay as they are.
    """

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, H, W)."""
        if not self.training:
            return images
        # One of each per image.
        softness, noise, tint = torch.rand(3, len(images), 1, 1, 1, device=images.device)
        soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        images = torch.lerp(images, soft, softness)
        images = images + 0.15 * noise * torch.randn_like(images)
        return images + 0.05 * tint * torch.randn(len(images), 3, 1, 1, device=images.device)


class HueRotation(nn.Module):
    """Rotates the hues of each training image by a random angle, so that shapes do not rely on hue.

    In eval mode the images stay as they are.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Rotate RGB around the grey axis: (B, 3, H, W) -> (B, 3, H, W)."""
        if not self.training:
            return images
        angle = torch.rand(len(images), device=images.device) * 2 * math.pi  # (B,)
        # Rodrigues' formula for the axis (1, 1, 1): the matrix is circulant, with rows of a, b, c.
        a = (1 + 2 * angle.cos()) / 3
        b, c = ((1 - angle.cos() + sign * math.sqrt(3) * angle.sin()) / 3 for sign in (-1, 1))
        mix = torch.stack([a, b, c, c, a, b, b, c, a], dim=1).unflatten(1, (3, 3))  # (B, 3, 3)
        return torch.einsum("bij,bjhw->bihw", mix, images)
