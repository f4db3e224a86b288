"""Every recipe by the name of the checkpoint that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmlearn.data.folders import checkpoint_folder
from cmlearn.recipes import captioner, gan, image_encoders, scene_classifier, vae
from cmlearn.training.runtime import setup


@dataclass(frozen=True)
class Recipe:
    """A training that ends in a checkpoint.

    Attributes:
        run: called with path, seed and settings; writes `path`.safetensors and `path`.json.
        settings: a frozen dataclass: steps, learning rates, sizes of batches.
        ships: whether its checkpoint comes with the course.
    """

    run: Callable[[Path, int, Any], None]
    settings: Any
    ships: bool = True


# Later ones need the checkpoints of earlier ones.
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
    "gan": Recipe(gan.train, gan.LONG, ships=False),
}


def train(name: str, folder: Path | None = None, seed: int = 0) -> None:
    """Train one of `RECIPES` on the device that `choose_device` finds; write its checkpoint.

    Args:
        name: which one.
        folder: where it is written; by default where the shipped ones lie.
        seed: of the training.

    Raises:
        ValueError: there is no such recipe, or no device that CMLEARN_DEVICE names.
    """
    if name not in RECIPES:
        raise ValueError(f"name: {name!r} is none of the recipes: {', '.join(RECIPES)}")
    setup(threads=1)  # sums of several threads round differently
    recipe = RECIPES[name]
    recipe.run((folder or checkpoint_folder()) / name, seed, recipe.settings)
