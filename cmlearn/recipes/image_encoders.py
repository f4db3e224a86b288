"""Training recipes of the image encoders, and the features of the shipped ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.scene import COLOURS, KINDS, SIZES
from cmlearn.data.storybook.targets import LABELS, multi_hot
from cmlearn.models import resnet, two_stream_encoder
from cmlearn.models.device import device_of
from cmlearn.models.resnet import ResNet18, ResNetConfig, label_loss
from cmlearn.models.two_stream_encoder import TwoStreamConfig, TwoStreamEncoder, two_stream_loss
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import load_checkpoint, save_checkpoint
from cmlearn.training.feature_cache import precompute_features
from cmlearn.training.loop import Objective, fit
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator


@dataclass(frozen=True)
class EncoderRecipe:
    """Training settings of an image encoder, which learns to predict the labels of a scene.

    Attributes:
        steps: number of optimiser steps.
        learning_rate: the peak learning rate.
        batch_size: images in a batch.
    """

    steps: int
    learning_rate: float
    batch_size: int = 64


SHIPPED_RESNET = EncoderRecipe(600, 2e-3)
SHIPPED_TWO_STREAM = EncoderRecipe(1000, 4e-3)


class ImageEncoder(NamedTuple):
    """The classes and the preprocessing of an image encoder.

    Attributes:
        build: class of the model; `build(config).features(images)` returns (grid, pooled).
        config: class of the configuration.
        prepare: preprocessing, from uint8 (B, H, W, 3) to the input of the model.
    """

    build: Callable[[Any], nn.Module]
    config: type
    prepare: Callable[[Tensor], Tensor]


IMAGE_ENCODERS: Mapping[str, ImageEncoder] = {
    "resnet18": ImageEncoder(ResNet18, ResNetConfig, resnet.prepare),
    "two_stream_encoder": ImageEncoder(
        TwoStreamEncoder, TwoStreamConfig, two_stream_encoder.prepare
    ),
}


def grid_features(split: str, encoder: str = "resnet18") -> Tensor:
    """Return the grid features of a Storybook split; they are computed only once.

    Args:
        split: "train", "val", "test" or "novel".
        encoder: name of a shipped image encoder, a key of `IMAGE_ENCODERS`.

    Returns:
        (N, channels, 4, 4) float16.

    Raises:
        ValueError: there is no such encoder.
        FileNotFoundError: the checkpoint of the encoder is missing.
    """
    if encoder not in IMAGE_ENCODERS:
        raise ValueError(
            f"encoder: {encoder!r} is unknown; choose one of {', '.join(IMAGE_ENCODERS)}"
        )
    build, config, prepare = IMAGE_ENCODERS[encoder]
    network, _ = load_checkpoint(checkpoint_folder() / encoder, build, config, choose_device())
    # The name that notebook 05 uses for the same features, so that they are computed only once.
    name = f"storybook-{split}" if encoder == "resnet18" else f"storybook-{split}-{encoder}"
    images = load_storybook(split).images
    features = precompute_features(channels_last(network), prepare, images, name)
    return torch.tensor(features.grid)


def train_resnet18(path: Path, seed: int, recipe: EncoderRecipe = SHIPPED_RESNET) -> None:
    """Train a ResNet-18 to predict the labels; write `path`.safetensors and `path`.json."""
    seed_all(seed)
    model = channels_last(ResNet18(ResNetConfig())).to(choose_device())
    _fit(model, label_loss, recipe, seed)
    scores = {f"exact_{split}": label_accuracy(model, split) for split in ("test", "novel")}
    _save(path, model, recipe, seed, scores)


def storybook_two_streams() -> TwoStreamConfig:
    """Return the sizes for Storybook: kinds and sizes are shapes, all other labels are colours."""
    shapes = tuple(n for n, word in enumerate(LABELS) if word in KINDS + SIZES)
    return TwoStreamConfig(shapes, tuple(n for n in range(len(LABELS)) if n not in shapes))


def train_two_stream(path: Path, seed: int, recipe: EncoderRecipe = SHIPPED_TWO_STREAM) -> None:
    """Train a two-stream encoder on the same labels; write `path`.safetensors and `path`.json."""
    seed_all(seed)
    model = channels_last(TwoStreamEncoder(storybook_two_streams())).to(choose_device())
    _fit(model, two_stream_loss, recipe, seed)
    _save(path, model, recipe, seed, two_stream_scores(model))


def _fit(model: nn.Module, objective: Objective, recipe: EncoderRecipe, seed: int) -> None:
    data = load_storybook("train")
    labels = torch.from_numpy(multi_hot(data.known_scenes))
    arrays: dict[str, Tensor | np.ndarray] = {"images": data.images, "labels": labels}
    batches = shuffled_batches(arrays, recipe.batch_size, seeded_generator(seed))
    fit(
        model,
        objective,
        batches,
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        description=type(model).__name__,
    )


def _save(
    path: Path, model: Any, recipe: EncoderRecipe, seed: int, scores: Mapping[str, float]
) -> None:
    settings = {"split": "train", **asdict(recipe)}
    save_checkpoint(path, model, model.config, recipe=settings, seed=seed, scores=scores, half=True)


def label_accuracy(model: ResNet18, split: str) -> float:
    """Return the fraction of a split's images with every label predicted correctly, 0 to 1."""
    correct = _correct_labels(model, resnet.prepare, split)
    return round(float(correct.all(axis=1).mean()), 3)


def two_stream_scores(model: TwoStreamEncoder) -> dict[str, float]:
    """Return the fraction of images with every kind, and with every colour, predicted correctly.

    The keys are "kinds_test", "colours_test", "kinds_novel" and "colours_novel"; the values are in
    0 to 1.
    """
    found = {}
    for split in ("test", "novel"):
        correct = _correct_labels(model, two_stream_encoder.prepare, split)
        for name, words in {"kinds": KINDS, "colours": COLOURS}.items():
            columns = [LABELS.index(word) for word in words]
            found[f"{name}_{split}"] = round(float(correct[:, columns].all(axis=1).mean()), 3)
    return found


@torch.no_grad()
def _correct_labels(
    model: nn.Module, prepare: Callable[[Tensor], Tensor], split: str
) -> np.ndarray:
    """Return which labels a model predicts correctly: (N, num_labels) bool."""
    data = load_storybook(split)
    parts = torch.from_numpy(np.array(data.images)).tensor_split(max(1, len(data) // 100))
    logits = torch.cat([model(prepare(part.to(device_of(model)))) for part in parts])
    return (logits > 0).cpu().numpy() == (multi_hot(data.known_scenes) > 0)
