"""Tests of cmlearn.recipes.flow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cmlearn.models.flow import Flow, FlowConfig
from cmlearn.recipes import flow
from cmlearn.training.checkpoint import load_checkpoint

TINY = {"dim": 16, "num_blocks": 1, "steps": 4, "batch_size": 4}
SPLITS = ("test", "novel", "typed")
SCENES = replace(flow.SCENES, fast=False, **TINY)


def test_training_on_scenes_writes_a_checkpoint_and_no_leftovers(tmp_path: Path) -> None:
    flow.train(tmp_path / "flow", seed=0, recipe=SCENES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flow.json", "flow.safetensors"]
    model, info = load_checkpoint(tmp_path / "flow", Flow, FlowConfig)
    assert model.config.image_size == 64 and info.vocabulary is not None
    splits = {f"{kind}_{split}" for kind in ("true", "strict") for split in SPLITS}
    assert set(info.scores) == splits | {f"strict_test_{n}" for n in (1, 2, 3)}


def test_the_first_caption_stands_among_the_others_as_often_as_asked(monkeypatch) -> None:
    data = flow.load_storybook("val", edition=2)
    seen = []

    def first_batch(images, tokens, *rest):
        seen.append(tokens)
        raise KeyboardInterrupt

    monkeypatch.setattr(flow, "flow_batch", first_batch)
    for share in (1, 4):
        with pytest.raises(KeyboardInterrupt):
            flow.train_flow(data, replace(SCENES, first_share=share), 0)
    plain, weighted = seen
    assert weighted.shape[1] == plain.shape[1] + 3
    assert torch.equal(weighted[:, 3:], plain)
    assert all(torch.equal(weighted[:, n], plain[:, 0]) for n in range(4))


def test_a_killed_training_ends_with_the_same_weights(tmp_path: Path, monkeypatch) -> None:
    data = flow.load_storybook("train")
    whole, _ = flow.train_flow(data, SCENES, 0)

    def kill(step: int, model: Flow) -> None:
        if step == 3:
            raise KeyboardInterrupt

    def saving_often(*args, **options):
        return fit(*args, save_every=1, **options)

    fit = flow.fit_resumable
    monkeypatch.setattr(flow, "fit_resumable", saving_often)
    with pytest.raises(KeyboardInterrupt):
        flow.train_flow(data, SCENES, 0, tmp_path, kill)
    again, _ = flow.train_flow(data, SCENES, 0, tmp_path)
    pairs = zip(whole.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_stickers_are_trained_on_and_scored(monkeypatch) -> None:
    monkeypatch.setattr(flow, "STICKERS", replace(flow.STICKERS, **TINY))
    scores = flow.notebook_scores(seed=1)
    names = ("kind", "colour", "size", "all", "unreadable")
    assert set(scores) == {f"{name}_{split}" for name in names for split in ("test", "novel")}
    assert scores["all_test"] < 0.2  # after four steps


def test_each_weight_has_one_optimiser() -> None:
    model = Flow(FlowConfig(9, dim=16, num_blocks=1))
    optimisers = flow.flow_optimisers(model, flow.STICKERS)
    taken = [id(w) for each in optimisers.values() for w in each.param_groups[0]["params"]]
    assert sorted(taken) == sorted(id(weight) for weight in model.parameters())


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="32 × 32"):
        flow.train_flow(flow.load_storybook("val"), flow.STICKERS, 0)
