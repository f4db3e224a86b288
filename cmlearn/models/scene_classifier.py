"""The learned judge: a small network that reads the scene off a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.data.images import to_tensor
from cmlearn.data.storybook.scene import COLOURS, GROUNDS, KINDS, SIZES, SKIES
from cmlearn.data.storybook.targets import IGNORE
from cmlearn.models.augmentation import HueRotation, RandomDegradation
from cmlearn.models.device import device_of

INPUT_SIZE = 32  # pixels; every picture is brought to this size first


WINDOWS = tuple((top, left) for top in (0, 16) for left in (0, 11, 22))  # the six places


WINDOW_HEIGHT, WINDOW_WIDTH = 16, 10


TARGETS = ("kind", "colour", "size", "sky", "ground")


@dataclass(frozen=True)
class SceneClassifierConfig:
    """The sizes of the judge.

    Attributes:
        width: channels of the first convolution; each of the next two doubles them.
        hidden_dim: features of a place, or of the backdrop, before the answers.
    """

    width: int = 16
    hidden_dim: int = 64


class SceneClassifier(nn.Module):
    """Three readers, each of which sees only what its answers need.

    Kind and size are read from a place by convolutions that cannot rely on hues, and its colour
    pixel by pixel, which knows no shapes: so a colour that is new for a kind is as easy to read
    as any. Sky and ground are read from a coarse picture of the whole.

    Args:
        config: the sizes.
    """

    def __init__(self, config: SceneClassifierConfig) -> None:
        super().__init__()
        self.config = config
        width, hidden_dim = config.width, config.hidden_dim
        self.smudge = RandomDegradation()
        self.shape = nn.Sequential(
            HueRotation(),
            *_convolution(3, width, stride=1),
            *_convolution(width, 2 * width, stride=2),
            *_convolution(2 * width, 4 * width, stride=2),
            nn.Flatten(),
            nn.Linear(4 * width * 4 * 3, hidden_dim),  # a place has become 4 x 3
            nn.ReLU(),
        )
        self.kind = nn.Linear(hidden_dim, len(KINDS) + 1)
        self.size = nn.Linear(hidden_dim, len(SIZES))
        self.colour = nn.Sequential(
            nn.AvgPool2d(2),  # half the noise
            nn.Conv2d(3, hidden_dim, 1),
            nn.ReLU(),
            nn.Conv2d(hidden_dim, hidden_dim, 1),
            nn.ReLU(),
            nn.Conv2d(hidden_dim, len(COLOURS), 1),
        )
        self.backdrop = nn.Sequential(
            nn.AvgPool2d(4),
            nn.Flatten(),
            nn.Linear(3 * (INPUT_SIZE // 4) ** 2, hidden_dim),
            nn.ReLU(),
        )
        self.sky = nn.Linear(hidden_dim, len(SKIES))
        self.ground = nn.Linear(hidden_dim, len(GROUNDS))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the logits of every answer.

        Args:
            images: (B, 3, 32, 32) float from `prepare`.

        Returns:
            "kind" (B, 6, 10), "colour" (B, 6, 6), "size" (B, 6, 2), "sky" (B, 3) and
            "ground" (B, 4); kind 0 is nothing.
        """
        images = self.smudge(images)
        places = torch.cat([_window(images, top, left) for top, left in WINDOWS])
        shape, backdrop = self.shape(places), self.backdrop(images)
        # The pixel that says it loudest says the colour of its place.
        colour = self.colour(places).flatten(2).logsumexp(2)
        of_places = {"kind": self.kind(shape), "colour": colour, "size": self.size(shape)}
        by_picture = {
            name: logits.unflatten(0, (len(WINDOWS), -1)).transpose(0, 1)
            for name, logits in of_places.items()
        }
        return {**by_picture, "sky": self.sky(backdrop), "ground": self.ground(backdrop)}


def _convolution(in_channels: int, channels: int, stride: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(channels), nn.ReLU()


def _window(images: Tensor, top: int, left: int) -> Tensor:
    return images[:, :, top : top + WINDOW_HEIGHT, left : left + WINDOW_WIDTH]


def prepare(images: Tensor) -> Tensor:
    """Return pictures as the judge takes them: uint8 (B, H, W, 3) -> float32 (B, 3, 32, 32).

    Averaged down, or enlarged smoothly; values in [-1, 1].
    """
    pixels = to_tensor(images) * 2 - 1
    if pixels.shape[-1] > INPUT_SIZE:
        return F.interpolate(pixels, size=(INPUT_SIZE, INPUT_SIZE), mode="area")
    if pixels.shape[-1] < INPUT_SIZE:
        return F.interpolate(pixels, size=(INPUT_SIZE, INPUT_SIZE), mode="bicubic")
    return pixels


def scene_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return how wrong the judge is about its pictures.

    Args:
        model: images -> logits by name.
        batch: "images" uint8 (B, H, W, 3); "kind", "colour" and "size" (B, 6), "sky" and
            "ground" (B,), as `to_slots` writes them.

    Returns:
        loss: the sum of the others, in nats; kind: cross-entropy, the mean over places; colour
        and size: over places where something stands; sky and ground: over pictures.
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
    """Return what the judge reads off pictures, with how sure it is.

    Args:
        model: in eval mode.
        images: (B, 3, 32, 32) float from `prepare`.

    Returns:
        The likeliest answers, whole numbers in the shapes of `to_slots` (colour and size also
        where nothing stands); and (B,) the probability, 0 to 1, of the least sure answer that
        counts.
    """
    logits = model(images.to(device_of(model)))
    probabilities = {name: each.softmax(-1).max(-1) for name, each in logits.items()}
    answers = {name: best.indices for name, best in probabilities.items()}
    sure = {name: best.values for name, best in probabilities.items()}
    empty = answers["kind"] == 0
    of_places = [sure["kind"], *(sure[name].masked_fill(empty, 1) for name in ("colour", "size"))]
    least = torch.stack(of_places).amin(dim=(0, 2))
    return answers, torch.minimum(least, torch.minimum(sure["sky"], sure["ground"]))
