"""Tests of cmlearn.training.gan_loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cmlearn.training.batches import Batch
from cmlearn.training.gan_loop import fit_gan, gan_step, moving_average
from cmlearn.training.loop import Objective
from cmlearn.training.runtime import seed_all

STEPS = 7


class Drawer(nn.Module):
    """(B, 3) and (B, 1) -> (B, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        return self.linear(torch.cat([z, tokens.float()], dim=1))


def fooled(scorer: nn.Module, batch: Batch) -> dict[str, Tensor]:
    return {"loss": -scorer(batch["fake"]).mean()}


def separated(scorer: nn.Module, batch: Batch) -> dict[str, Tensor]:
    gap = scorer(batch["fake"]).mean() - scorer(batch["real"]).mean()
    size = sum(weight.square().sum() for weight in scorer.parameters())
    return {"loss": gap + size, "gap": gap}


OBJECTIVES: dict[str, Objective] = {"generator": fooled, "discriminator": separated}


def draw_batch(rng: torch.Generator) -> Batch:
    z = torch.randn(5, 3, generator=rng)
    return {"z": z, "tokens": torch.ones(5, 1, dtype=torch.long), "real": torch.ones(5, 2)}


def networks(seed: int = 0, rate: float = 0.05) -> tuple[nn.Module, nn.Module, dict[str, Any]]:
    seed_all(seed)
    generator, discriminator = Drawer(), nn.Linear(2, 1)
    adam = {
        "discriminator": torch.optim.Adam(discriminator.parameters(), rate),
        "generator": torch.optim.Adam(generator.parameters(), rate),
    }
    return generator, discriminator, adam


def run(
    folder: Path | None = None,
    on_step: Callable[[int], object] | None = None,
    objectives: dict[str, Objective] = OBJECTIVES,
    steps: int = STEPS,
    seed: int = 3,
    **settings: int,
) -> tuple[list[Tensor], dict[str, np.ndarray]]:
    generator, discriminator, adam = networks()
    average = moving_average(generator, 0.9)
    history = fit_gan(
        generator, discriminator, objectives, draw_batch, adam, average,
        steps=steps, seed=seed, folder=folder, save_every=2, settings=settings, on_step=on_step,
    )  # fmt: skip
    assert not (generator.training or discriminator.training)
    models = (generator, discriminator, average.module)
    return [weight for model in models for weight in model.parameters()], history


def copies(model: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in model.parameters()]


def same(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


# ── one step ──────────────────────────────────────────────────────────────────────────────────


def test_the_discriminator_moves_first_and_each_turn_moves_one_network() -> None:
    generator, discriminator, adam = networks()
    before = copies(generator), copies(discriminator)
    seen: dict[str, Any] = {}

    def watching(scorer: nn.Module, batch: Batch) -> dict[str, Tensor]:
        seen["generator"], seen["discriminator"] = copies(generator), copies(scorer)
        return fooled(scorer, batch)

    batch = draw_batch(torch.Generator())
    gan_step(generator, discriminator, {**OBJECTIVES, "generator": watching}, adam, batch)
    assert same(seen["generator"], before[0]) and not same(seen["discriminator"], before[1])
    assert same(copies(discriminator), seen["discriminator"])
    assert not same(copies(generator), before[0])


def test_what_was_drawn_is_detached_for_the_discriminator_only() -> None:
    needs: list[bool] = []

    def noted(objective: Objective) -> Objective:
        def watching(scorer: nn.Module, batch: Batch) -> dict[str, Tensor]:
            needs.append(batch["fake"].requires_grad)
            return objective(scorer, batch)

        return watching

    noting = {name: noted(each) for name, each in OBJECTIVES.items()}
    generator, discriminator, adam = networks()
    gan_step(generator, discriminator, noting, adam, draw_batch(torch.Generator()))
    assert needs == [False, True]
    assert all(weight.requires_grad for weight in discriminator.parameters())


def test_the_gradients_norms_are_those_of_autograd() -> None:
    generator, discriminator, adam = networks()
    batch = draw_batch(torch.Generator())
    fake = generator(batch["z"], batch["tokens"]).detach()
    loss = separated(discriminator, {**batch, "fake": fake})["loss"]
    parts = torch.autograd.grad(loss, list(discriminator.parameters()))
    expected = torch.cat([part.flatten() for part in parts]).norm()
    terms = gan_step(generator, discriminator, OBJECTIVES, adam, batch)
    torch.testing.assert_close(terms["discriminator"]["gradient"], expected)


# ── the loop ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at", [1, 3, 6])
def test_after_a_kill_the_weights_are_the_same(tmp_path: Path, at: int) -> None:
    def kill(step: int) -> None:
        if step == at:
            raise KeyboardInterrupt

    whole, history = run()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, kill)
    seen: list[int] = []
    again, second = run(tmp_path, seen.append)
    assert same(whole, again)
    assert all(np.array_equal(history[name], second[name]) for name in history)
    assert seen[-1] == STEPS and (len(seen) < STEPS or at == 1)


def test_the_state_of_another_training_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(ValueError, match="another width: delete"):
        run(tmp_path, width=2)


def test_same_seed_same_weights() -> None:
    assert same(run()[0], run()[0])
    assert not same(run()[0], run(seed=4)[0])


def test_every_term_comes_back_under_the_name_of_its_network() -> None:
    seen: list[int] = []
    _, history = run(on_step=seen.append)
    of_both = {f"{name} {term}" for name in OBJECTIVES for term in ("loss", "gradient")}
    assert set(history) == of_both | {"discriminator gap"}
    assert all(values.shape == (STEPS,) for values in history.values())
    assert seen == list(range(STEPS + 1))


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(ValueError, match="steps must be at least 1"):
        run(steps=0)
    with pytest.raises(ValueError, match="objectives: one for each of discriminator, generator"):
        run(objectives={"generator": fooled})


def test_both_are_left_in_eval_mode_also_after_an_error() -> None:
    generator, discriminator, adam = networks()

    def broken(scorer: nn.Module, batch: Batch) -> dict[str, Tensor]:
        return {"loss": scorer(batch["fake"]).sum() * float("nan")}

    objectives = {**OBJECTIVES, "generator": broken}
    average = moving_average(generator)
    with pytest.raises(FloatingPointError, match="step 0: generator loss"):
        fit_gan(
            generator, discriminator, objectives, draw_batch, adam, average, steps=2, seed=0
        )  # fmt: skip
    assert not (generator.training or discriminator.training)


# ── the moving average ────────────────────────────────────────────────────────────────────────


def test_the_average_forgets_the_first_weights_and_then_moves_slowly() -> None:
    model = nn.Linear(1, 1, bias=False)
    average, expected = moving_average(model, decay=0.3), 0.0
    for step, weight in enumerate((5.0, 1.0, 7.0, -2.0, 4.0, 4.0, 9.0)):
        nn.init.constant_(model.weight, weight)
        average.update_parameters(model)
        stays = min(0.3, step / (step + 10))  # 0, 1/11, 2/12, 3/13, 4/14, 0.3, 0.3
        expected = stays * expected + (1 - stays) * weight
        assert average.module.weight.item() == pytest.approx(expected, rel=1e-5)
    assert model.weight.item() == 9
