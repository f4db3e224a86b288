"""Flow matching: a transformer that carries noise to images, conditioned on captions.

The path from noise to an image is a straight line (Lipman et al. 2023, "Flow matching for
generative modeling"; Liu et al. 2023, "Flow straight and fast: rectified flow"). The network is a
transformer on patches with adaptive layer norm (Peebles & Xie 2023, "Scalable diffusion models
with transformers") that predicts the clean image (Li & He 2025, "Back to basics: let denoising
generative models denoise"). Classifier-free guidance: Ho & Salimans 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cmlearn.models.device import device_of
from cmlearn.models.vae import to_signed

PAD = 0  # the id of <pad> in every vocabulary of the course
MIN_TIME_LEFT = 0.05  # least 1 - t by which the loss divides
TIME_MEAN, TIME_SPREAD = -0.8, 0.8  # of the logit of t in training
TIME_FREQUENCIES = 32
CAPTION_DROP = 0.1  # share of the captions that training replaces by the null caption
SAMPLED_AT_ONCE = 100  # images; bounds the memory


@dataclass(frozen=True)
class FlowConfig:
    """The sizes of a flow.

    Attributes:
        vocab_size: number of tokens, the specials included.
        image_size: height and width of an image, in pixels.
        patch_size: height and width of a patch, in pixels; divides `image_size`.
        dim: length of a token's vector.
        num_blocks: transformer blocks.
        num_heads: attention heads; divides `dim`.

    Raises:
        ValueError: a size does not divide the other.
    """

    vocab_size: int
    image_size: int = 32
    patch_size: int = 8
    dim: int = 192
    num_blocks: int = 4
    num_heads: int = 4

    def __post_init__(self) -> None:
        """Check the sizes."""
        if self.image_size % self.patch_size or self.dim % (2 * self.num_heads):
            raise ValueError(
                f"patch_size {self.patch_size} must divide image_size {self.image_size}, and "
                f"2 · num_heads = {2 * self.num_heads} must divide dim {self.dim}"
            )

    @property
    def num_patches(self) -> int:
        """Patches of an image."""
        return (self.image_size // self.patch_size) ** 2


# (x, t) -> the expected clean image, of the shape of x.
Predictor = Callable[[Tensor, float], Tensor]


class CaptionEncoder(nn.Module):
    """Encodes the words of a caption, and their mean.

    The state of a bidirectional GRU says what stands around a word; the word's own vector is added.

    Args:
        vocab_size: number of tokens.
        dim: length of a vector.
    """

    def __init__(self, vocab_size: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim, padding_idx=PAD)
        self.gru = nn.GRU(dim, dim // 2, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(dim)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Encode B captions.

        Args:
            tokens: (B, T) int64, padded at the end; only padding is the null caption.

        Returns:
            words: (B, T, D), zeros at padding.
            mean: (B, D), over the words that are not padding; zeros for the null caption.
        """
        embedded = self.embedding(tokens)
        present = (tokens != PAD).unsqueeze(-1)  # (B, T, 1)
        count = present.sum(dim=1).clamp(min=1)  # (B, 1)
        # Packed, so that the direction from the end starts at the last word, not at padding.
        packed = pack_padded_sequence(embedded, count[:, 0].cpu(), True, enforce_sorted=False)
        with torch.autocast(tokens.device.type, enabled=False):  # in bf16 a GRU is slow
            states, _ = self.gru(packed)
        states, _ = pad_packed_sequence(states, True, total_length=tokens.shape[1])
        words = self.norm(embedded + states) * present
        return words, words.sum(dim=1) / count


class TimeEncoder(nn.Module):
    """Encodes the time t by sines and cosines, then an MLP.

    Args:
        dim: length of the encoding.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        inputs = 2 * TIME_FREQUENCIES
        self.mlp = nn.Sequential(nn.Linear(inputs, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, t: Tensor) -> Tensor:
        """Encode B times, 0 to 1: (B,) -> (B, dim)."""
        powers = torch.arange(TIME_FREQUENCIES, device=t.device) / TIME_FREQUENCIES
        angles = t.unsqueeze(1) * 1000 ** (1 - powers)  # (B, F)
        return self.mlp(torch.cat([angles.cos(), angles.sin()], dim=1))


class Attention(nn.Module):
    """Multi-head attention of patches to patches and words (Vaswani et al. 2017).

    Queries and keys are normalised (Henry et al. 2020, "Query-key normalization for transformers").

    Args:
        dim: length of a vector.
        num_heads: attention heads; divides `dim`.
    """

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key_value = nn.Linear(dim, 2 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)

    def forward(self, x: Tensor, words: Tensor, present: Tensor) -> Tensor:
        """Attend.

        Args:
            x: (B, N, D), the patches.
            words: (B, T, D).
            present: (B, N + T) bool, false at padding, to which no patch attends.

        Returns:
            (B, N, D).
        """
        sources = self.key_value(torch.cat([x, words], dim=1))  # (B, N + T, 2·D)
        q, k, v = (
            each.unflatten(2, (self.num_heads, -1)).transpose(1, 2)  # (B, H, N or N + T, D / H)
            for each in (self.query(x), *sources.chunk(2, dim=2))
        )
        q, k = F.rms_norm(q, q.shape[3:]), F.rms_norm(k, k.shape[3:])
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=present[:, None, None])
        return self.out(found.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """A transformer block whose layer norms are shifted and scaled by the condition.

    At the start of the training both branches are zero, and the block changes nothing (adaLN-Zero,
    Peebles & Xie 2023, section 3.2).

    Args:
        dim: length of a vector.
        num_heads: attention heads; divides `dim`.
    """

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.attention = Attention(dim, num_heads)
        up, down = nn.Linear(dim, 3 * dim, bias=False), nn.Linear(3 * dim, dim, bias=False)
        self.mlp = nn.Sequential(up, nn.GELU(), down)
        self.modulation = nn.Linear(dim, 6 * dim)
        for weight in (self.attention.out.weight, down.weight, *self.modulation.parameters()):
            nn.init.zeros_(weight)

    def forward(self, x: Tensor, words: Tensor, present: Tensor, condition: Tensor) -> Tensor:
        """Let the patches attend to one another and to the words, then an MLP.

        Args:
            x: (B, N, D), the patches.
            words: (B, T, D).
            present: (B, N + T) bool, false at padding.
            condition: (B, D), of the time and the caption.

        Returns:
            (B, N, D).
        """
        parts = self.modulation(condition).unsqueeze(1).chunk(6, dim=2)  # six times (B, 1, D)
        shift1, scale1, gate1, shift2, scale2, gate2 = parts
        attended = self.attention(self.norm(x) * (1 + scale1) + shift1, words, present)
        x = x + (1 + gate1) * attended
        return x + (1 + gate2) * self.mlp(self.norm(x) * (1 + scale2) + shift2)


class Flow(nn.Module):
    """Predicts the clean image from a noisy one, the time and the caption.

    Args:
        config: the sizes.
    """

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        dim, values = config.dim, 3 * config.patch_size**2
        self.text = CaptionEncoder(config.vocab_size, dim)
        self.time = TimeEncoder(dim)
        self.to_tokens = nn.Linear(values, dim)
        self.position = nn.Parameter(torch.randn(config.num_patches, dim) / 3)
        self.blocks = nn.ModuleList(Block(dim, config.num_heads) for _ in range(config.num_blocks))
        self.norm = nn.LayerNorm(dim)
        self.to_values = nn.Linear(dim, values)
        nn.init.zeros_(self.to_values.weight)

    def forward(self, noisy: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        """Predict B clean images.

        Args:
            noisy: (B, 3, H, W), t · image + (1 - t) · noise.
            t: (B,), 0 for noise to 1 for the image.
            tokens: (B, T) int64; only padding is the null caption.

        Returns:
            (B, 3, H, W) float32, about -1 to 1.
        """
        words, mean = self.text(tokens)
        condition = F.silu(self.time(t) + mean)
        x = self.to_tokens(to_patches(noisy, self.config.patch_size)) + self.position  # (B, N, D)
        present = F.pad(tokens != PAD, (x.shape[1], 0), value=True)  # (B, N + T)
        for block in self.blocks:
            x = block(x, words, present, condition)
        return from_patches(self.to_values(self.norm(x)).float(), self.config.patch_size)


def to_patches(images: Tensor, patch_size: int) -> Tensor:
    """Cut images into patches of P × P pixels: (B, 3, H, W) -> (B, N, 3·P·P), row by row."""
    return F.pixel_unshuffle(images, patch_size).flatten(2).transpose(1, 2)


def from_patches(patches: Tensor, patch_size: int) -> Tensor:
    """Invert `to_patches` for square images: (B, N, 3·P·P) -> (B, 3, H, W)."""
    side = round(patches.shape[1] ** 0.5)
    return F.pixel_shuffle(patches.transpose(1, 2).unflatten(2, (side, side)), patch_size)


def hidden_matrices(model: Any) -> list[nn.Parameter]:
    """Return the weight matrices within the blocks that Muon trains; the modulation's are not."""
    return [
        weight
        for name, weight in model.blocks.named_parameters()
        if weight.ndim == 2 and "modulation" not in name
    ]


def flow_batch(
    images: Tensor, tokens: Tensor, batch_size: int, rng: torch.Generator
) -> dict[str, Tensor]:
    """Draw a training batch: images with a caption each, times and noise.

    The times are logit-normal (Esser et al. 2024, "Scaling rectified flow transformers for
    high-resolution image synthesis", section 3.1). Some captions become the null caption.

    Args:
        images: (N, H, W, 3) uint8.
        tokens: K captions of each image, (N, K, T) int64, padded at the end.
        batch_size: B.
        rng: the source of all randomness.

    Returns:
        images (B, 3, H, W) float, -1 to 1; tokens (B, T') int64; t (B,); noise (B, 3, H, W).
    """
    rows = torch.randint(len(images), (batch_size,), generator=rng)
    chosen = tokens[rows, torch.randint(tokens.shape[1], (batch_size,), generator=rng)]
    longest = int((chosen != PAD).sum(dim=1).max())
    dropped = torch.rand(batch_size, 1, generator=rng) < CAPTION_DROP
    clean = to_signed(images[rows])
    return {
        "images": clean,
        "tokens": chosen[:, :longest].masked_fill(dropped, PAD),
        "t": torch.sigmoid(TIME_MEAN + TIME_SPREAD * torch.randn(batch_size, generator=rng)),
        "noise": torch.randn(clean.shape, generator=rng),
    }


def flow_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Mean squared error of the velocity, which the predicted clean image implies.

    On the line from noise to image, the velocity is image - noise = (image - noisy) / (1 - t).

    Args:
        model: a `Flow`.
        batch: as `flow_batch` draws it.

    Returns:
        loss: with 1 - t at least `MIN_TIME_LEFT`, since the division amplifies errors near t = 1.
        rmse: root mean squared error of the clean image; pixel values span -1 to 1.
    """
    images, t = batch["images"], batch["t"].view(-1, 1, 1, 1)
    noisy = t * images + (1 - t) * batch["noise"]
    error = model(noisy, batch["t"], batch["tokens"]) - images
    loss = (error / (1 - t).clamp(min=MIN_TIME_LEFT)).square().mean()
    return {"loss": loss, "rmse": error.detach().square().mean().sqrt()}


def euler(predict: Predictor, noise: Tensor, steps: int) -> Tensor:
    """Carry noise to images in equal steps along the velocity (Euler's method).

    Args:
        predict: `predict(x, t)` returns the expected clean image.
        noise: (B, ...), x at t = 0.
        steps: at least 1. The last step ends on the prediction itself.

    Returns:
        x at t = 1, (B, ...).

    Raises:
        ValueError: `steps` is below 1.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    x = noise
    for step in range(steps):
        t = step / steps
        velocity = (predict(x, t) - x) / (1 - t)
        x = x + velocity / steps
    return x


def guided(model: nn.Module, tokens: Tensor, guidance: float) -> Predictor:
    """Make a predictor with classifier-free guidance (Ho & Salimans 2022, equation 6).

    Args:
        model: a `Flow` in eval mode.
        tokens: (B, T) int64, on its device.
        guidance: 1 is the conditional prediction; more moves on, away from the unconditional one.
    """

    def predict(x: Tensor, t: float) -> Tensor:
        times = torch.full((len(x),), t, device=x.device)
        conditional = model(x, times, tokens)
        if guidance == 1:
            return conditional
        unconditional = model(x, times, torch.full_like(tokens, PAD))
        return unconditional + guidance * (conditional - unconditional)

    return predict


@torch.no_grad()
def sample(
    model: Flow, tokens: Tensor, rng: torch.Generator, steps: int = 16, guidance: float = 1.5
) -> Tensor:
    """Generate an image for each caption.

    Args:
        model: in eval mode.
        tokens: (B, T) int64.
        rng: the source of the noise.
        steps: of `euler`, at least 1.
        guidance: of `guided`.

    Returns:
        (B, 3, H, W) float on the device of the model, about -1 to 1.
    """
    size, device, images = model.config.image_size, device_of(model), []
    for some in tokens.to(device).split(SAMPLED_AT_ONCE):
        noise = torch.randn(len(some), 3, size, size, generator=rng).to(device)
        images.append(euler(guided(model, some, guidance), noise, steps))
    return torch.cat(images)
