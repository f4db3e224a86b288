"""Tests of cmlearn.training.resumable_loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cmlearn.training.gan_loop import moving_average
from cmlearn.training.muon import Muon
from cmlearn.training.resumable_loop import fit_resumable, step_generator, trapezoid

STEPS = 7


def objective(model: nn.Module, batch: dict) -> dict:
    return {"loss": (model(batch["x"]) - batch["x"].flip(1)[:, :2]).square().mean()}


def draw(rng: torch.Generator) -> dict:
    return {"x": torch.randn(5, 3, generator=rng)}


def run(
    folder: Path | None = None,
    on_step: Callable[[int], object] | None = None,
    **settings: int,
) -> tuple[list[torch.Tensor], dict]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    average = moving_average(model, 0.9)
    others = [*model[0].parameters(), model[2].bias]
    optimisers = {"muon": Muon([model[2].weight], 0.1), "adamw": torch.optim.AdamW(others, 0.05)}
    steps = settings.pop("steps", STEPS)
    history = fit_resumable(
        model, objective, draw, optimisers, average,
        steps=steps, seed=3, folder=folder, save_every=2, settings=settings, on_step=on_step,
    )  # fmt: skip
    assert not model.training
    return [*model.parameters(), *average.module.parameters()], history


class KilledError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("at", [1, 3, 6])
def test_after_a_kill_the_weights_are_the_same(tmp_path: Path, at: int) -> None:
    def kill(step: int) -> None:
        if step == at:
            raise KilledError

    whole, history = run()
    with pytest.raises(KilledError):
        run(tmp_path, kill)
    seen: list[int] = []
    again, second = run(tmp_path, seen.append)
    assert all(torch.equal(a, b) for a, b in zip(whole, again, strict=True))
    assert np.array_equal(history["loss"], second["loss"])
    assert seen[-1] == STEPS and len(seen) <= STEPS + 1


def test_a_finished_training_only_loads_its_weights(tmp_path: Path) -> None:
    first, _ = run(tmp_path)
    seen: list[int] = []
    again, _ = run(tmp_path, seen.append)
    assert seen == [] and all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_the_state_of_another_training_is_refused(tmp_path: Path) -> None:
    run(tmp_path, width=1)
    with pytest.raises(ValueError, match="another width: delete"):
        run(tmp_path, width=2)
    with pytest.raises(ValueError, match="another steps"):
        run(tmp_path, width=1, steps=8)


def test_the_loss_falls_and_steps_are_counted() -> None:
    seen: list[int] = []
    _, history = run(on_step=seen.append, steps=60)
    assert history["loss"][-10:].mean() < 0.6 * history["loss"][:10].mean()
    assert seen == list(range(61))


def test_no_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="steps must be at least 1"):
        run(steps=0)


def test_the_learning_rate_rises_stays_and_falls() -> None:
    assert [trapezoid(done) for done in (0.025, 0.05, 0.4, 0.7, 1.0)] == pytest.approx(
        [0.5, 1, 1, 0.5, 0]
    )
    assert trapezoid(0) > 0


def test_steps_and_seeds_have_unrelated_generators() -> None:
    drawn = {
        torch.rand(1, generator=step_generator(seed, step)).item()
        for seed in range(5)
        for step in range(5)
    }
    assert len(drawn) == 25
