"""The recipe of the learned judge, which reads scenes off pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.places import to_places
from cmlearn.data.storybook import load_storybook
from cmlearn.evaluation.learned_reader import learned_reader
from cmlearn.models.judge import Judge, JudgeConfig, judge_loss
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, generator, seed_all

STEPS, BATCH_SIZE, LEARNING_RATE = 1000, 64, 3e-3


def train(path: Path, seed: int) -> None:
    """Train on the training scenes alone; write `path`.safetensors and `path`.json."""
    seed_all(seed)
    config = JudgeConfig()
    model = channels_last(Judge(config))
    data = load_storybook("train")
    targets = {k: torch.from_numpy(v) for k, v in to_places(data.scenes or ()).items()}
    arrays: dict[str, Tensor | np.ndarray] = {"images": data.images, **targets}
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(model, judge_loss, batches, steps=STEPS, learning_rate=LEARNING_RATE, description="judge")
    scores = {f"exact_{split}": exact_scenes(model, split) for split in ("test", "novel")}
    recipe: dict[str, object] = {"split": "train", "steps": STEPS, "batch_size": BATCH_SIZE}
    recipe |= {"learning_rate": LEARNING_RATE}
    save_checkpoint(path, model, config, recipe=recipe, seed=seed, scores=scores, half=True)


def exact_scenes(model: Judge, split: str) -> float:
    """Share of a split's pictures whose scene is read without a mistake."""
    data = load_storybook(split)
    readings = learned_reader(model)(data.images)
    pairs = zip(readings, data.scenes or (), strict=True)
    exact = [read is not None and read.content == scene.content for read, scene in pairs]
    return round(float(np.mean(exact)), 3)
