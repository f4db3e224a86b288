"""Variational autoencoders of pictures, with and without a text condition.

Kingma & Welling 2014, "Auto-encoding variational Bayes"; conditional with a learned prior: Sohn,
Lee & Yan 2015, "Learning structured output representation using deep conditional generative
models"; the calibrated decoder: Rybkin, Daniilidis & Levine 2021, "Simple and effective VAE
training with calibrated decoders".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.text_encoder import TextEncoderConfig, build_text_encoder

SIDE = 32  # pixels of the pictures that these models draw
VALUES = 3 * SIDE * SIDE  # numbers in one picture


@dataclass(frozen=True)
class VAEConfig:
    """The sizes of a text-to-image VAE.

    Attributes:
        text: of the text encoder; its `condition_dim` is the condition's length.
        latent_dim: length of z.
        hidden_dim: width of the fully connected layers.
        channels: channels of the 8 × 8 grid from which the picture is unfolded.
    """

    text: TextEncoderConfig
    latent_dim: int = 16
    hidden_dim: int = 512
    channels: int = 32


class ResidualLayer(nn.Module):
    """Two linear layers whose result is added to what came in: (B, D) -> (B, D)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return x + F(x)."""
        return x + self.layers(x)


class PictureEncoder(nn.Module):
    """q(z | picture, condition): where in the latent space a picture lies, and how surely."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        hidden = config.hidden_dim
        self.see = nn.Sequential(
            nn.Conv2d(3, 32, 4, stride=4),  # (B, 3, 32, 32) -> (B, 32, 8, 8)
            nn.SiLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),  # -> (B, 64, 4, 4)
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(1024, hidden),
        )
        self.read = nn.Linear(config.text.condition_dim, hidden)
        self.head = nn.Sequential(
            ResidualLayer(hidden), nn.SiLU(), nn.Linear(hidden, 2 * config.latent_dim)
        )

    def forward(self, images: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, 32, 32), (B, C) -> mu, logvar, each (B, latent_dim)."""
        mu, logvar = self.head(self.see(images) + self.read(condition)).chunk(2, dim=1)
        return mu, logvar


class PictureDecoder(nn.Module):
    """p(picture | z, condition): the mean of the pictures that z and the caption leave possible."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        hidden, self.channels = config.hidden_dim, config.channels
        self.plan = nn.Sequential(
            nn.Linear(config.latent_dim + config.text.condition_dim, hidden),
            ResidualLayer(hidden),
            ResidualLayer(hidden),
        )
        self.grid = nn.Linear(hidden, 8 * 8 * self.channels)
        self.first = nn.Conv2d(self.channels, self.channels, 3, padding=1)
        self.modulate = nn.Linear(hidden, 2 * self.channels)
        self.second = nn.Conv2d(self.channels, self.channels, 3, padding=1)
        self.patches = nn.Conv2d(self.channels, 3 * 4 * 4, 1)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """(B, latent_dim), (B, C) -> pictures (B, 3, 32, 32), about -1 to 1."""
        plan = self.plan(torch.cat([z, condition], dim=1))  # (B, hidden_dim)
        x = self.grid(plan).view(-1, 8, 8, self.channels).permute(0, 3, 1, 2)  # (B, C, 8, 8)
        # FiLM (Perez et al. 2018): the plan scales and shifts what each channel stands for.
        scale, shift = self.modulate(plan)[..., None, None].chunk(2, dim=1)
        x = F.silu(self.first(x) * (1 + scale) + shift)
        x = x + F.silu(self.second(x))
        return F.pixel_shuffle(self.patches(x), 4)  # each of 8 × 8 places unfolds into 4 × 4 pixels


class TextToImageVAE(nn.Module):
    """A conditional VAE whose condition, and whose prior over z, come from a caption.

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) word vectors to begin from; random if None.
    """

    def __init__(self, config: VAEConfig, table: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        self.text = build_text_encoder(config.text, table)
        self.encoder = PictureEncoder(config)
        self.prior = nn.Sequential(
            nn.Linear(config.text.condition_dim, config.hidden_dim),
            nn.SiLU(),
            nn.Linear(config.hidden_dim, 2 * config.latent_dim),
        )
        self.decoder = PictureDecoder(config)

    def forward(self, images: Tensor, tokens: Tensor) -> dict[str, Tensor]:
        """Encode pictures with their captions, and decode them again.

        Args:
            images: (B, 3, 32, 32) float, -1 to 1.
            tokens: (B, T) int64.

        Returns:
            "images" (B, 3, 32, 32); "mu", "logvar" of q(z | picture, caption) and "prior_mu",
            "prior_logvar" of p(z | caption), each (B, latent_dim).
        """
        condition = self.text(tokens)
        mu, logvar = self.encoder(images, condition)
        prior_mu, prior_logvar = self.prior(condition).chunk(2, dim=1)
        decoded = self.decoder(reparameterise(mu, logvar), condition)
        return {
            "images": decoded,
            "mu": mu,
            "logvar": logvar,
            "prior_mu": prior_mu,
            "prior_logvar": prior_logvar,
        }

    @torch.no_grad()
    def sample(self, tokens: Tensor, generator: torch.Generator, spread: float = 1.0) -> Tensor:
        """Draw a picture for each caption.

        Args:
            tokens: (B, T) int64.
            generator: chooses z.
            spread: 1 draws z from the prior; 0 takes its mean, and so the same picture each time.

        Returns:
            (B, 3, 32, 32) float, about -1 to 1.
        """
        condition = self.text(tokens)
        mu, logvar = self.prior(condition).chunk(2, dim=1)
        noise = torch.randn(mu.shape, generator=generator)
        return self.decoder(mu + spread * noise * (0.5 * logvar).exp(), condition)


def reparameterise(mu: Tensor, logvar: Tensor) -> Tensor:
    """Draw z = mu + sigma · noise, through which gradients pass to mu and sigma."""
    return mu + torch.randn_like(mu) * (0.5 * logvar).exp()


def kl_divergence(mu: Tensor, logvar: Tensor, prior_mu: Tensor, prior_logvar: Tensor) -> Tensor:
    """KL(q ‖ p) of two diagonal Gaussians, in nats: four of (B, D) -> (B,).

    With prior_mu = prior_logvar = 0 this is equation 10 of Kingma & Welling's appendix B.
    """
    squared = (mu - prior_mu) ** 2
    ratio = (logvar.exp() + squared) / prior_logvar.exp()
    return 0.5 * (prior_logvar - logvar + ratio - 1).sum(dim=1)


def gaussian_nats(decoded: Tensor, images: Tensor, sigma: float | None = None) -> Tensor:
    """How improbable the pictures are under a Gaussian around what was decoded.

    Args:
        decoded: (B, 3, H, W), the means.
        images: (B, 3, H, W), the pictures.
        sigma: the Gaussian's deviation; None takes the one that fits this batch best, the root
            of the mean squared error (Rybkin et al. 2021, equation 6).

    Returns:
        Nats per picture, without the constant n/2 · log(2π): ().
    """
    count, error = images[0].numel(), F.mse_loss(decoded, images)
    if sigma is None:
        return 0.5 * count * (error.log() + 1)
    return 0.5 * count * (error / sigma**2 + 2 * torch.tensor(sigma).log())


def vae_loss(
    model: nn.Module, batch: Mapping[str, Tensor], beta: float = 1.0, sigma: float | None = None
) -> dict[str, Tensor]:
    """The negative evidence lower bound, in nats per pixel value.

    Args:
        model: a `TextToImageVAE`.
        batch: "images" (B, 3, 32, 32) float, -1 to 1; "tokens" (B, T) int64.
        beta: the weight of the KL term (Higgins et al. 2017); 1 is the bound itself.
        sigma: deviation of the decoder, None for the calibrated one.

    Returns:
        loss: reconstruction + beta · kl, divided by the numbers in a picture.
        reconstruction: nats per picture.
        kl: nats per picture: how much of it went through z.
        rmse: of the decoded pictures, in the units of the pixels (0 to 2).
    """
    out = model(batch["images"], batch["tokens"])
    latents = (out[name] for name in ("mu", "logvar", "prior_mu", "prior_logvar"))
    kl = kl_divergence(*latents).mean()
    reconstruction = gaussian_nats(out["images"], batch["images"], sigma)
    return {
        "loss": (reconstruction + beta * kl) / VALUES,
        "reconstruction": reconstruction,
        "kl": kl,
        "rmse": F.mse_loss(out["images"].detach(), batch["images"]).sqrt(),
    }


class AnnealedVAELoss:
    """`vae_loss` with a beta that falls from `start` to `end` in the course of training.

    While z is dear, the picture must come from the caption; as it gets cheaper, z takes over only
    what the caption leaves open. Begin with a cheap z and it carries everything: the caption is
    never read.

    Args:
        steps: how many times it will be called.
        start: the first beta.
        end: the last beta. At 1, z takes over what the caption says as well.
    """

    def __init__(self, steps: int, start: float = 1000.0, end: float = 20.0) -> None:
        self.steps, self.start, self.end, self.step = steps, start, end, 0

    def __call__(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the terms of `vae_loss` at this step's beta."""
        done = min(1.0, self.step / self.steps)
        self.step += 1
        return vae_loss(model, batch, beta=self.start * (self.end / self.start) ** done)


def to_signed(images: Tensor) -> Tensor:
    """Bring pictures to the models' range: uint8 (B, H, W, 3) -> float32 (B, 3, H, W), -1 to 1."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1


def to_uint8(images: Tensor) -> Tensor:
    """The way back, what lies outside cut off: (B, 3, H, W), -1 to 1 -> uint8 (B, H, W, 3)."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
