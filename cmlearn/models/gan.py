"""A conditional generative adversarial network (GAN) that draws 32 × 32 pictures.

Goodfellow et al. 2014, "Generative adversarial nets". Noise and caption modulate every block of the
generator (Tao et al. 2022, "DF-GAN"). The discriminator adds an inner product with the caption to
its score (Miyato & Koyama 2018, "cGANs with projection discriminator"), sees real pictures with
wrong captions (Reed et al. 2016, "Generative adversarial text to image synthesis") and learns by
a contrastive loss which caption of a batch belongs to a picture (Zhang et al. 2021, "Cross-modal
contrastive learning for text-to-image generation"). Its gradients are penalised (Mescheder et al.
2018, "Which training methods for GANs do actually converge?").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.device import device_of
from cmlearn.models.vae import to_signed

PAD = 0  # the id of <pad> in every vocabulary of the course
IMAGE_SIZE = 32  # height and width of a picture, in pixels
GRID = 4  # height and width of both networks' smallest feature grid, in cells
SLOPE = 0.1  # of leaky ReLU for negative inputs
MAX_SHIFT = 3  # pixels by which the augmentation moves a picture, at most
SHIFTS = 4  # parts of a batch that are moved differently
PENALISED = 8  # one row of so many pays the gradient penalty, which costs a second backward pass
GAMMA = 0.02  # weight of the gradient penalty
WRONG = 0.5  # weight of the wrong captions
SAMPLED_AT_ONCE = 250  # pictures; bounds the memory


@dataclass(frozen=True)
class GANConfig:
    """The sizes of both networks.

    Attributes:
        vocab_size: number of tokens, the specials included.
        latent_dim: length of z.
        sentence_dim: length of a sentence vector, and of a picture's embedding.
        style_dim: length of the vector that modulates the generator's blocks.
        channels: of the generator's grids of 4 × 4, 8 × 8, 16 × 16 and 32 × 32 cells.
        features: channels of the discriminator's first grid; each later one has twice as many.
    """

    vocab_size: int
    latent_dim: int = 32
    sentence_dim: int = 64
    style_dim: int = 128
    channels: tuple[int, int, int, int] = (128, 64, 32, 16)
    features: int = 32


class SentenceEncoder(nn.Module):
    """Encodes a caption as the sum of its words' vectors, then a linear layer.

    Args:
        vocab_size: number of tokens.
        dim: length of a vector.
    """

    def __init__(self, vocab_size: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim, padding_idx=PAD)
        self.linear = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode B captions: (B, T) int64 -> (B, D)."""
        return self.linear(self.embedding(tokens).sum(dim=1))


class StyleEncoder(nn.Module):
    """Encodes noise and caption together.

    Args:
        config: the sizes.
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.text = SentenceEncoder(config.vocab_size, config.sentence_dim)
        self.linear1 = nn.Linear(config.latent_dim + config.sentence_dim, config.style_dim)
        self.linear2 = nn.Linear(config.style_dim, config.style_dim)

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        """(B, latent_dim) and (B, T) int64 -> (B, style_dim).

        Raises:
            ValueError: z has another length, or its batch size is not that of the captions.
        """
        expected = (len(tokens), self.latent_dim)
        if tuple(z.shape) != expected:
            raise ValueError(f"z: expected {expected} (captions, latent_dim), got {tuple(z.shape)}")
        h = torch.cat([z, self.text(tokens)], dim=1)
        h = F.leaky_relu(self.linear1(h), SLOPE)
        return F.leaky_relu(self.linear2(h), SLOPE)


def pixel_norm(x: Tensor) -> Tensor:
    """Scale each cell's vector to a mean square of 1: (B, C, H, W) -> (B, C, H, W).

    Karras et al. 2018, "Progressive growing of GANs", section 4.2.
    """
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-4)


class Modulation(nn.Module):
    """Normalises a grid, then scales and shifts its channels by the style.

    Args:
        channels: C.
        style_dim: length of the style.
    """

    def __init__(self, channels: int, style_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(style_dim, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, H, W) and (B, style_dim) -> (B, C, H, W)."""
        scale, shift = self.linear(style)[:, :, None, None].chunk(2, dim=1)  # (B, C, 1, 1) each
        return F.leaky_relu(pixel_norm(x) * (1 + scale) + shift, SLOPE)


class GeneratorBlock(nn.Module):
    """Two modulated convolutions beside a shortcut.

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        style_dim: length of the style.
    """

    def __init__(self, inputs: int, outputs: int, style_dim: int) -> None:
        super().__init__()
        self.modulation1 = Modulation(inputs, style_dim)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.modulation2 = Modulation(outputs, style_dim)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, inputs, H, W) and (B, style_dim) -> (B, outputs, H, W)."""
        h = self.conv1(self.modulation1(x, style))
        h = self.conv2(self.modulation2(h, style))
        return self.shortcut(x) + h


def enlarge(x: Tensor) -> Tensor:
    """Double height and width: (B, C, H, W) -> (B, C, 2·H, 2·W)."""
    return F.interpolate(x, scale_factor=2.0)


class Generator(nn.Module):
    """Draws a picture from noise and a caption.

    Args:
        config: the sizes.
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.config = config
        c4, c8, c16, c32 = config.channels
        self.style = StyleEncoder(config)
        self.start = nn.Linear(config.style_dim, c4 * GRID**2)
        self.block4 = GeneratorBlock(c4, c4, config.style_dim)
        self.block8 = GeneratorBlock(c4, c8, config.style_dim)
        self.block16 = GeneratorBlock(c8, c16, config.style_dim)
        # Full resolution is costly: 16 channels, and one convolution before the colours.
        self.thin = nn.Conv2d(c16, c32, 1)
        self.smooth = nn.Conv2d(c32, c32, 3, padding=1)
        self.to_colours = nn.Conv2d(c32, 3, 3, padding=1)

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        """Draw B pictures.

        Args:
            z: (B, latent_dim), standard normal.
            tokens: (B, T) int64.

        Returns:
            (B, 3, 32, 32), -1 to 1.
        """
        style = self.style(z, tokens)
        x = self.start(style).unflatten(1, (-1, GRID, GRID))  # (B, c4, 4, 4)
        x = self.block4(x, style)
        x = self.block8(enlarge(x), style)  # (B, c8, 8, 8)
        x = self.block16(enlarge(x), style)  # (B, c16, 16, 16)
        x = enlarge(self.thin(F.leaky_relu(pixel_norm(x), SLOPE)))  # (B, c32, 32, 32)
        x = x + self.smooth(F.leaky_relu(x, SLOPE))
        return torch.tanh(self.to_colours(F.leaky_relu(x, SLOPE)))


class DiscriminatorBlock(nn.Module):
    """A convolution beside a shortcut, then leaky ReLU.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return F.leaky_relu(x + self.conv(F.leaky_relu(x, SLOPE)) / 2, SLOPE)


def backbone(features: int) -> nn.Sequential:
    """Return a network that halves the grid three times: (B, 3, 32, 32) -> (B, 4·F·4·4)."""
    return nn.Sequential(
        nn.Conv2d(3, features, 4, stride=2, padding=1),  # -> (B, F, 16, 16)
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(features, 2 * features, 4, stride=2, padding=1),  # -> (B, 2·F, 8, 8)
        DiscriminatorBlock(2 * features),
        nn.Conv2d(2 * features, 4 * features, 4, stride=2, padding=1),  # -> (B, 4·F, 4, 4)
        DiscriminatorBlock(4 * features),
        nn.Flatten(),
    )


class Discriminator(nn.Module):
    """Scores how real a picture is, and how well it matches a caption.

    Args:
        config: the sizes.
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.backbone = backbone(config.features)
        values = 4 * config.features * GRID**2
        self.realness = nn.Linear(values, 1)
        self.embedding = nn.Linear(values, config.sentence_dim)
        self.text = SentenceEncoder(config.vocab_size, config.sentence_dim)

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return what does not depend on a caption.

        Args:
            images: (B, 3, 32, 32), -1 to 1.

        Returns:
            realness (B,), and the embedding (B, sentence_dim).

        Raises:
            ValueError: the images have another size.
        """
        if images.shape[1:] != (3, IMAGE_SIZE, IMAGE_SIZE):
            raise ValueError(f"images: (B, 3, 32, 32) expected, not {tuple(images.shape)}")
        h = self.backbone(images)
        return self.realness(h)[:, 0], self.embedding(h)

    def forward(self, images: Tensor, tokens: Tensor) -> Tensor:
        """Score B pictures with a caption each: high for a real picture and its own caption."""
        realness, embedding = self.embed(images)
        return realness + match(embedding, self.text(tokens))


def match(embedding: Tensor, sentence: Tensor) -> Tensor:
    """Return the scaled inner products of pictures and captions: (B, D) twice -> (B,)."""
    return (embedding * sentence).sum(dim=1) / embedding.shape[1] ** 0.5


@torch.no_grad()
def draw_images(model: Generator, tokens: Tensor, rng: torch.Generator) -> Tensor:
    """Draw a picture for each caption.

    Args:
        model: in eval mode.
        tokens: (B, T) int64.
        rng: the source of z.

    Returns:
        (B, 3, 32, 32) float on the device of the model, -1 to 1.
    """
    z = torch.randn(len(tokens), model.config.latent_dim, generator=rng).to(device_of(model))
    parts = zip(z.split(SAMPLED_AT_ONCE), tokens.to(z.device).split(SAMPLED_AT_ONCE), strict=True)
    return torch.cat([model(*part) for part in parts])


# ── batches and losses ────────────────────────────────────────────────────────────────────────


def gan_batch(
    images: Tensor, tokens: Tensor, batch_size: int, latent_dim: int, rng: torch.Generator
) -> dict[str, Tensor]:
    """Draw a training batch.

    Args:
        images: (N, 32, 32, 3) uint8.
        tokens: (N, T) int64, a caption for each.
        batch_size: B.
        latent_dim: length of z.
        rng: the source of all randomness.

    Returns:
        real (B, 3, 32, 32) float, -1 to 1; tokens (B, T); z (B, latent_dim); shifts
        (3, `SHIFTS`, 2) int64, by which the augmentation moves real pictures, and drawn ones for
        the discriminator's loss and for the generator's.
    """
    rows = torch.randint(len(images), (batch_size,), generator=rng)
    return {
        "real": to_signed(images[rows]).contiguous(memory_format=torch.channels_last),
        "tokens": tokens[rows],
        "z": torch.randn(batch_size, latent_dim, generator=rng),
        "shifts": torch.randint(-MAX_SHIFT, MAX_SHIFT + 1, (3, SHIFTS, 2), generator=rng),
    }


def translate(images: Tensor, shifts: Tensor) -> Tensor:
    """Move pictures down and to the right; their edges fill what becomes free.

    With the same augmentation of real and drawn pictures, the discriminator cannot learn the real
    ones by heart (Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training").

    Args:
        images: (B, C, H, W).
        shifts: (P, 2) int64, rows and columns, -`MAX_SHIFT` to `MAX_SHIFT`, one for each of P equal
            parts of the batch; P divides B.

    Returns:
        (B, C, H, W).
    """
    height, width = images.shape[2:]
    parts = F.pad(images, (MAX_SHIFT,) * 4, mode="replicate").chunk(len(shifts))
    starts = (MAX_SHIFT - shifts).tolist()
    return torch.cat(
        [
            part[:, :, top : top + height, left : left + width]
            for part, (top, left) in zip(parts, starts, strict=True)
        ]
    )


def contrastive_loss(embedding: Tensor, sentence: Tensor, tokens: Tensor) -> Tensor:
    """Cross-entropy of finding each picture's caption among those of the batch.

    Args:
        embedding: of the pictures, (B, D).
        sentence: of the captions, (B, D).
        tokens: (B, T); equal captions are equally right.

    Returns:
        The mean in nats, ().
    """
    logits = embedding @ sentence.T / embedding.shape[1] ** 0.5  # (B, B), a row for each picture
    right = (tokens[:, None] == tokens).all(dim=2).float()
    return -(F.log_softmax(logits, dim=1) * right / right.sum(dim=1)).sum(dim=1).mean()


def gradient_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """Mean squared norm of the scores' gradient (Mescheder et al. 2018, section 4.1).

    Args:
        scores: (B,), each of its own picture.
        images: (B, ...), which require a gradient.

    Returns:
        The penalty, ().
    """
    (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return slope.square().flatten(1).sum(dim=1).mean()


def hinge_losses(real: Tensor, fake: Tensor, wrong: Tensor) -> Tensor:
    """The discriminator's hinge loss (Lim & Ye 2017, "Geometric GAN").

    Args:
        real: scores of real pictures with their captions, (B,).
        fake: of drawn pictures, (B,).
        wrong: of real pictures with wrong captions, of any length, at half weight.

    Returns:
        The loss, (): 0 once real scores are above 1 and all others below -1.
    """
    refused = F.relu(1 + wrong).sum() / max(1, len(wrong))
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean() + WRONG * refused


def discriminator_loss(
    discriminator: Discriminator, batch: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Hinge loss, contrastive loss on real pictures, and gradient penalty.

    Args:
        discriminator: a `Discriminator`.
        batch: as `gan_batch` draws it, and "fake" (B, 3, 32, 32), detached.

    Returns:
        loss: hinge + contrastive + γ/2 · penalty.
        hinge, contrastive, penalty: the parts, without their weights.
        real, fake, wrong: mean scores.
    """
    tokens, rows = batch["tokens"], len(batch["real"])
    both = torch.cat([batch["real"], batch["fake"]])
    both = translate(both, batch["shifts"][:2].flatten(0, 1))
    realness, embedding = discriminator.embed(both)
    sentence = discriminator.text(tokens)
    real = realness[:rows] + match(embedding[:rows], sentence)
    fake = realness[rows:] + match(embedding[rows:], sentence)
    # The previous row's caption is a wrong one, unless it is the same.
    different = (tokens.roll(1, dims=0) != tokens).any(dim=1)
    wrong = (realness[:rows] + match(embedding[:rows], sentence.roll(1, dims=0)))[different]
    hinge = hinge_losses(real, fake, wrong)
    contrastive = contrastive_loss(embedding[:rows], sentence, tokens)
    penalty = _penalty_of_some(discriminator, both, tokens)
    return {
        "loss": hinge + contrastive + GAMMA / 2 * penalty,
        **{"hinge": hinge, "contrastive": contrastive, "penalty": penalty},
        **{"real": real.mean(), "fake": fake.mean(), "wrong": wrong.sum() / max(1, len(wrong))},
    }


def _penalty_of_some(discriminator: Discriminator, both: Tensor, tokens: Tensor) -> Tensor:
    """Sum of the penalties at some real and some drawn pictures, R1 + R2; `both` is (2·B, ...)."""
    images = both[::PENALISED].detach().requires_grad_()
    captions = torch.cat([tokens, tokens])[::PENALISED]
    return 2 * gradient_penalty(discriminator(images, captions), images)


def generator_loss(discriminator: Discriminator, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What the generator minimises: the negative score, and the contrastive loss.

    Args:
        discriminator: a `Discriminator`, whose weights need no gradient.
        batch: as `gan_batch` draws it, and "fake" (B, 3, 32, 32).

    Returns:
        loss: contrastive - score.
        contrastive: of the drawn pictures, in nats.
        score: the mean score.
    """
    realness, embedding = discriminator.embed(translate(batch["fake"], batch["shifts"][2]))
    sentence = discriminator.text(batch["tokens"])
    score = (realness + match(embedding, sentence)).mean()
    contrastive = contrastive_loss(embedding, sentence, batch["tokens"])
    return {"loss": contrastive - score, "contrastive": contrastive, "score": score}


def pretraining_loss(
    discriminator: Discriminator, batch: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Contrastive loss of real pictures and their captions, before any picture is drawn.

    Args:
        discriminator: a `Discriminator`.
        batch: as `gan_batch` draws it.

    Returns:
        loss: in nats.
    """
    _, embedding = discriminator.embed(translate(batch["real"], batch["shifts"][0]))
    sentence = discriminator.text(batch["tokens"])
    return {"loss": contrastive_loss(embedding, sentence, batch["tokens"])}
