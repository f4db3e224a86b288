"""A small convolutional network that classifies what stands in each slot of a scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.data.images import to_tensor
from cmlearn.models.augmentation import HueRotation, RandomDegradation
from cmlearn.models.device import device_of

INPUT_SIZE = 32  # pixels; every image is resized to this first
# (top, left) in pixels of the six slots, in each of which one object may stand.
WINDOWS = tuple((top, left) for top in (0, 16) for left in (0, 11, 22))
WINDOW_HEIGHT, WINDOW_WIDTH = 16, 10
TARGETS = ("kind", "colour", "size", "sky", "ground")
IGNORE = -100  # the colour and size of an empty slot: cross-entropy leaves it out


@dataclass(frozen=True)
class SceneClassifierConfig:
    """The sizes of a scene classifier.

    Attributes:
        num_kinds: kinds of objects; class 0 is added for an empty slot.
        num_colours: colours of objects.
        num_sizes: sizes of objects.
        num_skies: skies.
        num_grounds: grounds.
        width: channels of the first convolution; each of the next two doubles them.
        hidden_dim: features of a slot, or of the background, before the linear heads.
    """

    num_kinds: int
    num_colours: int
    num_sizes: int
    num_skies: int
    num_grounds: int
    width: int = 16
    hidden_dim: int = 64


class SceneClassifier(nn.Module):
    """Three branches, each limited to the input that its targets need.

    Kind and size are classified from the crop of a slot, by convolutions trained under random hue
    rotation. Colour is classified by 1 × 1 convolutions, which cannot detect shapes. So a new
    combination of kind and colour is as easy as a common one. Sky and ground are classified from
    a low-resolution version of the whole image.

    Args:
        config: the sizes.
    """

    def __init__(self, config: SceneClassifierConfig) -> None:
        super().__init__()
        self.config = config
        width, hidden_dim = config.width, config.hidden_dim
        self.degradation = RandomDegradation()
        self.shape = nn.Sequential(
            HueRotation(),
            *_convolution(3, width, stride=1),
            *_convolution(width, 2 * width, stride=2),
            *_convolution(2 * width, 4 * width, stride=2),
            nn.Flatten(),
            nn.Linear(4 * width * 4 * 3, hidden_dim),  # a slot's grid is 4 × 3
            nn.ReLU(),
        )
        self.kind = nn.Linear(hidden_dim, config.num_kinds + 1)
        self.size = nn.Linear(hidden_dim, config.num_sizes)
        self.colour = nn.Sequential(
            nn.AvgPool2d(2),  # halves the noise
            nn.Conv2d(3, hidden_dim, 1),
            nn.ReLU(),
            nn.Conv2d(hidden_dim, hidden_dim, 1),
            nn.ReLU(),
            nn.Conv2d(hidden_dim, config.num_colours, 1),
        )
        self.backdrop = nn.Sequential(
            nn.AvgPool2d(4),
            nn.Flatten(),
            nn.Linear(3 * (INPUT_SIZE // 4) ** 2, hidden_dim),
            nn.ReLU(),
        )
        self.sky = nn.Linear(hidden_dim, config.num_skies)
        self.ground = nn.Linear(hidden_dim, config.num_grounds)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Classify the six slots and the background of each image.

        Args:
            images: (B, 3, 32, 32) float from `prepare`.

        Returns:
            Logits: "kind" (B, 6, num_kinds + 1), "colour" (B, 6, num_colours), "size" (B, 6,
            num_sizes), "sky" (B, num_skies) and "ground" (B, num_grounds). Kind 0 is an empty slot.
        """
        images = self.degradation(images)
        # (B, 3, 32, 32) -> (6 · B, 3, 16, 10)
        crops = torch.cat([_window(images, top, left) for top, left in WINDOWS])
        shape, backdrop = self.shape(crops), self.backdrop(images)
        # A soft maximum over the pixels: an object covers only a part of its slot.
        colour = self.colour(crops).flatten(2).logsumexp(2)
        of_slots = {"kind": self.kind(shape), "colour": colour, "size": self.size(shape)}
        by_image = {
            name: logits.unflatten(0, (len(WINDOWS), -1)).transpose(0, 1)  # -> (B, 6, classes)
            for name, logits in of_slots.items()
        }
        return {**by_image, "sky": self.sky(backdrop), "ground": self.ground(backdrop)}


def _convolution(in_channels: int, channels: int, stride: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(channels), nn.ReLU()


def _window(images: Tensor, top: int, left: int) -> Tensor:
    return images[:, :, top : top + WINDOW_HEIGHT, left : left + WINDOW_WIDTH]


def prepare(images: Tensor) -> Tensor:
    """Prepare images for the classifier: uint8 (B, H, W, 3) -> float32 (B, 3, 32, 32), -1 to 1.

    Larger images are averaged down, smaller ones are enlarged by bicubic interpolation, which may
    exceed the range slightly.
    """
    pixels = to_tensor(images) * 2 - 1
    if pixels.shape[-1] > INPUT_SIZE:
        return F.interpolate(pixels, size=(INPUT_SIZE, INPUT_SIZE), mode="area")
    if pixels.shape[-1] < INPUT_SIZE:
        return F.interpolate(pixels, size=(INPUT_SIZE, INPUT_SIZE), mode="bicubic")
    return pixels


def scene_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The sum of the cross-entropies of all targets, in nats.

    Args:
        model: prepared images -> logits by name.
        batch: "images" uint8 (B, H, W, 3); "kind", "colour" and "size" int64 (B, 6), "sky" and
            "ground" int64 (B,), as `to_slots` returns them.

    Returns:
        loss: the sum of the other terms.
        kind: the mean cross-entropy over all slots.
        colour, size: the means over slots that are not empty.
        sky, ground: the means over images.
    """
    logits = model(prepare(batch["images"]))
    terms = {
        name: F.cross_entropy(
            logits[name].flatten(0, -2), batch[name].flatten(), ignore_index=IGNORE
        )
        for name in TARGETS
    }
    return {"loss": torch.stack([*terms.values()]).sum(), **terms}


@torch.no_grad()
def predict_slots(model: SceneClassifier, images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Predict the contents of images, with a confidence for each image.

    Args:
        model: in eval mode.
        images: (B, 3, 32, 32) float from `prepare`.

    Returns:
        The most probable classes by name, int64: kind, colour and size (B, 6), sky and ground
        (B,); colour and size of an empty slot have no meaning. And the confidence (B,): the lowest
        probability, 0 to 1, of the predicted classes that count.
    """
    logits = model(images.to(device_of(model)))
    probabilities = {name: each.softmax(-1).max(-1) for name, each in logits.items()}
    classes = {name: best.indices for name, best in probabilities.items()}
    sure = {name: best.values for name, best in probabilities.items()}
    empty = classes["kind"] == 0
    of_slots = [sure["kind"], *(sure[name].masked_fill(empty, 1) for name in ("colour", "size"))]
    least = torch.stack(of_slots).amin(dim=(0, 2))  # (3, B, 6) -> (B,)
    return classes, torch.minimum(least, torch.minimum(sure["sky"], sure["ground"]))
