"""A generator that draws against a discriminator that tells drawn from true: GANs.

Goodfellow et al. 2014, "Generative adversarial nets"; the relativistic loss: Jolicoeur-Martineau
2019, "The relativistic discriminator"; with R1 and R2: Huang et al. 2024, "The GAN is dead; long
live the GAN! A modern GAN baseline" (R3GAN); projection on the condition: Miyato & Koyama 2018,
"cGANs with projection discriminator"; wrong captions as fakes: Reed et al. 2016, "Generative
adversarial text to image synthesis".
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

OUTPUT_SIZE = 32  # pixels of the pictures that are drawn
GRID_CELLS = 4 * 4  # a picture is planned in so many places


@dataclass(frozen=True)
class GANConfig:
    """The sizes of a text-to-image GAN.

    Attributes:
        vocab_size: how many tokens there are, the specials included.
        embed_dim: length of a word's vector.
        window: how many words are read at once.
        latent_dim: length of z.
        dim: length of the vector that stands for one of the 16 places of a picture.
        channels: channels of the 8 × 8 grids of both networks.
        match_dim: length of the vectors in which picture and caption are compared.
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
        """Length of the vector that there is to look at for each word."""
        return self.window * self.embed_dim


class Generator(nn.Module):
    """Noise and a caption become a picture, in one go."""

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.config = config
        dim, channels = config.dim, config.channels
        self.position = nn.Parameter(torch.randn(GRID_CELLS, dim) / 2)  # what tells them apart
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
            self.fine.weight.mul_(0.1)  # begin smooth: noise of pixels is slow to be unlearned

    def forward(self, z: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Draw B pictures.

        Args:
            z: (B, latent_dim), from a Gaussian.
            words: (B, T, word_dim), the words of the captions as they were read.
            padding: (B, T) bool, true where there is no word.

        Returns:
            (B, 3, 32, 32), -1 to 1.

        Raises:
            ValueError: z is of another length, or there are not as many z as captions.
        """
        expected = (len(words), self.config.latent_dim)
        if tuple(z.shape) != expected:
            raise ValueError(
                f"z: {expected} (captions, latent_dim) is needed, got {tuple(z.shape)}"
            )
        plan = self.position + self.project_z(z)  # (B, 16, dim)
        for layer in self.cross_attention:
            plan = layer(plan, words, padding)
        x = self.to_grid(plan).transpose(1, 2).unflatten(2, (4, 4))  # (B, 2·2·32, 4, 4)
        x = F.pixel_shuffle(x, 2)  # (B, 32, 8, 8)
        x = F.silu(self.conv1(x))
        coarse = F.interpolate(self.coarse(x), scale_factor=4.0, mode="bilinear")
        x = F.silu(F.pixel_shuffle(self.conv2(x), 2))  # (B, 32, 16, 16)
        x = x + F.silu(self.conv3(x))
        return (coarse + F.pixel_shuffle(self.fine(x), 2)).tanh()

    @torch.no_grad()
    def sample(self, words: Tensor, padding: Tensor, rng: torch.Generator) -> Tensor:
        """Draw a picture for each caption: see `forward`; `rng` draws z."""
        z = torch.randn(len(words), self.config.latent_dim, generator=rng)
        inputs = (each.to(device_of(self)).split(500) for each in (z, words, padding))
        return torch.cat([self(*rows) for rows in zip(*inputs, strict=True)])


class Discriminator(nn.Module):
    """How much a picture looks real, plus how well it fits a caption."""

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
        """Score B pictures with their captions: (B,), the more the better."""
        return self.pairs(images, words, padding).diagonal()

    def pairs(self, images: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Score each picture with each caption: (B, B), a row for each picture.

        Realness plus an inner product of what is seen and what is said (Miyato & Koyama 2018,
        equation 3): once both are known, another caption costs next to nothing.

        Raises:
            ValueError: pictures of another size, or not one caption for each.
        """
        if images.shape[1:] != (3, OUTPUT_SIZE, OUTPUT_SIZE) or len(images) != len(words):
            wanted = f"({len(words)}, 3, {OUTPUT_SIZE}, {OUTPUT_SIZE}), one for each row of words"
            raise ValueError(f"images: {wanted}, is needed, got {tuple(images.shape)}")
        seen = self.backbone(images)  # (B, dim, 4, 4)
        things = self.image_projection(seen).mean(dim=(2, 3))  # (B, match_dim), wherever they stand
        conditioning = self.text_projection(words).masked_fill(padding.unsqueeze(-1), 0).sum(dim=1)
        return self.realness(seen) + things @ conditioning.T / things.shape[1] ** 0.5


class TextToImageGAN(nn.Module):
    """What is left of a GAN when the contest is over: a reader with a generator.

    Args:
        config: the sizes.
        table: (vocab_size, embed_dim) word vectors; zeros if None, to be loaded.
    """

    def __init__(self, config: GANConfig, table: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        size = (config.vocab_size, config.embed_dim)
        self.text = WordWindowEncoder(torch.zeros(size) if table is None else table, config.window)
        self.generator = Generator(config)

    def sample(self, tokens: Tensor, rng: torch.Generator) -> Tensor:
        """Draw a picture for each caption, as `TextToImageVAE.sample` does.

        Args:
            tokens: (B, T) int64.
            rng: draws z.

        Returns:
            (B, 3, 32, 32) float, -1 to 1.
        """
        words, padding = self.text(tokens.to(device_of(self)))
        return self.generator.sample(words, padding, rng)


class DecoderAsGenerator(nn.Module):
    """A VAE's decoder as the generator of a contest: what it knows already is where it begins.

    Its z comes from the VAE's prior, which knows the caption, and its words from the VAE's reader.

    Args:
        decoder: trained in place.
    """

    def __init__(self, decoder: ImageDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, words: Tensor, padding: Tensor) -> Tensor:
        """Draw B pictures: (B, latent_dim), (B, T, word_dim), (B, T) -> (B, 3, 32, 32)."""
        return self.decoder(z, EncodedCaption(words[:, 0], words, padding))


# ── what the two are trained on ───────────────────────────────────────────────────────────────


def conditioning(batch: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Return what both networks are told beside their input: nothing where there are no words."""
    return tuple(batch[name] for name in ("words", "padding") if name in batch)


def plain_discriminator_loss(
    generator: nn.Module, discriminator: nn.Module, batch: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Cross-entropy of true against drawn (Goodfellow et al. 2014, equation 1).

    Args:
        generator: (z, what is told) -> drawn.
        discriminator: (true or drawn, what is told) -> scores (B,), the logit of "true".
        batch: "real" (B, ...), "z" (B, latent_dim), and what `told` takes.

    Returns:
        loss, and its parts: real, fake. At log 2 each, the discriminator knows nothing.
    """
    fakes = generator(batch["z"], *conditioning(batch)).detach()
    real = F.softplus(-discriminator(batch["real"], *conditioning(batch))).mean()
    fake = F.softplus(discriminator(fakes, *conditioning(batch))).mean()
    return {"loss": real + fake, "real": real, "fake": fake}


def plain_generator_loss(
    generator: nn.Module, discriminator: nn.Module, batch: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The non-saturating loss: what is drawn should pass for true (Goodfellow et al., section 3).

    Takes what `plain_discriminator_loss` takes.
    """
    fakes = generator(batch["z"], *conditioning(batch))
    return {"loss": F.softplus(-discriminator(fakes, *conditioning(batch))).mean()}


def gradient_penalty(scores: Tensor, inputs: Tensor) -> Tensor:
    """How steep the scores are where the inputs lie (Mescheder et al. 2018, section 4.1).

    Args:
        scores: (B,), each made of its own input.
        inputs: (B, ...), which require a gradient.

    Returns:
        the mean squared length of the gradient: R1 if the inputs are true, R2 if they are drawn.
    """
    (slope,) = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
    return slope.square().flatten(1).sum(dim=1).mean()


def relativistic_loss(better: Tensor, worse: Tensor) -> Tensor:
    """The loss that falls as `better` rises over `worse`, in pairs (Jolicoeur-Martineau 2019).

    Of two numbers only the difference counts, so that neither can win by running away.

    Args:
        better: scores, of any shape.
        worse: scores, of a shape that fits.
    """
    return F.softplus(worse - better).mean()


def gradient_penalties(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    condition: tuple[Tensor, ...] = (),
    share: float = 1.0,
) -> dict[str, Tensor]:
    """R1 and R2: how steep the discriminator is at what is true, and at what is drawn.

    Args:
        discriminator: (true or drawn, what is told) -> scores (B,).
        real: (B, ...).
        fake: (B, ...).
        condition: what `told` returns.
        share: of how many rows the mean is taken, the first ones. A gradient of a gradient costs
            two to three times a plain one, and a quarter of a batch has the same mean.
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
    """True should beat drawn, on gentle slopes (Huang et al. 2024, equation 2, with R1 and R2).

    Args:
        generator: see `plain_discriminator_loss`.
        discriminator: likewise.
        batch: likewise.
        gamma: the weight of R1 and R2.
        share: see `slopes`.

    Returns:
        loss, and its parts: contest; r1 and r2, not yet weighted.
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
    """Drawn should beat true: the same pairs, the other way round.

    Takes what `plain_discriminator_loss` takes.
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
    """The relativistic loss; and a true picture should beat itself under another's caption.

    Reed et al. 2016 call this matching-aware: who is only asked whether a picture is real never
    has to read.

    Args:
        generator: a `Generator`.
        discriminator: it gives `pairs`.
        batch: "real" (B, 3, 32, 32); "z" (B, latent_dim); "words" (B, T, word_dim); "padding".
        gamma: the weight of R1 and R2.
        share: see `slopes`.

    Returns:
        loss, and its parts: contest; wrong; r1 and r2, not yet weighted.
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
