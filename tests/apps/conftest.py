"""Tiny models of random weights, saved as the checkpoints that the applications read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cmlearn.apps.pipeline import CHECKPOINTS, Pipeline
from cmlearn.models.captioner import Captioner, CaptionerConfig
from cmlearn.models.resnet import ResNet18, ResNetConfig
from cmlearn.models.text_encoders import TextEncoderConfig
from cmlearn.models.vae import TextToImageVAE, VAEConfig
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import save_checkpoint

WORDS = Vocabulary.from_captions(["a red house at night", "a blue tree left of a big boat"])


def save_tiny(folder: Path, name: str, vocabulary: tuple[str, ...] | None = WORDS.tokens) -> None:
    """Save one tiny model under the name of a shipped one."""
    torch.manual_seed(0)
    text = TextEncoderConfig(len(WORDS), embed_dim=6, condition_dim=12, hidden_dim=8)
    kind, config = {
        "vae": (TextToImageVAE, VAEConfig(text, latent_dim=4, dim=8, channels=8)),
        "resnet18": (ResNet18, ResNetConfig(num_labels=5, width=4)),
        "captioner": (
            Captioner,
            CaptionerConfig(len(WORDS), channels=16, cell_dim=3, embed_dim=7, hidden_dim=8),
        ),
    }[name]
    about = {"recipe": {"steps": 0}, "seed": 0, "scores": {}}
    words = None if name == "resnet18" else vocabulary
    save_checkpoint(folder / name, kind(config), config, vocabulary=words, **about)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints")
    for name in CHECKPOINTS:
        save_tiny(path, name)
    return path


@pytest.fixture(scope="module")
def pipeline(folder) -> Pipeline:
    return Pipeline.load(folder)


@pytest.fixture(scope="session")
def save() -> Callable[..., None]:
    return save_tiny


@pytest.fixture(scope="session")
def words() -> Vocabulary:
    return WORDS
