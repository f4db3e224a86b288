"""The recipe of the eye of two streams."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.labels import LABELS, multi_hot
from cmlearn.data.scene import COLOURS, KINDS
from cmlearn.data.storybook import load_storybook
from cmlearn.models.two_streams import TwoStreamConfig, TwoStreamEye, naming_loss, prepare
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, generator, seed_all

STEPS, BATCH_SIZE, LEARNING_RATE = 1000, 64, 4e-3


def train(path: Path, seed: int) -> None:
    """Train on the words of the scenes; write `path`.safetensors and `path`.json."""
    seed_all(seed)
    model = channels_last(TwoStreamEye(TwoStreamConfig()))
    data = load_storybook("train")
    labels = torch.from_numpy(multi_hot(data.scenes or ()))
    arrays: dict[str, Tensor | np.ndarray] = {"images": data.images, "labels": labels}
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(
        model,
        naming_loss,
        batches,
        steps=STEPS,
        learning_rate=LEARNING_RATE,
        description="two streams",
    )
    recipe: dict[str, object] = {"split": "train", "steps": STEPS, "batch_size": BATCH_SIZE}
    recipe |= {"learning_rate": LEARNING_RATE}
    save_checkpoint(
        path, model, model.config, recipe=recipe, seed=seed, scores=scores(model), half=True
    )


@torch.no_grad()
def scores(model: TwoStreamEye) -> dict[str, float]:
    """Share of a split's pictures in which every kind is named and no other; and every colour."""
    found = {}
    for split in ("test", "novel"):
        data = load_storybook(split)
        labels = multi_hot(data.scenes or ()) > 0
        parts = np.array_split(data.images, 4)
        logits = torch.cat([model(prepare(torch.from_numpy(part.copy()))) for part in parts])
        right = (logits > 0).numpy() == labels
        for name, words in {"kinds": KINDS, "colours": COLOURS}.items():
            rows = [LABELS.index(word) for word in words]
            found[f"{name}_{split}"] = round(float(right[:, rows].all(axis=1).mean()), 3)
    return found
