"""Storybook cut to a hundred scenes a split, and features kept apart from the real ones."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.stickers import load_stickers
from cmlearn.recipes import captioner, flow, gan, image_encoders, scene_classifier, vae
from cmlearn.training.feature_cache import precompute_features


def first_hundred(split: str, edition: int = 1) -> CaptionedPictures:
    return _first(load_storybook(split, edition=edition))


def first_hundred_stickers(split: str) -> CaptionedPictures:
    return _first(load_stickers(split))


def _first(whole: CaptionedPictures) -> CaptionedPictures:
    rows = slice(0, 100)
    return CaptionedPictures(
        whole.name, whole.images[rows], whole.captions[rows], whole.image_ids[rows],
        whole.scenes[rows] if whole.scenes else None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (captioner, flow, image_encoders, scene_classifier, vae):
        monkeypatch.setattr(module, "load_storybook", first_hundred)
    for module in (flow, gan):
        monkeypatch.setattr(module, "load_stickers", first_hundred_stickers)
    apart = partial(precompute_features, folder=tmp_path)
    monkeypatch.setattr(image_encoders, "precompute_features", apart)
