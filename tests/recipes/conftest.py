"""Storybook cut to a hundred scenes a split, and features kept apart from the real ones."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.recipes import captioner, gan, image_encoders, scene_classifier, vae
from cmlearn.training.feature_cache import precompute_features


def first_hundred(split: str) -> CaptionedPictures:
    whole, rows = load_storybook(split), slice(0, 100)
    return CaptionedPictures(
        whole.name, whole.images[rows], whole.captions[rows], whole.image_ids[rows],
        whole.scenes[rows] if whole.scenes else None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (captioner, gan, image_encoders, scene_classifier, vae):
        monkeypatch.setattr(module, "load_storybook", first_hundred)
    apart = partial(precompute_features, folder=tmp_path)
    monkeypatch.setattr(image_encoders, "precompute_features", apart)
