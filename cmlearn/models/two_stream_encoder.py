"""An image encoder with two streams: one for shapes, one for colours.

A single network entangles the two: its features of a shape depend on the colours that the shape
had in training (notebook 04). A captioner trained on these features then misnames a new combination
such as a purple house (notebook 09). Here random hue rotation keeps colour out of the shape stream,
and 1 × 1 convolutions keep shape out of the colour stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.data.images import to_tensor
from cmlearn.models.augmentation import HueRotation

INPUT_SIZE = 32  # pixels; every image is resized to this first
GRID_SIZE = 4  # cells on each side of the feature grid


@dataclass(frozen=True)
class TwoStreamConfig:
    """The sizes of a two-stream encoder, and which labels each stream predicts.

    Attributes:
        shape_labels: columns of the logits that the shape stream predicts.
        colour_labels: columns that the colour stream predicts; together 0 to num_labels - 1.
        width: channels of the shape stream's first convolution; its output has four times as many.
        colour_dim: channels of the colour stream's output.
    """

    shape_labels: tuple[int, ...]
    colour_labels: tuple[int, ...]
    width: int = 24
    colour_dim: int = 64

    @property
    def num_labels(self) -> int:
        """Labels that both streams predict together."""
        return len(self.shape_labels) + len(self.colour_labels)

    @property
    def channels(self) -> int:
        """Channels of the feature grid: the shape stream's, then the colour stream's."""
        return 4 * self.width + self.colour_dim


class TwoStreamEncoder(nn.Module):
    """3 × 3 convolutions under hue rotation for shapes, beside 1 × 1 convolutions for colours.

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
            nn.MaxPool2d(INPUT_SIZE // GRID_SIZE),  # a cell has the colours of all its pixels
        )
        self.shape_head = nn.Linear(4 * width, len(config.shape_labels))
        self.colour_head = nn.Linear(colour_dim, len(config.colour_labels))

    def forward(self, images: Tensor) -> Tensor:
        """Classify images from `prepare`: (B, 3, 32, 32) -> logits (B, labels).

        A label is true of an image if it is true of one of its grid cells, so the logits are pooled
        by log-sum-exp, a soft maximum (Pinheiro & Collobert 2015, "From image-level to pixel-level
        labeling with convolutional networks", CVPR).
        """
        config = self.config
        of_shapes = self.shape_head(_cells(self.shape(images)))  # (B, 16, shape labels)
        of_colours = self.colour_head(_cells(self.colour(images)))  # (B, 16, colour labels)
        logits = of_shapes.new_zeros(len(images), config.num_labels)  # in its dtype, maybe bfloat16
        logits[:, config.shape_labels] = of_shapes.logsumexp(dim=1)
        logits[:, config.colour_labels] = of_colours.logsumexp(dim=1)
        return logits

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the features of images, one grid and one vector each.

        Args:
            images: (B, 3, 32, 32) float from `prepare`.

        Returns:
            grid: (B, channels, 4, 4), the shape stream's channels, then the colour stream's.
            pooled: (B, channels), the maximum over the grid cells.
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
    """Prepare images for the encoder: uint8 (B, H, W, 3) -> float32 (B, 3, 32, 32), -1 to 1.

    Larger images are averaged down.
    """
    pixels = F.interpolate(to_tensor(images) * 2 - 1, size=(INPUT_SIZE, INPUT_SIZE), mode="area")
    return pixels.contiguous(memory_format=torch.channels_last)


def two_stream_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Binary cross-entropy of multi-label classification.

    Args:
        model: prepared images -> logits (B, labels).
        batch: "images" uint8 (B, H, W, 3), "labels" (B, labels) of 0 and 1, as `multi_hot` returns
            them.

    Returns:
        loss: binary cross-entropy in nats, the mean over labels and images.
    """
    logits = model(prepare(batch["images"]))
    return {"loss": F.binary_cross_entropy_with_logits(logits, batch["labels"].to(logits.dtype))}
