"""The number of threads, the seeds: what makes a run come out the same twice."""

import random
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


def set_threads(count: int) -> None:
    """Let torch and OpenCV use `count` threads.

    One thread gives the same numbers on every run, and two threads on a machine that is busy
    with something else can take many times as long as one.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1 thread, got {count}")
    torch.set_num_threads(count)
    cv2.setNumThreads(count)


def channels_last(model: Model) -> Model:
    """Lay a model's kernels out so that convolutions on a CPU are faster; return the model."""
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def seeded_generator(seed: int) -> torch.Generator:
    """Return a new CPU generator that starts at `seed`."""
    return torch.Generator().manual_seed(seed)


def seed_all(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch.

    Layers draw their first weights, and dropout its masks, from torch's global generator: call
    this once, before the model is built. Everything of our own takes a generator instead.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
