"""Tests of cmlearn.training.loop."""

from itertools import repeat

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.training.batches import Batch, shuffled_batches
from cmlearn.training.loop import fit, one_cycle
from cmlearn.training.runtime import seed_all, seeded_generator


def squared_error(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    error = F.mse_loss(model(batch["x"]), batch["y"])
    return {"loss": error, "half": error / 2}


def line_problem() -> dict[str, Tensor]:
    x = torch.randn(64, 3, generator=seeded_generator(1))
    return {"x": x, "y": x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 3.0}


def trained(seed: int) -> tuple[nn.Module, dict[str, np.ndarray]]:
    seed_all(seed)
    model = nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.0))
    batches = shuffled_batches(line_problem(), 16, seeded_generator(seed))
    history = fit(
        model, squared_error, batches, steps=300, learning_rate=0.1, weight_decay=0, progress=False
    )
    return model, history


def test_learns_a_line_and_returns_every_term() -> None:
    model, history = trained(0)
    assert history["loss"].shape == history["half"].shape == (300,)
    assert np.allclose(history["loss"], 2 * history["half"])
    assert history["loss"][0] > 1
    assert history["loss"][-1] < 1e-4
    assert not model.training


def test_same_seed_same_history() -> None:
    assert np.array_equal(trained(3)[1]["loss"], trained(3)[1]["loss"])
    assert not np.array_equal(trained(3)[1]["loss"], trained(4)[1]["loss"])


def test_frozen_parameters_stay() -> None:
    model = nn.Linear(3, 1)
    model.bias.requires_grad_(False)
    before = model.bias.clone()
    fit(model, squared_error, repeat(line_problem()), steps=3, progress=False)
    assert torch.equal(model.bias, before)


def weight_after(rows: list[list[float]], **settings: float) -> Tensor:
    """Train one weight vector, begun at (1, 1), whose gradient in a step is that step's row."""
    model = nn.Linear(2, 1, bias=False)
    nn.init.ones_(model.weight)

    def linear(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        return {"loss": model(batch["x"]).sum()}

    batches = [{"x": torch.tensor([row])} for row in rows]
    fit(model, linear, batches, steps=len(rows), warmup=0.0, progress=False, **settings)
    return model.weight.detach()[0]


def test_a_long_gradient_is_shortened_to_clip_norm_and_keeps_its_direction() -> None:
    # Adam's first step is as long for every gradient; its second one remembers how long it was.
    clipped = weight_after([[300.0, 400.0], [1.0, 0.0]], clip_norm=5.0)
    torch.testing.assert_close(clipped, weight_after([[3.0, 4.0], [1.0, 0.0]], clip_norm=5.0))
    unclipped = weight_after([[300.0, 400.0], [1.0, 0.0]], clip_norm=1e9)
    assert not torch.allclose(clipped, unclipped)


def test_gradients_are_clipped_to_a_norm_of_one_unless_told_otherwise() -> None:
    rows = [[300.0, 400.0], [1.0, 0.0]]
    assert torch.equal(weight_after(rows), weight_after(rows, clip_norm=1.0))


@pytest.mark.parametrize(("settings", "decay"), [({"weight_decay": 0.2}, 0.2), ({}, 0.01)])
def test_a_weight_without_a_gradient_decays(settings: dict[str, float], decay: float) -> None:
    # In two steps along the cosine, the learning rates are 0.5 and 0.25.
    weight = weight_after([[0.0, 0.0]] * 2, learning_rate=0.5, **settings)
    expected = (1 - 0.5 * decay) * (1 - 0.25 * decay)
    torch.testing.assert_close(weight, torch.full((2,), expected))


def test_non_finite_term_is_named_with_its_step() -> None:
    model = nn.Linear(3, 1)
    good, bad = line_problem(), line_problem()
    bad["x"][0, 0] = float("nan")
    with pytest.raises(FloatingPointError, match="step 2: loss, half not finite"):
        fit(model, squared_error, [good, good, bad], steps=3, progress=False)
    assert not model.training


def test_bf16_learns_and_leaves_the_weights_in_float32() -> None:
    seen = set()

    def watched(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        predicted = model(batch["x"])
        seen.add(predicted.dtype)
        return {"loss": F.mse_loss(predicted.float(), batch["y"])}

    seed_all(0)
    model = nn.Linear(3, 1)
    batches = shuffled_batches(line_problem(), 16, seeded_generator(0))
    history = fit(
        model, watched, batches, steps=300, learning_rate=0.1, dtype=torch.bfloat16, progress=False
    )
    assert seen == {torch.bfloat16}
    assert model.weight.dtype == model.weight.grad.dtype == torch.float32
    assert history["loss"][-20:].mean() < 0.01 * history["loss"][:20].mean()
    assert not torch.is_autocast_enabled("cpu")


def test_too_few_batches() -> None:
    with pytest.raises(ValueError, match="batches ended after 1 of 2 steps"):
        fit(nn.Linear(3, 1), squared_error, [line_problem()], steps=2, progress=False)


def test_missing_loss_nothing_to_train_and_no_steps() -> None:
    batches = repeat(line_problem())
    with pytest.raises(ValueError, match='must return a term "loss"'):
        fit(nn.Linear(3, 1), lambda m, b: {}, batches, steps=1, progress=False)
    with pytest.raises(ValueError, match="Identity has no parameter"):
        fit(nn.Identity(), squared_error, batches, steps=1, progress=False)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        fit(nn.Linear(3, 1), squared_error, batches, steps=0, progress=False)


def test_progress_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    fit(nn.Linear(3, 1), squared_error, repeat(line_problem()), steps=2, description="line")
    out, err = capsys.readouterr()
    assert out == ""
    assert "line" in err
    assert "loss" in err


def test_one_cycle_climbs_then_falls_to_zero() -> None:
    rates = [one_cycle(done, 0.1) for done in np.linspace(0, 1, 101)]
    assert np.argmax(rates) == 10
    assert rates[10] == pytest.approx(1)
    assert rates[-1] == pytest.approx(0)
    assert 0 < rates[0] < 0.05
    assert one_cycle(0.0, warmup=0.0) == 1


def test_on_step_sees_the_model_before_the_first_step_and_after_each():
    torch.manual_seed(0)
    model, weights = nn.Linear(2, 1), []

    def keep(step: int) -> None:
        weights.append((step, model.weight.detach().clone()))

    def objective(model, batch):
        return {"loss": model(batch["x"]).square().mean()}

    start = model.weight.detach().clone()
    fit(model, objective, [{"x": torch.ones(3, 2)}] * 3, steps=3, on_step=keep, progress=False)
    assert [step for step, _ in weights] == [0, 1, 2, 3]
    assert torch.equal(weights[0][1], start)
    assert not torch.equal(weights[1][1], weights[2][1])
    assert torch.equal(weights[3][1], model.weight)
