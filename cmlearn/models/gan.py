"""A text-to-image generative adversarial network (GAN), with its losses.

Goodfellow et al. 2014, "Generative adversarial nets". The relativistic loss: Jolicoeur-Martineau
2019, "The relativistic discriminator". With the R1 and R2 penalties: Huang et al. 2024, "The GAN is
dead; long live the GAN! A modern GAN baseline" (R3GAN). The projection discriminator: Miyato &
Koyama 2018, "cGANs with projection discriminator". Mismatched captions: Reed et al. 2016,
"Generative adversarial text to image synthesis".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.attention import CrossAttention
from cmlearn.models.device import device_of
from cmlearn.models.text_encoders import EncodedCaption, WordWindowEncoder
from cmlearn.models.vae import ImageDecoder

OUTPUT_SIZE = 32  # height and width of an image, in pixels
GRID_CELLS = 4 * 4  # cells of the generator's first feature grid


@dataclass(frozen=True)
class GANConfig:
    """The sizes of a text-to-image GAN.

    Attributes:
        vocab_size: number of tokens, the specials included.
        embed_dim: length of a word's vector.
        window: number of words in a window of the `WordWindowEncoder`.
        latent_dim: length of z.
        dim: length of the vector of a grid cell.
        channels: channels of the 8 × 8 feature grids of both networks.
        match_dim: length of the image and caption embeddings that the discriminator compares.
    """

    vocab_size: int
    embed_dim: int = 64
    window: int = 3
    latent_dim: int = 32
    dim: int = 128
    channels: int = 64
    match_dim: int = 128

    @property
    def word_dim(self) -> int:
        """Length of the vector of each window of words, a source for cross-attention."""
        return self.window * self.embed_dim


class Generator(nn.Module):
    """Generates an image from noise and a caption.

    Args:
        config: the sizes.
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.config = config
        dim, channels = config.dim, config.channels
        self.position = nn.Parameter(torch.randn(GRID_CELLS, dim) / 2)  # position embedding
        self.project_z = nn.Sequential(
            nn.Linear(config.latent_dim, 32 * GRID_CELLS),
            nn.Unflatten(1, (GRID_CELLS, 32)),
            nn.Linear(32, dim),
        )
        self.cross_attention = nn.ModuleList(CrossAttention(dim, config.word_dim) for _ in range(2))
        self.to_grid = nn.Linear(dim, 2 * 2 * 32)
        self.conv1 = nn.Conv2d(32, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, 4 * 32, 1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.coarse = nn.Conv2d(channels, 3, 1)
        self.fine = nn.Conv2d(32, 3 * 2 * 2, 3, padding=1)
        with torch.no_grad():
            self.fine.weight.mul_(0.1)  # begin smooth: pixel noise takes long to unlearn

    def forward(self, z: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Generate B images.

        Args:
            z: (B, latent_dim), standard normal.
            words: (B, T, word_dim), from a `WordWindowEncoder`.
            padding: (B, T) bool, true at padding.

        Returns:
            (B, 3, 32, 32), -1 to 1.

        Raises:
            ValueError: z has another length, or its batch size is not that of the captions.
        """
        expected = (len(words), self.config.latent_dim)
        if tuple(z.shape) != expected:
            raise ValueError(f"z: expected {expected} (captions, latent_dim), got {tuple(z.shape)}")
        cells = self.position + self.project_z(z)  # (B, 16, dim)
        for layer in self.cross_attention:
            cells = layer(cells, words, padding)
        x = self.to_grid(cells).transpose(1, 2).unflatten(2, (4, 4))  # (B, 2·2·32, 4, 4)
        x = F.pixel_shuffle(x, 2)  # (B, 32, 8, 8)
        x = F.silu(self.conv1(x))  # (B, channels, 8, 8)
        coarse = F.interpolate(self.coarse(x), scale_factor=4.0, mode="bilinear")  # (B, 3, 32, 32)
        x = F.silu(F.pixel_shuffle(self.conv2(x), 2))  # (B, 32, 16, 16)
        x = x + F.silu(self.conv3(x))
        return (coarse + F.pixel_shuffle(self.fine(x), 2)).tanh()

    @torch.no_grad()
    def sample(self, words: Tensor, padding: Tensor, rng: torch.Generator) -> Tensor:
        """Generate an image for each caption.

        Args:
            words: (B, T, word_dim), from a `WordWindowEncoder`.
            padding: (B, T) bool, true at padding.
            rng: the source of randomness for z.

        Returns:
            (B, 3, 32, 32), -1 to 1.
        """
        z = torch.randn(len(words), self.config.latent_dim, generator=rng)
        inputs = (each.to(device_of(self)).split(500) for each in (z, words, padding))
        return torch.cat([self(*rows) for rows in zip(*inputs, strict=True)])


class Discriminator(nn.Module):
    """Scores how real an image is, and how well it matches a caption.

    Args:
        config: the sizes.
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        dim, channels, match_dim = config.dim, config.channels, config.match_dim
        self.backbone = nn.Sequential(
            nn.PixelUnshuffle(2),  # (B, 3, 32, 32) -> (B, 12, 16, 16)
            nn.Conv2d(12, 32, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(32, channels, 4, stride=2, padding=1),  # -> (B, channels, 8, 8)
            nn.SiLU(),
            nn.Conv2d(channels, dim, 4, stride=2, padding=1),  # -> (B, dim, 4, 4)
            nn.SiLU(),
        )
        self.realness = nn.Sequential(nn.Flatten(), nn.Linear(GRID_CELLS * dim, 1))
        self.image_projection = nn.Sequential(nn.Conv2d(dim, match_dim, 1), nn.SiLU())
        self.text_projection = nn.Sequential(
            nn.Linear(config.word_dim, match_dim), nn.SiLU(), nn.Linear(match_dim, match_dim)
        )

    def forward(self, images: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Score each image with its own caption.

        Args:
            images: (B, 3, 32, 32), -1 to 1.
            words: (B, T, word_dim).
            padding: (B, T) bool, true at padding.

        Returns:
            Logits (B,), high for a real image with a matching caption.
        """
        return self.pairs(images, words, padding).diagonal()

    def pairs(self, images: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Score each image with each caption.

        The logit is the realness plus the inner product of the image and caption embeddings (Miyato
        & Koyama 2018, equation 3). All pairs cost little more than the matching ones, because each
        embedding is computed once.

        Args:
            images: (B, 3, 32, 32), -1 to 1.
            words: (B, T, word_dim).
            padding: (B, T) bool, true at padding.

        Returns:
            Logits (B, B), a row for each image.

        Raises:
            ValueError: the images have another size, or another number than the captions.
        """
        if images.shape[1:] != (3, OUTPUT_SIZE, OUTPUT_SIZE) or len(images) != len(words):
            expected = f"({len(words)}, 3, {OUTPUT_SIZE}, {OUTPUT_SIZE}), one for each row of words"
            raise ValueError(f"images: expected {expected}, got {tuple(images.shape)}")
        grid = self.backbone(images)  # (B, dim, 4, 4)
        image = self.image_projection(grid).mean(dim=(2, 3))  # (B, match_dim)
        text = self.text_projection(words).masked_fill(padding.unsqueeze(-1), 0)
        text = text.sum(dim=1)  # (B, T, match_dim) -> (B, match_dim)
        return self.realness(grid) + image @ text.T / image.shape[1] ** 0.5


class TextToImageGAN(nn.Module):
    """The part of a trained GAN that generates images: text encoder and generator.

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) float, word vectors; None if they are loaded later.
    """

    def __init__(self, config: GANConfig, table: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        size = (config.vocab_size, config.embed_dim)
        self.text = WordWindowEncoder(torch.zeros(size) if table is None else table, config.window)
        self.generator = Generator(config)

    def sample(self, tokens: Tensor, rng: torch.Generator) -> Tensor:
        """Generate an image for each caption, as `TextToImageVAE.sample` does.

        Args:
            tokens: (B, T) int64.
            rng: the source of randomness for z.

        Returns:
            (B, 3, 32, 32) float, -1 to 1.
        """
        words, padding = self.text(tokens.to(device_of(self)))
        return self.generator.sample(words, padding, rng)


class DecoderAsGenerator(nn.Module):
    """A trained VAE decoder as the generator of a GAN, for adversarial fine-tuning.

    Its z comes from the VAE's prior, and its words from the VAE's text encoder.

    Args:
        decoder: fine-tuned in place.
    """

    def __init__(self, decoder: ImageDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Generate B images.

        Args:
            z: (B, latent_dim), from the VAE's prior.
            words: (B, T, condition_dim), from the VAE's text encoder.
            padding: (B, T) bool, true at padding.

        Returns:
            (B, 3, 32, 32), about -1 to 1.
        """
        return self.decoder(z, EncodedCaption(words[:, 0], words, padding))


# ── losses ────────────────────────────────────────────────────────────────────────────────────


def conditioning(batch: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Return the batch's "words" and "padding", on which both networks are conditioned, if any."""
    return tuple(batch[name] for name in ("words", "padding") if name in batch)


def plain_discriminator_loss(
    generator: nn.Module, discriminator: nn.Module, batch: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Binary cross-entropy of real against generated (Goodfellow et al. 2014, equation 1).

    Args:
        generator: (z, *condition) -> generated samples (B, ...).
        discriminator: (samples, *condition) -> logits (B,) of "real".
        batch: "real" (B, ...) and "z" (B, latent_dim); for a conditional GAN also "words"
            (B, T, word_dim) and "padding" (B, T).

    Returns:
        loss: real + fake, in nats.
        real, fake: the cross-entropies of the two halves. Guessing gives log 2 each.
    """
    fakes = generator(batch["z"], *conditioning(batch)).detach()
    real = F.softplus(-discriminator(batch["real"], *conditioning(batch))).mean()
    fake = F.softplus(discriminator(fakes, *conditioning(batch))).mean()
    return {"loss": real + fake, "real": real, "fake": fake}


def plain_generator_loss(
    generator: nn.Module, discriminator: nn.Module, batch: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The non-saturating generator loss (Goodfellow et al. 2014, section 3).

    Args:
        generator: see `plain_discriminator_loss`.
        discriminator: likewise.
        batch: likewise.

    Returns:
        loss: cross-entropy in nats, with "real" as the target for generated samples.
    """
    fakes = generator(batch["z"], *conditioning(batch))
    return {"loss": F.softplus(-discriminator(fakes, *conditioning(batch))).mean()}


def gradient_penalty(scores: Tensor, inputs: Tensor) -> Tensor:
    """Mean squared norm of the discriminator's gradient with respect to its inputs.

    Mescheder et al. 2018, "Which training methods for GANs do actually converge?", section 4.1.

    Args:
        scores: (B,), each computed from its own input.
        inputs: (B, ...), which require a gradient.

    Returns:
        The penalty, (): R1 for real inputs, R2 for generated ones.
    """
    (slope,) = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
    return slope.square().flatten(1).sum(dim=1).mean()


def relativistic_loss(better: Tensor, worse: Tensor) -> Tensor:
    """Relativistic pairing loss, softplus(worse - better) (Jolicoeur-Martineau 2019).

    Only the difference of two paired scores counts, not their absolute values.

    Args:
        better: scores that should be higher, of any shape.
        worse: the scores they are paired with, of the same shape.

    Returns:
        The mean in nats, ().
    """
    return F.softplus(worse - better).mean()


def gradient_penalties(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    condition: tuple[Tensor, ...] = (),
    share: float = 1.0,
) -> dict[str, Tensor]:
    """The R1 and R2 penalties of a discriminator.

    Args:
        discriminator: (samples, *condition) -> scores (B,).
        real: (B, ...).
        fake: (B, ...), generated.
        condition: what `conditioning` returns.
        share: share of the batch to use, 0 to 1, its first rows. A second-order gradient costs two
            to three times a first-order one, and a part of the batch estimates the same mean.

    Returns:
        r1, r2: the mean squared gradient norms at real and at generated samples.
    """
    count = max(1, round(share * len(real)))
    few = tuple(part[:count] for part in condition)
    terms = {}
    for name, where in (("r1", real), ("r2", fake)):
        inputs = where[:count].detach().clone().requires_grad_()
        terms[name] = gradient_penalty(discriminator(inputs, *few), inputs)
    return terms


def relativistic_discriminator_loss(
    generator: nn.Module,
    discriminator: nn.Module,
    batch: Mapping[str, Tensor],
    gamma: float = 1.0,
    share: float = 1.0,
) -> dict[str, Tensor]:
    """Relativistic loss with R1 and R2 (Huang et al. 2024, equation 2).

    Args:
        generator: see `plain_discriminator_loss`.
        discriminator: likewise.
        batch: likewise.
        gamma: the weight of R1 and R2.
        share: see `gradient_penalties`.

    Returns:
        loss: adversarial + gamma / 2 · (r1 + r2).
        adversarial: the relativistic loss, real over generated, in nats.
        r1, r2: the penalties, without their weight.
    """
    real, condition = batch["real"], conditioning(batch)
    fake = generator(batch["z"], *condition).detach()
    adversarial = relativistic_loss(
        discriminator(real, *condition), discriminator(fake, *condition)
    )
    penalties = gradient_penalties(discriminator, real, fake, condition, share)
    loss = adversarial + gamma / 2 * (penalties["r1"] + penalties["r2"])
    return {"loss": loss, "adversarial": adversarial, **penalties}


def relativistic_generator_loss(
    generator: nn.Module, discriminator: nn.Module, batch: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Relativistic loss of the generator: the same pairs, with the roles swapped.

    Args:
        generator: see `plain_discriminator_loss`.
        discriminator: likewise.
        batch: likewise.

    Returns:
        loss: the relativistic loss, generated over real, in nats.
    """
    condition = conditioning(batch)
    with torch.no_grad():
        real_score = discriminator(batch["real"], *condition)
    fake_score = discriminator(generator(batch["z"], *condition), *condition)
    return {"loss": relativistic_loss(fake_score, real_score)}


def matching_aware_discriminator_loss(
    generator: nn.Module,
    discriminator: Discriminator,
    batch: Mapping[str, Tensor],
    gamma: float = 1.0,
    share: float = 0.25,
) -> dict[str, Tensor]:
    """Relativistic loss with R1, R2 and mismatched captions (Reed et al. 2016, section 4.2).

    A discriminator that only separates real from generated images can ignore the captions. Here a
    real image with its own caption must also score higher than with the others of the batch.

    Args:
        generator: a `Generator`.
        discriminator: a `Discriminator`.
        batch: "real" (B, 3, 32, 32), -1 to 1; "z" (B, latent_dim); "words" (B, T, word_dim);
            "padding" (B, T) bool.
        gamma: the weight of R1 and R2.
        share: see `gradient_penalties`.

    Returns:
        loss: adversarial + mismatched + gamma / 2 · (r1 + r2).
        adversarial: the relativistic loss, real over generated, in nats.
        mismatched: the relativistic loss, own caption over the others, in nats.
        r1, r2: the penalties, without their weight.
    """
    real, condition = batch["real"], conditioning(batch)
    fake = generator(batch["z"], *condition).detach()
    pairs = discriminator.pairs(real, *condition)  # (B, B)
    own = pairs.diagonal()
    adversarial = relativistic_loss(own, discriminator(fake, *condition))
    others = ~torch.eye(len(real), dtype=torch.bool)
    mismatched = relativistic_loss(own.unsqueeze(1).expand_as(pairs)[others], pairs[others])
    penalties = gradient_penalties(discriminator, real, fake, condition, share)
    loss = adversarial + mismatched + gamma / 2 * (penalties["r1"] + penalties["r2"])
    return {"loss": loss, "adversarial": adversarial, "mismatched": mismatched, **penalties}
