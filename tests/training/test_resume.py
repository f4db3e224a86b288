"""Tests of cmlearn.training.resume."""

from pathlib import Path

import pytest
import torch
from torch import nn

from cmlearn.training.resume import (
    State,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)


def state_at(step: int) -> State:
    return State({"model": {"a:b": torch.full((2, 3), float(step))}}, {}, {"step": step})


def test_the_latest_state_comes_back_and_replaces_the_earlier(tmp_path: Path) -> None:
    assert load_state(tmp_path) is None
    for step in (1, 2):
        save_state(tmp_path, step, state_at(step))
    state = load_state(tmp_path)
    assert state is not None and state.notes == {"step": 2}
    assert torch.equal(state.weights["model"]["a:b"], torch.full((2, 3), 2.0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.json", "step-2.safetensors"]


def test_a_kill_between_the_two_files_leaves_the_earlier_state(tmp_path: Path) -> None:
    save_state(tmp_path, 1, state_at(1))
    (tmp_path / "step-2.safetensors").write_bytes(b"half a file")
    state = load_state(tmp_path)
    assert state is not None and state.notes == {"step": 1}


@pytest.mark.parametrize("name", ["state.json", "step-1.safetensors"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    save_state(tmp_path, 1, state_at(1))
    (tmp_path / name).write_bytes(b"[")
    with pytest.raises(ValueError, match=f"{tmp_path.name} is damaged.*delete it"):
        load_state(tmp_path)


def test_a_restored_optimiser_takes_the_same_step(tmp_path: Path) -> None:
    def new() -> tuple[nn.Linear, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        return model, torch.optim.AdamW(model.parameters(), 0.1)

    def step(model: nn.Linear, optimiser: torch.optim.Optimizer, scale: float) -> None:
        optimiser.zero_grad()
        (scale * model(torch.ones(1, 3)).square().sum()).backward()
        optimiser.step()

    model, optimiser = new()
    step(model, optimiser, 1.0)
    weights = {"model": model.state_dict()}
    save_state(tmp_path, 1, State(weights, optimiser_tensors(optimiser), {}))
    state = load_state(tmp_path)
    assert state is not None
    other, fresh = new()
    other.load_state_dict(state.weights["model"])
    restore_optimiser(fresh, state.optimiser)
    step(model, optimiser, 5.0)
    step(other, fresh, 5.0)
    assert torch.equal(model.weight, other.weight)


def test_a_fused_optimiser_continues_in_the_memory_format_of_its_weights(tmp_path: Path) -> None:
    def new() -> tuple[nn.Conv2d, torch.optim.Adam]:
        torch.manual_seed(0)
        model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return model, torch.optim.Adam(model.parameters(), 0.1, fused=True)

    def step(model: nn.Conv2d, optimiser: torch.optim.Adam, scale: float) -> None:
        optimiser.zero_grad()
        image = torch.arange(75.0).view(1, 3, 5, 5) / 75
        (scale * model(image).square().sum()).backward()
        optimiser.step()

    model, optimiser = new()
    step(model, optimiser, 1.0)
    save_state(tmp_path, 1, State({"model": model.state_dict()}, optimiser_tensors(optimiser), {}))
    state = load_state(tmp_path)
    assert state is not None
    other, fresh = new()
    other.load_state_dict(state.weights["model"])
    restore_optimiser(fresh, state.optimiser)
    step(model, optimiser, 5.0)
    step(other, fresh, 5.0)
    assert torch.equal(model.weight, other.weight)
