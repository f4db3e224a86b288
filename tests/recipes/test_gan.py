"""Tests of cmlearn.recipes.gan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.models.gan import GANConfig, Generator
from cmlearn.recipes import gan
from cmlearn.training.checkpoint import load_checkpoint

TINY = replace(gan.STICKERS, pretraining_steps=3, steps=4, batch_size=4)


def test_training_writes_a_checkpoint_and_no_leftovers(tmp_path: Path) -> None:
    gan.train(tmp_path / "gan", seed=0, recipe=TINY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gan.json", "gan.safetensors"]
    model, info = load_checkpoint(tmp_path / "gan", Generator, GANConfig)
    assert model.config.vocab_size == len(info.vocabulary or ())
    names = ("kind", "colour", "size", "all", "unreadable")
    assert set(info.scores) == {f"{name}_{split}" for name in names for split in ("test", "novel")}
    assert info.scores["all_test"] < 0.2  # after four steps


def test_a_killed_training_ends_with_the_same_weights(tmp_path: Path, monkeypatch) -> None:
    data = gan.load_stickers("train")
    whole, _ = gan.train_gan(data, TINY, 0)

    def kill(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    def saving_often(*args, **options):
        return fit(*args, save_every=1, **options)

    fit = gan.fit_gan
    monkeypatch.setattr(gan, "fit_gan", saving_often)
    with pytest.raises(KeyboardInterrupt):
        gan.train_gan(data, TINY, 0, tmp_path, kill)
    again, _ = gan.train_gan(data, TINY, 0, tmp_path)
    pairs = zip(whole.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_batch_that_cannot_be_parted_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size: a multiple of 4"):
        replace(TINY, batch_size=6)


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="32 × 32"):
        gan.train_gan(load_storybook("val"), TINY, 0)
