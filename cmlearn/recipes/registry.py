"""The recipe of every checkpoint, by the name of the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmlearn.data.folders import checkpoint_folder
from cmlearn.recipes import captioner, flow, gan, image_encoders, scene_classifier, vae, vqa
from cmlearn.training.runtime import setup


@dataclass(frozen=True)
class Recipe:
    """How to train a checkpoint.

    Attributes:
        run: `run(path, seed, settings)` writes `path`.safetensors and `path`.json.
        settings: a frozen dataclass with steps, learning rates and batch sizes.
        ships: whether the checkpoint is part of the repository.
    """

    run: Callable[[Path, int, Any], None]
    settings: Any
    ships: bool = True


# In order of training: later recipes load the checkpoints of earlier ones.
RECIPES: Mapping[str, Recipe] = {
    "resnet18": Recipe(image_encoders.train_resnet18, image_encoders.SHIPPED_RESNET),
    "vae": Recipe(vae.train, vae.SHIPPED),
    "vae_bert": Recipe(vae.train_on_bert, vae.SHIPPED),
    "captioner": Recipe(captioner.train, captioner.SHIPPED),
    "scene_classifier": Recipe(scene_classifier.train, scene_classifier.SHIPPED),
    "two_stream_encoder": Recipe(
        image_encoders.train_two_stream, image_encoders.SHIPPED_TWO_STREAM
    ),
    "captioner_two_stream": Recipe(captioner.train, captioner.SHIPPED_TWO_STREAM),
    "gan": Recipe(gan.train, gan.STICKERS, ships=False),
    "flow": Recipe(flow.train, flow.SCENES),
    "vqa": Recipe(vqa.train, vqa.LONG, ships=False),
}


def train(name: str, folder: Path | None = None, seed: int = 0) -> None:
    """Run a recipe on the device of `choose_device` and write its checkpoint to `folder`.

    Args:
        name: a key of `RECIPES`.
        folder: by default that of the shipped checkpoints.
        seed: the seed of the training.

    Raises:
        ValueError: there is no such recipe, or no device that CMLEARN_DEVICE names.
    """
    if name not in RECIPES:
        raise ValueError(f"name: no recipe {name!r}; choose one of {', '.join(RECIPES)}")
    setup(threads=1)  # results depend on the number of threads: rounding differs
    recipe = RECIPES[name]
    recipe.run((folder or checkpoint_folder()) / name, seed, recipe.settings)
