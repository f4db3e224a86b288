"""Tests of cmlearn.training.watch."""

import torch
from torch import nn

from cmlearn.training.loop import fit
from cmlearn.training.watch import watched


def test_the_same_batches_pass_and_looks_come_in_time():
    seen: list[int] = []
    batches = [{"n": torch.tensor(n)} for n in range(6)]
    assert list(watched(batches, {0, 2, 5, 99}, seen.append)) == batches
    assert seen == [0, 2, 5]


def test_a_look_sees_the_model_after_so_many_steps():
    torch.manual_seed(0)
    model, weights = nn.Linear(2, 1), []

    def look(step: int) -> None:
        weights.append((step, model.weight.detach().clone()))

    def objective(model, batch):
        return {"loss": model(batch["x"]).square().mean()}

    batch = {"x": torch.ones(3, 2)}
    start = model.weight.detach().clone()
    fit(model, objective, watched([batch] * 4, (0, 1, 3), look), steps=4, progress=False)
    assert [step for step, _ in weights] == [0, 1, 3]
    assert torch.equal(weights[0][1], start)
    assert not torch.equal(weights[1][1], weights[2][1])
    assert not torch.equal(weights[2][1], model.weight)
