"""How each shipped checkpoint was trained: `python -m cmlearn train NAME` trains it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.labels import multi_hot
from cmlearn.data.storybook import load_storybook
from cmlearn.models.resnet import ResNet18, ResNetConfig, label_loss, prepare
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import generator, seed_all

SEED = 0


def train(name: str, folder: Path | None = None) -> None:
    """Train one of `RECIPES` and write it to `folder` (by default where the shipped ones lie).

    Raises:
        ValueError: there is no such recipe.
    """
    if name not in RECIPES:
        raise ValueError(f"name: {name!r} is none of the checkpoints: {', '.join(RECIPES)}")
    seed_all(SEED)
    RECIPES[name]((folder or checkpoint_folder()) / name)


def train_resnet18(path: Path) -> None:
    """ResNet-18 that names what is in a picture; its features feed notebooks 04 and 05."""
    recipe = {"split": "train", "steps": 600, "batch_size": 64, "learning_rate": 2e-3}
    config = ResNetConfig()
    model = ResNet18(config).to(memory_format=torch.channels_last)
    data = load_storybook("train")
    arrays = {"images": data.images, "labels": torch.from_numpy(multi_hot(data.scenes or ()))}
    batches = shuffled_batches(arrays, int(recipe["batch_size"]), generator(SEED))
    steps, rate = int(recipe["steps"]), float(recipe["learning_rate"])
    fit(model, label_loss, batches, steps=steps, learning_rate=rate, description="resnet18")
    scores = {f"exact_{split}": label_accuracy(model, split) for split in ("test", "novel")}
    save_checkpoint(path, model, config, recipe=recipe, seed=SEED, scores=scores, half=True)


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


RECIPES: dict[str, Callable[[Path], None]] = {"resnet18": train_resnet18}
