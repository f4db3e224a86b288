"""A normalising flow: noise is bent, step by step, into the shape of what was seen.

Dinh, Sohl-Dickstein & Bengio 2017, "Density estimation using Real NVP" (ICLR). Every step can be
undone, so that the density of each point is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Coupling(nn.Module):
    """One half of z stays; it and the condition say how to stretch and shift the other half.

    Equation 7 of Dinh et al. Begins as the identity.

    Args:
        latent_dim: length of z, even.
        condition_dim: length of the condition.
        hidden_dim: width of the layers.
        swap: whether the second half stays instead of the first.
    """

    def __init__(self, latent_dim: int, condition_dim: int, hidden_dim: int, swap: bool) -> None:
        super().__init__()
        self.swap = swap
        last = nn.Linear(hidden_dim, latent_dim)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(
            nn.Linear(latent_dim // 2 + condition_dim, hidden_dim),
            nn.SiLU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.SiLU(),
            last,
        )

    def to_noise(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """(B, D), (B, C) -> (B, D) nearer to noise, and (B,) the log of how volumes changed."""
        stays, changes = self._halves(z)
        log_scale, shift = self._how(stays, condition)
        moved = (changes - shift) * (-log_scale).exp()
        return self._whole(stays, moved), -log_scale.sum(dim=1)

    def from_noise(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Undo `to_noise`: (B, D), (B, C) -> (B, D)."""
        stays, changes = self._halves(noise)
        log_scale, shift = self._how(stays, condition)
        return self._whole(stays, changes * log_scale.exp() + shift)

    def _how(self, stays: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = self.net(torch.cat([stays, condition], dim=1)).chunk(2, dim=1)
        return 2 * torch.tanh(log_scale / 2), shift  # no step stretches by more than e²

    def _halves(self, z: Tensor) -> tuple[Tensor, Tensor]:
        first, second = z.chunk(2, dim=1)
        return (second, first) if self.swap else (first, second)

    def _whole(self, stays: Tensor, changed: Tensor) -> Tensor:
        return torch.cat([changed, stays] if self.swap else [stays, changed], dim=1)


class NormalisingFlow(nn.Module):
    """p(z | condition), of any shape: with two humps, or with twenty.

    Args:
        latent_dim: length of z, even.
        condition_dim: length of the condition.
        num_steps: how many couplings.
        hidden_dim: width of their layers.

    Raises:
        ValueError: `latent_dim` is odd, and has no halves.
    """

    def __init__(
        self, latent_dim: int, condition_dim: int, num_steps: int = 8, hidden_dim: int = 256
    ) -> None:
        super().__init__()
        if latent_dim % 2:
            raise ValueError(f"latent_dim must be even, to have two halves; got {latent_dim}")
        self.latent_dim = latent_dim
        couplings = [
            Coupling(latent_dim, condition_dim, hidden_dim, swap=bool(i % 2))
            for i in range(num_steps)
        ]
        self.steps: Iterable[Coupling] = nn.ModuleList(couplings)  # type: ignore[assignment]

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Log p(z | condition) in nats: (B, D), (B, C) -> (B,). Equation 2 of Dinh et al."""
        volumes = torch.zeros(len(z))
        for step in self.steps:
            z, change = step.to_noise(z, condition)
            volumes = volumes + change
        return volumes - 0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=1)

    def from_noise(self, noise: Tensor, condition: Tensor) -> Tensor:
        """Bend noise into z: (B, D) from N(0, I), (B, C) -> (B, D)."""
        for step in reversed(list(self.steps)):
            noise = step.from_noise(noise, condition)
        return noise
