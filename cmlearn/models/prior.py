"""A prior that writes z one number after another, each knowing the caption with those before it.

Germain, Gregor, Murray & Larochelle 2015, "MADE: masked autoencoder for distribution estimation"
(ICML), with a mixture of Gaussians for each number (Bishop 1994, "Mixture density networks").
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.device import device_of


class MaskedLinear(nn.Linear):
    """A linear layer in which some outputs cannot see some inputs.

    Args:
        sees: (out, in) bool, true where an output may look.
    """

    mask: Tensor

    def __init__(self, sees: Tensor) -> None:
        super().__init__(sees.shape[1], sees.shape[0])
        self.register_buffer("mask", sees.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in) -> (B, out)."""
        return F.linear(x, self.weight * self.mask, self.bias)


class AutoregressivePrior(nn.Module):
    """p(z | condition) = p(z₁ | c) · p(z₂ | z₁, c) · …, each a mixture of Gaussians.

    Args:
        latent_dim: length of z.
        condition_dim: length of the condition.
        hidden_dim: width of the layers, at least `latent_dim`.
        num_components: Gaussians in a mixture.
    """

    def __init__(
        self, latent_dim: int, condition_dim: int, hidden_dim: int = 512, num_components: int = 10
    ) -> None:
        super().__init__()
        self.shape = (latent_dim, 3, num_components)
        index = torch.arange(latent_dim)
        rank = torch.arange(hidden_dim) % latent_dim  # a hidden number sees those before its rank
        out = index.repeat_interleave(3 * num_components)
        self.first = MaskedLinear(index < rank.unsqueeze(1))
        self.second = MaskedLinear(rank <= rank.unsqueeze(1))
        self.last = MaskedLinear(rank <= out.unsqueeze(1))
        self.conditions = nn.ModuleList(
            nn.Linear(condition_dim, size) for size in (hidden_dim, hidden_dim, len(out))
        )
        with torch.no_grad():  # the humps begin side by side
            self.last.bias.view(self.shape)[:, 1] = torch.linspace(-3, 3, num_components)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Log p(z | condition) in nats: (B, D), (B, C) -> (B,)."""
        log_weight, mu, logvar = self.mixture(z, condition)
        squared = (z.unsqueeze(2) - mu) ** 2 / logvar.exp()
        log_density = -0.5 * (squared + logvar + math.log(2 * math.pi))  # (B, D, K)
        return torch.logsumexp(log_weight + log_density, dim=2).sum(dim=1)

    def mixture(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The mixture of each number, given those before it.

        Args:
            z: (B, D).
            condition: (B, C).

        Returns:
            log weights, means and log variances, each (B, D, num_components); [:, i] depends on z
            before i only.
        """
        return self._mixture(z, *self._without_z(condition))

    def _without_z(self, condition: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Each layer's weight with its holes, and what the condition adds to the layer.

        What `MaskedLinear.forward` computes at each call, `sample` needs once for all numbers.
        """
        masked = (self.first, self.second, self.last)
        weights = [layer.weight * layer.mask for layer in masked]
        return weights, [layer(condition) for layer in self.conditions]

    def _mixture(
        self, z: Tensor, weights: list[Tensor], added: list[Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        hidden = F.silu(F.linear(z, weights[0], self.first.bias) + added[0])
        hidden = hidden + F.silu(F.linear(hidden, weights[1], self.second.bias) + added[1])
        out = F.linear(hidden, weights[2], self.last.bias) + added[2]
        weight, mu, logvar = out.unflatten(1, self.shape).unbind(dim=2)
        return weight.log_softmax(dim=2), mu, logvar.clamp(-7, 3)

    @torch.no_grad()
    def sample(self, condition: Tensor, rng: torch.Generator) -> Tensor:
        """Draw a z for each condition, number by number: (B, C) -> (B, D)."""
        device, size = device_of(self), (len(condition), self.shape[0])
        chance = torch.rand(size, generator=rng).to(device)
        noise = torch.randn(size, generator=rng).to(device)
        z = torch.zeros(size, device=device)
        weights, added = self._without_z(condition.to(device))  # once, not for each number
        for i in range(self.shape[0]):
            log_weight, mu, logvar = (part[:, i] for part in self._mixture(z, weights, added))
            # By the cumulated weights, since torch.multinomial differs between processors.
            below = log_weight.exp().cumsum(dim=1) < chance[:, i : i + 1]
            component = below.sum(dim=1, keepdim=True).clamp(max=self.shape[2] - 1)
            mean, deviation = mu.gather(1, component), (0.5 * logvar.gather(1, component)).exp()
            z[:, i : i + 1] = mean + deviation * noise[:, i : i + 1]
        return z
