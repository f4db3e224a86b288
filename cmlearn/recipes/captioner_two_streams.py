"""The recipe of the LSTM captioner on the features of the eye of two streams."""

from __future__ import annotations

from pathlib import Path

from cmlearn.recipes import captioner
from cmlearn.recipes.captioner import BATCH_SIZE, LEARNING_RATE, STEPS

__all__ = ["BATCH_SIZE", "LEARNING_RATE", "STEPS", "train"]


def train(path: Path, seed: int) -> None:
    """Train as `recipes.captioner` does; write `path`.safetensors and `path`.json."""
    captioner.train(path, seed, eye="two_streams")
