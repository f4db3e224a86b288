"""Tests of cmlearn.recipes.vqa."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.programs import ANSWERS, TYPES
from cmlearn.data.storybook.scene import has_novel_pair
from cmlearn.models.vqa import VQA, VQAConfig
from cmlearn.recipes import vqa
from cmlearn.training.checkpoint import load_checkpoint

TINY = vqa.VQARecipe(4, questions=5_000, batch_size=16, dim=16, num_blocks=1)


def test_training_writes_a_checkpoint_and_no_leftovers(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(vqa, "SCORED", 300)
    vqa.train(tmp_path / "vqa", seed=0, recipe=TINY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vqa.json", "vqa.safetensors"]
    model, info = load_checkpoint(tmp_path / "vqa", VQA, VQAConfig)
    assert model.config.num_answers == len(ANSWERS)
    assert info.vocabulary is not None and len(info.vocabulary) == model.config.vocab_size
    wanted = {"test", "novel", "new_wording", *(f"test_{name}" for name in TYPES)}
    assert set(info.scores) == wanted


def test_the_same_seed_trains_the_same_weights() -> None:
    data = load_storybook("val", edition=2)
    first, second, other = (vqa.train_vqa(data, TINY, seed)[0].state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["answer_token"], other["answer_token"])


def test_a_network_has_at_most_two_million_weights() -> None:
    recipe = vqa.LONG
    config = VQAConfig(120, len(ANSWERS), 24, dim=recipe.dim, num_blocks=recipe.num_blocks)
    assert sum(weight.numel() for weight in VQA(config).parameters()) < 2_000_000


def test_novel_pictures_have_unseen_pairs_alone() -> None:
    pictures, scenes = vqa.scored_pictures("novel")
    assert len(pictures) == len(scenes) > 500
    assert all(has_novel_pair(thing) for scene in scenes for thing in scene.things)
    with pytest.raises(ValueError, match="split"):
        vqa.scored_pictures("nowhere")
