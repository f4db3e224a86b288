"""An autoregressive prior over z, conditioned on the caption.

Germain, Gregor, Murray & Larochelle 2015, "MADE: masked autoencoder for distribution estimation"
(ICML), with a mixture of Gaussians for each dimension (Bishop 1994, "Mixture density networks").
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.device import device_of


class MaskedLinear(nn.Linear):
    """A linear layer with some of its connections removed (Germain et al. 2015, section 4).

    Args:
        mask: (out, in) bool, true where an output is connected to an input.
    """

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in) -> (B, out)."""
        return F.linear(x, self.weight * self.mask, self.bias)


class AutoregressivePrior(nn.Module):
    """p(z | condition) = p(z₁ | c) · p(z₂ | z₁, c) · …, each factor a mixture of Gaussians.

    Args:
        latent_dim: length of z.
        condition_dim: length of the condition.
        hidden_dim: width of the layers, at least `latent_dim`.
        num_components: Gaussians in each mixture.
    """

    def __init__(
        self, latent_dim: int, condition_dim: int, hidden_dim: int = 512, num_components: int = 10
    ) -> None:
        super().__init__()
        self.shape = (latent_dim, 3, num_components)
        index = torch.arange(latent_dim)
        # A hidden unit of degree m depends on the first m dimensions of z. The masks are those of
        # Germain et al. 2015, equations 8 and 9, for several layers as in their section 4.2.
        degree = torch.arange(hidden_dim) % latent_dim
        output_index = index.repeat_interleave(3 * num_components)
        self.first = MaskedLinear(index < degree.unsqueeze(1))
        self.second = MaskedLinear(degree <= degree.unsqueeze(1))
        self.last = MaskedLinear(degree <= output_index.unsqueeze(1))
        self.conditions = nn.ModuleList(
            nn.Linear(condition_dim, size) for size in (hidden_dim, hidden_dim, len(output_index))
        )
        with torch.no_grad():  # equal means would keep the components of a mixture equal
            self.last.bias.view(self.shape)[:, 1] = torch.linspace(-3, 3, num_components)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Compute the log density of z.

        Args:
            z: (B, D).
            condition: (B, C).

        Returns:
            log p(z | condition) in nats, (B,).
        """
        log_weight, mu, logvar = self.mixture(z, condition)
        squared = (z.unsqueeze(2) - mu) ** 2 / logvar.exp()
        log_density = -0.5 * (squared + logvar + math.log(2 * math.pi))  # (B, D, K)
        return torch.logsumexp(log_weight + log_density, dim=2).sum(dim=1)

    def mixture(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the mixture of each dimension, given the dimensions before it.

        Args:
            z: (B, D).
            condition: (B, C).

        Returns:
            Log weights, means and log variances, each (B, D, num_components); [:, i] depends only
            on z[:, :i] and the condition.
        """
        return self._mixture(z, *self._without_z(condition))

    @torch.no_grad()
    def sample(self, condition: Tensor, rng: torch.Generator) -> Tensor:
        """Draw one z for each condition, dimension by dimension (ancestral sampling).

        Args:
            condition: (B, C).
            rng: the source of randomness.

        Returns:
            (B, D).
        """
        device, size = device_of(self), (len(condition), self.shape[0])
        uniform = torch.rand(size, generator=rng).to(device)
        noise = torch.randn(size, generator=rng).to(device)
        z = torch.zeros(size, device=device)
        weights, added = self._without_z(condition.to(device))  # once, not for each dimension
        for i in range(self.shape[0]):
            log_weight, mu, logvar = (part[:, i] for part in self._mixture(z, weights, added))
            # Inverse transform sampling, because torch.multinomial differs between processors.
            below = log_weight.exp().cumsum(dim=1) < uniform[:, i : i + 1]
            component = below.sum(dim=1, keepdim=True).clamp(max=self.shape[2] - 1)  # (B, 1)
            mean, deviation = mu.gather(1, component), (0.5 * logvar.gather(1, component)).exp()
            z[:, i : i + 1] = mean + deviation * noise[:, i : i + 1]
        return z

    def _without_z(self, condition: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return each layer's masked weights, and the condition's contribution to the layer.

        Neither depends on z, so `sample` computes them once and not for each dimension.
        """
        masked = (self.first, self.second, self.last)
        weights = [layer.weight * layer.mask for layer in masked]
        return weights, [layer(condition) for layer in self.conditions]

    def _mixture(
        self, z: Tensor, weights: list[Tensor], added: list[Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        hidden = F.silu(F.linear(z, weights[0], self.first.bias) + added[0])  # (B, hidden_dim)
        hidden = hidden + F.silu(F.linear(hidden, weights[1], self.second.bias) + added[1])
        out = F.linear(hidden, weights[2], self.last.bias) + added[2]  # (B, D · 3 · K)
        weight, mu, logvar = out.unflatten(1, self.shape).unbind(dim=2)  # each (B, D, K)
        return weight.log_softmax(dim=2), mu, logvar.clamp(-7, 3)
