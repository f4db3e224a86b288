"""Flow matching: a transformer that carries noise to images, conditioned on captions.

The path from noise to an image is a straight line (Lipman et al. 2023, "Flow matching for
generative modeling"; Liu et al. 2023, "Flow straight and fast: rectified flow"). The network is a
transformer on patches with adaptive layer norm (Peebles & Xie 2023, "Scalable diffusion models
with transformers") that predicts the clean image (Li & He 2025, "Back to basics: let denoising
generative models denoise"). Classifier-free guidance: Ho & Salimans 2022.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.models.device import device_of

PAD = 0  # the id of <pad> in every vocabulary of the course
MIN_TIME_LEFT = 0.05  # least 1 - t that a velocity is divided by
TIME_MEAN, TIME_SPREAD = -0.8, 0.8  # of the logit of t in training
TIME_FREQUENCIES = 32


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


class CaptionEncoder(nn.Module):
    """Encodes the words of a caption, and its mean.

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
            words: (B, T, D).
            mean: (B, D), over the words that are not padding; zeros for the null caption.
        """
        embedded = self.embedding(tokens)
        present = tokens != PAD  # (B, T)
        lengths = present.sum(dim=1)
        # Packed, so that the direction from the end starts at the last word and not at padding.
        packed = nn.utils.rnn.pack_padded_sequence(
            embedded, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.gru(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        words = self.norm(embedded + states) * present.unsqueeze(-1)
        return words, words.sum(dim=1) / lengths.clamp(min=1).unsqueeze(-1)


class TimeEncoder(nn.Module):
    """Encodes the time t by sines and cosines, then an MLP.

    Args:
        dim: length of the encoding.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2 * TIME_FREQUENCIES, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, t: Tensor) -> Tensor:
        """Encode B times, 0 to 1: (B,) -> (B, dim)."""
        powers = torch.arange(TIME_FREQUENCIES, device=t.device) / TIME_FREQUENCIES
        angles = 1000 ** (1 - powers) * t.unsqueeze(1)  # (B, F)
        return self.mlp(torch.cat([angles.cos(), angles.sin()], dim=1))


class Block(nn.Module):
    """A transformer block whose layer norms are shifted and scaled by the condition.

    At the start of the training both branches are zero, and the block changes nothing (adaLN-Zero,
    Peebles & Xie 2023, section 3.2). Queries and keys are normalised (Henry et al. 2020).

    Args:
        dim: length of a token's vector.
        num_heads: attention heads; divides `dim`.
    """

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)
        self.up = nn.Linear(dim, 4 * dim, bias=False)
        self.down = nn.Linear(4 * dim, dim, bias=False)
        self.modulation = nn.Linear(dim, 6 * dim)
        for layer in (self.out, self.down, self.modulation):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, condition: Tensor, present: Tensor) -> Tensor:
        """Let the tokens attend to one another, then an MLP.

        Args:
            x: (B, N, D).
            condition: (B, D).
            present: (B, N) bool, false at padding, to which no token attends.

        Returns:
            (B, N, D).
        """
        parts = self.modulation(condition).unsqueeze(1).chunk(6, dim=2)  # six times (B, 1, D)
        shift1, scale1, gate1, shift2, scale2, gate2 = parts
        x = x + (1 + gate1) * self.attend(self.norm(x) * (1 + scale1) + shift1, present)
        hidden = F.gelu(self.up(self.norm(x) * (1 + scale2) + shift2))
        return x + (1 + gate2) * self.down(hidden)

    def attend(self, x: Tensor, present: Tensor) -> Tensor:
        """Multi-head self-attention: (B, N, D) -> (B, N, D)."""
        heads = self.qkv(x).unflatten(2, (3, self.num_heads, -1))  # (B, N, 3, H, D / H)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each (B, H, N, D / H)
        q, k = F.rms_norm(q, q.shape[3:]), F.rms_norm(k, k.shape[3:])
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=present[:, None, None])
        return self.out(found.transpose(1, 2).flatten(2))


class Flow(nn.Module):
    """Predicts the clean image from a noisy one, the time and the caption.

    The patches of the image and the words of the caption are tokens of one sequence.

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
        num_patches = (config.image_size // config.patch_size) ** 2
        self.position = nn.Parameter(torch.randn(num_patches, dim) / 3)
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
            (B, 3, H, W), about -1 to 1.
        """
        words, mean = self.text(tokens)
        condition = F.silu(self.time(t) + mean)
        patches = F.pixel_unshuffle(noisy, self.config.patch_size)  # (B, 3·P·P, H / P, W / P)
        picture = self.to_tokens(patches.flatten(2).transpose(1, 2)) + self.position  # (B, N, D)
        count = picture.shape[1]
        x = torch.cat([picture, words], dim=1)  # (B, N + T, D)
        present = F.pad(tokens != PAD, (count, 0), value=True)
        for block in self.blocks:
            x = block(x, condition, present)
        values = self.to_values(self.norm(x[:, :count])).transpose(1, 2)  # (B, 3·P·P, N)
        return F.pixel_shuffle(values.unflatten(2, patches.shape[2:]).float(), self.config.patch_size)

    def matrices(self) -> list[nn.Parameter]:
        """The weight matrices between hidden layers, which Muon trains."""
        layers = [getattr(b, name) for b in self.blocks for name in ("qkv", "out", "up", "down")]
        return [layer.weight for layer in layers]
