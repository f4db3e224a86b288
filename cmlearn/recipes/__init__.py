"""How each shipped checkpoint was trained: `python -m cmlearn train NAME` trains it anew."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from cmlearn.data.folders import checkpoint_folder
from cmlearn.training.runtime import set_threads

# Each is a module of this folder with `train(path, seed)`. Later ones need the earlier ones.
NAMES = (
    "resnet18", "vae", "vae_bert", "captioner", "judge", "two_streams", "captioner_two_streams"
)  # fmt: skip
UNSHIPPED = ("gan",)  # recipes of which no checkpoint ships


def train(name: str, folder: Path | None = None, seed: int = 0) -> None:
    """Train one of `NAMES` or `UNSHIPPED`, and write it to `folder`.

    Args:
        name: which one.
        folder: by default where the shipped ones lie.
        seed: of the training.

    Raises:
        ValueError: there is no such recipe.
    """
    known = (*NAMES, *UNSHIPPED)
    if name not in known:
        raise ValueError(f"name: {name!r} is none of the recipes: {', '.join(known)}")
    set_threads(1)  # sums of several threads round differently
    recipe = import_module(f"cmlearn.recipes.{name}")
    recipe.train((folder or checkpoint_folder()) / name, seed)
