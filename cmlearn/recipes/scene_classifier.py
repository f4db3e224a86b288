"""The training recipe of the scene classifier, which predicts what each slot of an image holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.scene import COLOURS, GROUNDS, KINDS, SIZES, SKIES
from cmlearn.data.storybook.targets import to_slots
from cmlearn.evaluation.scene_parser import classifier_parser
from cmlearn.models.scene_classifier import SceneClassifier, SceneClassifierConfig, scene_loss
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator


@dataclass(frozen=True)
class ClassifierRecipe:
    """Training settings of a scene classifier.

    Attributes:
        steps: number of optimiser steps.
        learning_rate: the peak learning rate.
        batch_size: images in a batch.
    """

    steps: int
    learning_rate: float = 3e-3
    batch_size: int = 64


SHIPPED = ClassifierRecipe(1000)


def storybook_config() -> SceneClassifierConfig:
    """Return the sizes of a scene classifier for Storybook."""
    return SceneClassifierConfig(len(KINDS), len(COLOURS), len(SIZES), len(SKIES), len(GROUNDS))


def train(path: Path, seed: int, recipe: ClassifierRecipe = SHIPPED) -> None:
    """Train on the training split alone; write `path`.safetensors and `path`.json.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.
    """
    seed_all(seed)
    model = channels_last(SceneClassifier(storybook_config())).to(choose_device())
    data = load_storybook("train")
    targets = {k: torch.from_numpy(v) for k, v in to_slots(data.known_scenes).items()}
    arrays: dict[str, Tensor | np.ndarray] = {"images": data.images, **targets}
    fit(
        model,
        scene_loss,
        shuffled_batches(arrays, recipe.batch_size, seeded_generator(seed)),
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        description="scene classifier",
    )
    scores = {f"exact_{split}": exact_scenes(model, split) for split in ("test", "novel")}
    settings = {"split": "train", **asdict(recipe)}
    save_checkpoint(path, model, model.config, recipe=settings, seed=seed, scores=scores, half=True)


def exact_scenes(model: SceneClassifier, split: str) -> float:
    """Return the fraction of a split's images whose whole scene is predicted correctly, 0 to 1."""
    data = load_storybook(split)
    parsed = classifier_parser(model)(data.images)
    pairs = zip(parsed, data.known_scenes, strict=True)
    exact = [found is not None and found.content == scene.content for found, scene in pairs]
    return round(float(np.mean(exact)), 3)
