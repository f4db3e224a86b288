"""The recipe of the scene classifier, which predicts what stands in each slot of a picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.targets import to_slots
from cmlearn.evaluation.scene_parser import classifier_parser
from cmlearn.models.scene_classifier import SceneClassifier, SceneClassifierConfig, scene_loss
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator


@dataclass(frozen=True)
class ClassifierRecipe:
    """How a scene classifier is trained.

    Attributes:
        steps: batches.
        learning_rate: the highest learning rate.
        batch_size: pictures in a batch.
    """

    steps: int
    learning_rate: float = 3e-3
    batch_size: int = 64


SHIPPED = ClassifierRecipe(1000)


def train(path: Path, seed: int, recipe: ClassifierRecipe = SHIPPED) -> None:
    """Train on the training scenes alone; write `path`.safetensors and `path`.json."""
    seed_all(seed)
    model = channels_last(SceneClassifier(SceneClassifierConfig())).to(choose_device())
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
    told = {"split": "train", **asdict(recipe)}
    save_checkpoint(path, model, model.config, recipe=told, seed=seed, scores=scores, half=True)


def exact_scenes(model: SceneClassifier, split: str) -> float:
    """Share of a split's pictures whose whole scene is predicted rightly."""
    data = load_storybook(split)
    parsed = classifier_parser(model)(data.images)
    pairs = zip(parsed, data.known_scenes, strict=True)
    exact = [found is not None and found.content == scene.content for found, scene in pairs]
    return round(float(np.mean(exact)), 3)
