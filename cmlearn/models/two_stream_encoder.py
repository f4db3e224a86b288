"""An eye of two streams: one sees shapes and no hues, the other hues and no shapes.

A network that sees both together learns shapes *with* the colours that they came in (notebook 04).
It writes a kind in another way for each colour, so whoever learned to read it on the usual pairs
misreads a purple house (notebook 09). Here hues are turned by chance while shapes are learned, and
the stream of shapes has no reason to mix them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.data.images import to_tensor
from cmlearn.data.storybook.scene import KINDS, SIZES
from cmlearn.data.storybook.targets import LABELS
from cmlearn.models.augmentation import HueRotation

INPUT_SIZE = 32  # pixels; every picture is brought to this size first
GRID_SIZE = 4  # places on each side of the grid

# Which words are asked of which stream: a shape is a kind or a size, all else is told by colour.
SHAPE_LABELS = [n for n, word in enumerate(LABELS) if word in KINDS + SIZES]
COLOUR_LABELS = [n for n, word in enumerate(LABELS) if word not in KINDS + SIZES]


@dataclass(frozen=True)
class TwoStreamConfig:
    """The sizes of the eye.

    Attributes:
        width: channels of the first convolution on shapes; the grid has four times as many.
        colour_dim: channels of the grid that know colours.
    """

    width: int = 24
    colour_dim: int = 64

    @property
    def channels(self) -> int:
        """Channels of the grid: shapes, then colours."""
        return 4 * self.width + self.colour_dim


class TwoStreamEncoder(nn.Module):
    """Convolutions to which a hue by itself means nothing, beside a reader of single pixels.

    Args:
        config: the sizes.
    """

    def __init__(self, config: TwoStreamConfig) -> None:
        super().__init__()
        self.config = config
        width, colour_dim = config.width, config.colour_dim
        self.shape = nn.Sequential(
            HueRotation(),
            *_convolution(3, width),  # (B, 3, 32, 32) -> (B, width, 32, 32)
            *_convolution(width, 2 * width, stride=2),
            *_convolution(2 * width, 4 * width, stride=2),  # -> (B, 4 width, 8, 8)
            *_convolution(4 * width, 4 * width),
            nn.AvgPool2d(2),
        )
        self.colour = nn.Sequential(
            *_convolution(3, 32, size=1),
            *_convolution(32, colour_dim, size=1),
            nn.MaxPool2d(INPUT_SIZE // GRID_SIZE),  # a place has a colour if one of its pixels has
        )
        self.shape_head = nn.Linear(4 * width, len(SHAPE_LABELS))
        self.colour_head = nn.Linear(colour_dim, len(COLOUR_LABELS))

    def forward(self, images: Tensor) -> Tensor:
        """Name what is in pictures: prepared images (B, 3, 32, 32) -> logits (B, labels).

        A word is true of a picture if it is true of one of its places: the logarithm of the sum
        of exponentials, a soft maximum over the places (Pinheiro &
        Collobert 2015, CVPR).
        """
        shape = self.shape_head(_cells(self.shape(images))).logsumexp(dim=1)
        colour = self.colour_head(_cells(self.colour(images))).logsumexp(dim=1)
        logits = shape.new_zeros(len(images), len(LABELS))  # its number format, which may be bf16
        logits[:, SHAPE_LABELS], logits[:, COLOUR_LABELS] = shape, colour
        return logits

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the eye sees before it decides on words.

        Args:
            images: (B, 3, 32, 32) float from `prepare`.

        Returns:
            grid: (B, channels, 4, 4), shapes, then colours: what is where.
            pooled: (B, channels), the largest over the places.
        """
        grid = torch.cat([self.shape(images), self.colour(images)], dim=1)
        return grid, grid.amax(dim=(2, 3))


def _convolution(
    in_channels: int, channels: int, *, size: int = 3, stride: int = 1
) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(in_channels, channels, size, stride, padding=size // 2, bias=False)
    return convolution, nn.BatchNorm2d(channels), nn.ReLU()


def _cells(grid: Tensor) -> Tensor:
    return grid.flatten(2).transpose(1, 2)  # (B, C, 4, 4) -> (B, 16, C)


def prepare(images: Tensor) -> Tensor:
    """Return pictures as the eye takes them: uint8 (B, H, W, 3) -> float32 (B, 3, 32, 32).

    Averaged down; values in [-1, 1].
    """
    pixels = F.interpolate(to_tensor(images) * 2 - 1, size=(INPUT_SIZE, INPUT_SIZE), mode="area")
    return pixels.contiguous(memory_format=torch.channels_last)


def two_stream_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return how wrong the eye is about which words are true of its pictures.

    Args:
        model: images -> logits (B, labels).
        batch: "images" uint8 (B, H, W, 3), "labels" (B, labels) of 0 and 1, as `multi_hot` has
            them.

    Returns:
        loss: binary cross-entropy in nats, the mean over words and pictures.
    """
    logits = model(prepare(batch["images"]))
    return {"loss": F.binary_cross_entropy_with_logits(logits, batch["labels"].to(logits.dtype))}
