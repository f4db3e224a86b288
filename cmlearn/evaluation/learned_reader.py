"""Reads a Storybook scene off a picture by the learned judge."""

from __future__ import annotations

import numpy as np
import torch

from cmlearn.data.places import from_places
from cmlearn.data.scene import Scene
from cmlearn.evaluation.picture_truth import Reader
from cmlearn.models.judge import Judge, prepare, read_places

# Probability; a picture with an answer less sure than this cannot be read. On the val split 0.6
# refuses 0.2 % of the true pictures and half of those blended from two.
SURE = 0.6


def learned_reader(model: Judge, sure: float = SURE) -> Reader:
    """Return a judge, as `score_pictures` takes it, from a trained network.

    Args:
        model: in eval mode.
        sure: how sure every answer must be, 0 to 1, for a picture to count as read.

    Returns:
        A function of pictures (N, H, W, 3) uint8 RGB, square, of any size, that returns N scenes,
        None where the picture cannot be read. It does not read jitter and clouds.
    """

    def read(pictures: np.ndarray) -> list[Scene | None]:
        scenes: list[Scene | None] = []
        for start in range(0, len(pictures), 250):
            scenes += _read_batch(model, np.array(pictures[start : start + 250]), sure)
        return scenes

    return read


def _read_batch(model: Judge, pictures: np.ndarray, sure: float) -> list[Scene | None]:
    answers, confidence = read_places(model, prepare(torch.from_numpy(pictures)))
    scenes = from_places({name: answer.numpy() for name, answer in answers.items()})
    return [scene if c >= sure else None for scene, c in zip(scenes, confidence.tolist())]
