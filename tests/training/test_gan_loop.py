"""Tests of cmlearn.training.gan_loop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cmlearn.training.batches import Batch
from cmlearn.training.gan_loop import fit_gan, moving_average, with_noise
from cmlearn.training.runtime import seed_all, seeded_generator


def fooled(draws: nn.Module, judges: nn.Module, batch: Batch) -> dict[str, Tensor]:
    return {"loss": -judges(draws(batch["z"])).mean()}


def forgetful(draws: nn.Module, judges: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """A discriminator's objective that does not detach what was drawn."""
    gap = judges(draws(batch["z"])).mean() - judges(batch["real"]).mean()
    size = sum(weight.square().sum() for weight in judges.parameters())
    return {"loss": gap + size, "gap": gap}


def two_networks(seed: int = 0) -> tuple[nn.Module, nn.Module]:
    seed_all(seed)
    return nn.Linear(3, 2), nn.Linear(2, 1)


def batches(seed: int = 0) -> Iterator[Batch]:
    real = torch.ones(5, 2)
    return with_noise(repeat({"real": real}), 3, seeded_generator(seed))


def weights_of(model: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in model.parameters()]


def same(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def spied(objective, log):
    """`objective` that writes down both networks' weights as they are when it is called."""

    def watching(draws, judges, batch):
        log.append((weights_of(draws), weights_of(judges)))
        return objective(draws, judges, batch)

    return watching


def test_each_turn_moves_one_network_only():
    draws, judges = two_networks()
    log: list[tuple[list[Tensor], list[Tensor]]] = []
    objectives = (spied(fooled, log), spied(forgetful, log))
    fit_gan(draws, judges, *objectives, batches(), steps=2, progress=False)
    first, second, third, _ = log  # discriminator, generator, discriminator, generator
    assert same(first[0], second[0])
    assert not same(first[1], second[1])
    assert not same(second[0], third[0])
    assert same(second[1], third[1])


def test_no_gradient_reaches_the_other_network_even_where_detach_was_forgotten():
    draws, judges = two_networks()
    seen = []

    def watching(*given):
        seen.append([weight.requires_grad for weight in draws.parameters()])
        return forgetful(*given)

    fit_gan(draws, judges, fooled, watching, batches(), steps=1, progress=False)
    assert seen == [[False, False]]
    assert all(weight.requires_grad for weight in [*draws.parameters(), *judges.parameters()])


def test_one_step_of_adam_is_the_learning_rate_long():
    draws, judges = two_networks()
    before = weights_of(draws)
    settings = {"steps": 1, "learning_rate": 0.01, "progress": False}
    fit_gan(draws, judges, fooled, forgetful, batches(), **settings)
    for old, new in zip(before, weights_of(draws), strict=True):
        # The first step of Adam goes by the sign of the gradient.
        torch.testing.assert_close((new - old).abs(), torch.full_like(old, 0.01), rtol=1e-3, atol=0)


def test_every_term_comes_back_under_the_name_of_its_side():
    history = fit_gan(*two_networks(), fooled, forgetful, batches(), steps=4, progress=False)
    assert set(history) == {"generator loss", "discriminator loss", "discriminator gap"}
    assert all(values.shape == (4,) for values in history.values())


def test_on_step_is_called_before_the_first_step_and_after_each():
    seen: list[int] = []
    fit_gan(
        *two_networks(), fooled, forgetful, batches(), steps=3, on_step=seen.append, progress=False
    )
    assert seen == [0, 1, 2, 3]


def test_same_seed_same_history():
    def losses(seed: int) -> np.ndarray:
        given = (*two_networks(seed), fooled, forgetful, batches(seed))
        return fit_gan(*given, steps=5, progress=False)["generator loss"]

    assert np.array_equal(losses(3), losses(3))
    assert not np.array_equal(losses(3), losses(4))


def test_both_are_left_in_eval_mode_also_after_an_error():
    draws, judges = two_networks()
    with pytest.raises(FloatingPointError, match="step 0: generator loss not finite"):
        fit_gan(
            draws,
            judges,
            lambda draws, judges, batch: {"loss": draws(batch["z"]).sum() * float("nan")},
            forgetful,
            batches(),
            steps=2,
            progress=False,
        )
    assert not draws.training
    assert not judges.training


# ── the running mean ──────────────────────────────────────────────────────────────────────────


def test_the_running_mean_forgets_the_first_weights_and_then_moves_slowly():
    model = nn.Linear(1, 1, bias=False)
    average, expected = moving_average(model, decay=0.3), 0.0
    for step, weight in enumerate((5.0, 1.0, 7.0, -2.0, 4.0, 4.0, 9.0)):
        nn.init.constant_(model.weight, weight)
        average.update_parameters(model)
        stays = min(0.3, step / (step + 10))  # 0, 1/11, 2/12, 3/13, 4/14, 0.3, 0.3
        expected = stays * expected + (1 - stays) * weight
        assert average.module.weight.item() == pytest.approx(expected, rel=1e-5)
    assert model.weight.item() == 9


def test_the_average_begins_as_the_generator_and_then_lags_behind_it():
    draws, judges = two_networks()
    average, start = moving_average(draws), weights_of(draws)
    settings = {"steps": 30, "learning_rate": 0.01, "progress": False, "average": average}
    fit_gan(draws, judges, fooled, forgetful, batches(), **settings)
    total = sum(float((a - b).norm()) for a, b in zip(weights_of(draws), start, strict=True))
    way = sum(float((a - b).norm()) for a, b in zip(weights_of(average), start, strict=True))
    assert 0 < way < total


# ── what cannot be ────────────────────────────────────────────────────────────────────────────


def test_bad_input():
    draws, judges = two_networks()
    with pytest.raises(ValueError, match="steps must be at least 1"):
        fit_gan(draws, judges, fooled, forgetful, batches(), steps=0)
    with pytest.raises(ValueError, match="Identity has no parameter"):
        fit_gan(draws, nn.Identity(), fooled, forgetful, batches(), steps=1)
    with pytest.raises(ValueError, match=r"batches ended after 1 of 3 steps"):
        few = [next(batches()) for _ in range(3)]
        fit_gan(draws, judges, fooled, forgetful, few, steps=3, progress=False)
    with pytest.raises(ValueError, match='must return a term "loss"'):
        fit_gan(draws, judges, fooled, lambda *_: {}, batches(), steps=1, progress=False)


def test_noise_is_drawn_anew_for_each_batch_from_its_own_generator():
    first, second = (next(stream) for stream in [batches()] * 2)
    assert first["z"].shape == (5, 3)
    assert not torch.equal(first["z"], second["z"])
    assert torch.equal(first["z"], next(batches())["z"])
    assert torch.equal(first["real"], torch.ones(5, 2))
