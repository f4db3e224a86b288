"""The recipe of the ResNet-18 that names what is in a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.labels import multi_hot
from cmlearn.data.storybook import load_storybook
from cmlearn.models.resnet import ResNet18, ResNetConfig, label_loss, prepare
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, generator, seed_all

STEPS, BATCH_SIZE, LEARNING_RATE = 600, 64, 2e-3


def train(path: Path, seed: int) -> None:
    """Train on the words of the scenes; write `path`.safetensors and `path`.json."""
    seed_all(seed)
    config = ResNetConfig()
    model = channels_last(ResNet18(config))
    data = load_storybook("train")
    labels = torch.from_numpy(multi_hot(data.scenes or ()))
    arrays: dict[str, Tensor | np.ndarray] = {"images": data.images, "labels": labels}
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(
        model, label_loss, batches, steps=STEPS, learning_rate=LEARNING_RATE, description="resnet18"
    )
    scores = {f"exact_{split}": label_accuracy(model, split) for split in ("test", "novel")}
    recipe: dict[str, object] = {"split": "train", "steps": STEPS, "batch_size": BATCH_SIZE}
    recipe |= {"learning_rate": LEARNING_RATE}
    save_checkpoint(path, model, config, recipe=recipe, seed=seed, scores=scores, half=True)


@torch.no_grad()
def label_accuracy(model: ResNet18, split: str) -> float:
    """Share of a split's pictures with every label right."""
    data = load_storybook(split)
    labels = torch.from_numpy(multi_hot(data.scenes or ())) > 0
    exact: list[Tensor] = []
    for rows in np.array_split(np.arange(len(data)), max(1, len(data) // 100)):
        logits = model(prepare(torch.from_numpy(data.images[rows])))
        exact.append(((logits > 0) == labels[rows]).all(dim=1))
    return round(float(torch.cat(exact).float().mean()), 3)
