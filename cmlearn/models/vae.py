"""A variational autoencoder (VAE) of images that is conditioned on captions.

Kingma & Welling 2014, "Auto-encoding variational Bayes"; conditional with a learned prior: Sohn,
Lee & Yan 2015, "Learning structured output representation using deep conditional generative
models"; the calibrated decoder: Rybkin, Daniilidis & Levine 2021, "Simple and effective VAE
training with calibrated decoders".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.attention import CrossAttention
from cmlearn.models.device import device_of
from cmlearn.models.prior import AutoregressivePrior
from cmlearn.models.text_encoders import EncodedCaption, TextEncoderConfig, build_text_encoder

OUTPUT_SIZE = 32  # height and width of an image, in pixels
VALUES = 3 * OUTPUT_SIZE * OUTPUT_SIZE  # numbers in one image
GRID_CELLS = 4 * 4  # cells of the encoder's and the decoder's feature grid


@dataclass(frozen=True)
class VAEConfig:
    """The sizes of a text-to-image VAE.

    Attributes:
        text: the sizes of the text encoder.
        latent_dim: length of z.
        dim: length of the vector of a grid cell.
        channels: channels of the decoder's 8 × 8 feature grid.
    """

    text: TextEncoderConfig
    latent_dim: int = 16
    dim: int = 128
    channels: int = 64


class ImageEncoder(nn.Module):
    """q(z | image, caption), the approximate posterior: a diagonal Gaussian.

    The grid cells of the image attend to the words of the caption.

    Args:
        config: the sizes.
    """

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        dim = config.dim
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 32, 4, stride=4),  # (B, 3, 32, 32) -> (B, 32, 8, 8)
            nn.SiLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),  # -> (B, 64, 4, 4)
            nn.SiLU(),
            nn.Conv2d(64, dim, 3, padding=1),  # -> (B, dim, 4, 4)
        )
        self.position = nn.Parameter(torch.randn(GRID_CELLS, dim) / 2)  # position embedding
        self.cross_attention = CrossAttention(dim, config.text.condition_dim)
        self.head = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, 32),
            nn.Flatten(),  # (B, 16, 32) -> (B, 512)
            nn.SiLU(),
            nn.Linear(32 * GRID_CELLS, 256),
            nn.SiLU(),
            nn.Linear(256, 2 * config.latent_dim),
        )

    def forward(self, images: Tensor, caption: EncodedCaption) -> tuple[Tensor, Tensor]:
        """Compute the posterior of B images.

        Args:
            images: (B, 3, 32, 32), -1 to 1.
            caption: the encoded captions.

        Returns:
            mu and logvar, each (B, latent_dim).
        """
        cells = self.backbone(images).flatten(2).transpose(1, 2) + self.position  # (B, 16, dim)
        cells = self.cross_attention(cells, caption.words, caption.padding)
        mu, logvar = self.head(cells).chunk(2, dim=1)
        return mu, logvar


class ImageDecoder(nn.Module):
    """p(image | z, caption), the likelihood: computes the mean of a Gaussian over images.

    z sets the query with which each grid cell attends to the words of the caption.

    Args:
        config: the sizes.
    """

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        dim, channels = config.dim, config.channels
        self.position = nn.Parameter(torch.randn(GRID_CELLS, dim) / 2)
        self.project_z = nn.Sequential(
            nn.Linear(config.latent_dim, 32 * GRID_CELLS),
            nn.Unflatten(1, (GRID_CELLS, 32)),
            nn.Linear(32, dim),
        )
        self.cross_attention = nn.ModuleList(
            CrossAttention(dim, config.text.condition_dim) for _ in range(2)
        )
        self.to_grid = nn.Linear(dim, 2 * 2 * 32)
        self.conv1 = nn.Conv2d(32, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.to_patches = nn.Conv2d(channels, 3 * 4 * 4, 1)

    def forward(self, z: Tensor, caption: EncodedCaption) -> Tensor:
        """Decode B images.

        Args:
            z: (B, latent_dim).
            caption: the encoded captions.

        Returns:
            (B, 3, 32, 32), about -1 to 1.
        """
        cells = self.position + self.project_z(z)  # (B, 16, dim)
        for layer in self.cross_attention:
            cells = layer(cells, caption.words, caption.padding)
        x = self.to_grid(cells).transpose(1, 2).unflatten(2, (4, 4))  # (B, 2·2·32, 4, 4)
        x = F.pixel_shuffle(x, 2)  # (B, 32, 8, 8)
        x = F.silu(self.conv1(x))  # (B, channels, 8, 8)
        x = x + F.silu(self.conv2(x))
        return F.pixel_shuffle(self.to_patches(x), 4)  # (B, 3·4·4, 8, 8) -> (B, 3, 32, 32)


class TextToImageVAE(nn.Module):
    """A conditional VAE: encoder, prior and decoder are all conditioned on the caption.

    The prior is a mixture, because "a house" may stand on the left or on the right. A single
    Gaussian has one mode and cannot express that.

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) float, initial word vectors; random if None.
    """

    def __init__(self, config: VAEConfig, table: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        self.text = build_text_encoder(config.text, table)
        self.encoder = ImageEncoder(config)
        self.prior = AutoregressivePrior(config.latent_dim, config.text.condition_dim)
        self.decoder = ImageDecoder(config)

    def forward(self, images: Tensor, tokens: Tensor) -> dict[str, Tensor]:
        """Encode images with their captions, draw z, and decode it.

        Args:
            images: (B, 3, 32, 32) float, -1 to 1.
            tokens: (B, T) int64.

        Returns:
            images: (B, 3, 32, 32), decoded.
            mu, logvar: of q(z | image, caption), each (B, latent_dim).
            z: drawn from it, (B, latent_dim).
            log_prior: (B,), the log density of z under p(z | caption), in nats.
        """
        caption = self.text.encode(tokens)
        mu, logvar = self.encoder(images, caption)
        z = reparameterise(mu, logvar)
        return {
            "images": self.decoder(z, caption),
            "mu": mu,
            "logvar": logvar,
            "z": z,
            "log_prior": self.prior(z, caption.condition),
        }

    @torch.no_grad()
    def sample(self, tokens: Tensor, rng: torch.Generator) -> Tensor:
        """Generate an image for each caption.

        Args:
            tokens: (B, T) int64.
            rng: the source of randomness for z.

        Returns:
            (B, 3, 32, 32) float, about -1 to 1.
        """
        caption = self.text.encode(tokens.to(device_of(self)))
        return self.decoder(self.prior.sample(caption.condition, rng), caption)


def reparameterise(mu: Tensor, logvar: Tensor) -> Tensor:
    """Draw z = mu + sigma · noise, so that gradients reach mu and sigma.

    The reparameterisation trick (Kingma & Welling 2014, section 2.4).

    Args:
        mu: (B, D).
        logvar: (B, D).

    Returns:
        z, (B, D).
    """
    return mu + torch.randn_like(mu) * (0.5 * logvar).exp()


def kl_divergence(mu: Tensor, logvar: Tensor, prior_mu: Tensor, prior_logvar: Tensor) -> Tensor:
    """KL(q ‖ p) of two diagonal Gaussians.

    With prior_mu = prior_logvar = 0 this is the closed form of Kingma & Welling 2014, appendix B.

    Args:
        mu: of q, (B, D).
        logvar: of q, (B, D).
        prior_mu: of p, (B, D).
        prior_logvar: of p, (B, D).

    Returns:
        Nats, (B,).
    """
    squared = (mu - prior_mu) ** 2
    ratio = (logvar.exp() + squared) / prior_logvar.exp()
    return 0.5 * (prior_logvar - logvar + ratio - 1).sum(dim=1)


def log_density(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Log density of a diagonal Gaussian at z.

    Args:
        z: (B, D).
        mu: (B, D).
        logvar: (B, D).

    Returns:
        Nats, (B,).
    """
    squared = (z - mu) ** 2 / logvar.exp()
    return -0.5 * (squared + logvar + math.log(2 * math.pi)).sum(dim=1)


def gaussian_nll(decoded: Tensor, images: Tensor, sigma: float | None = None) -> Tensor:
    """Negative log-likelihood of images under a Gaussian around the decoded ones.

    Args:
        decoded: (B, 3, H, W), the means.
        images: (B, 3, H, W), the data.
        sigma: the Gaussian's standard deviation. None takes the maximum-likelihood value for this
            batch, the root of the mean squared error (Rybkin et al. 2021, equation 6).

    Returns:
        Nats per image, without the constant n/2 · log(2π): ().
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
        sigma: standard deviation of the decoder; None for the calibrated one.

    Returns:
        loss: reconstruction + beta · kl, divided by the number of values in an image.
        reconstruction: negative log-likelihood, nats per image.
        kl: nats per image, estimated from one z each.
        rmse: root mean squared error of the decoded images; pixel values span -1 to 1.
    """
    out = model(batch["images"], batch["tokens"])
    # The KL of a mixture has no closed form: a Monte Carlo estimate (Kingma & Welling, eq. 6).
    log_q = log_density(out["z"], out["mu"], out["logvar"])
    kl = (log_q - out["log_prior"]).mean()
    reconstruction = gaussian_nll(out["images"], batch["images"], sigma)
    return {
        "loss": (reconstruction + beta * kl) / VALUES,
        "reconstruction": reconstruction,
        "kl": kl,
        "rmse": F.mse_loss(out["images"].detach(), batch["images"]).sqrt(),
    }


class AnnealedVAELoss:
    """`vae_loss` with a KL weight that falls from `start` to `end` during training.

    With a high weight, z carries little, so the decoder learns to use the caption. As the weight
    falls, z adds what the caption leaves open. With a low weight from the start, z would carry all
    information, and the decoder would ignore the caption.

    Args:
        steps: number of training steps.
        start: the first KL weight, beta.
        end: the last KL weight.
    """

    def __init__(self, steps: int, start: float = 40.0, end: float = 4.0) -> None:
        self.steps, self.start, self.end, self.step = steps, start, end, 0

    def __call__(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compute `vae_loss` with this step's beta, and go on to the next step.

        Args:
            model: a `TextToImageVAE`.
            batch: as `vae_loss` takes it.

        Returns:
            The terms of `vae_loss`.
        """
        done = min(1.0, self.step / self.steps)
        self.step += 1
        return vae_loss(model, batch, beta=self.start * (self.end / self.start) ** done)


def prior_loss(prior: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """KL(q ‖ prior), where q is the posterior of a frozen encoder.

    Joint training leaves a gap between the two, which a second stage for the prior alone closes.
    Dai & Wipf 2019, "Diagnosing and enhancing VAE models", train a second VAE on z for this.

    Args:
        prior: an `AutoregressivePrior`.
        batch: "mu", "logvar" of q, each (B, latent_dim), and "condition" (B, C): see `posterior`.

    Returns:
        loss: kl / latent_dim.
        kl: nats per image, estimated from one z each.
    """
    mu, logvar = batch["mu"], batch["logvar"]
    z = reparameterise(mu, logvar)
    kl = (log_density(z, mu, logvar) - prior(z, batch["condition"])).mean()
    return {"loss": kl / mu.shape[1], "kl": kl}


@torch.no_grad()
def posterior(model: TextToImageVAE, images: Tensor, tokens: Tensor) -> dict[str, Tensor]:
    """Encode images with their captions into the batch that `prior_loss` takes.

    Args:
        model: in eval mode.
        images: (N, 3, 32, 32) float, -1 to 1.
        tokens: (N, T) int64.

    Returns:
        mu, logvar: of q(z | image, caption), each (N, latent_dim).
        condition: (N, condition_dim).
    """
    rows: dict[str, list[Tensor]] = {"mu": [], "logvar": [], "condition": []}
    device = device_of(model)
    for some_images, some_tokens in zip(images.split(500), tokens.split(500), strict=True):
        caption = model.text.encode(some_tokens.to(device))
        mu, logvar = model.encoder(some_images.to(device), caption)
        for name, values in (("mu", mu), ("logvar", logvar), ("condition", caption.condition)):
            rows[name].append(values)
    return {name: torch.cat(parts) for name, parts in rows.items()}


def to_signed(images: Tensor) -> Tensor:
    """Scale images to the models' range: uint8 (B, H, W, 3) -> float32 (B, 3, H, W), -1 to 1."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1


def to_uint8(images: Tensor) -> Tensor:
    """Invert `to_signed`, with clamping: float (B, 3, H, W), -1 to 1 -> uint8 (B, H, W, 3).

    The result is on the CPU, ready for `.numpy()`.
    """
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu()
