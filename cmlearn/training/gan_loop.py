"""A loop of adversarial training that continues after a kill to the same weights.

It keeps its state as `resumable_loop` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from cmlearn.data.progress import progress_bar
from cmlearn.training.batches import Batch
from cmlearn.training.loop import History, Objective, Terms, record_terms
from cmlearn.training.resumable_loop import continued, save, step_generator, trapezoid
from cmlearn.training.runtime import to_device

TURNS = ("discriminator", "generator")


def fit_gan(
    generator: nn.Module,
    discriminator: nn.Module,
    objectives: Mapping[str, Objective],
    draw_batch: Callable[[torch.Generator], Batch],
    optimisers: Mapping[str, torch.optim.Optimizer],
    average: AveragedModel,
    *,
    steps: int,
    seed: int,
    folder: Path | None = None,
    save_every: int = 250,
    settings: Mapping[str, Any] | None = None,
    on_step: Callable[[int], object] | None = None,
    description: str = "",
) -> History:
    """Train a GAN; continue where an earlier call was killed.

    In each step the generator draws once. First the discriminator is updated, then the generator,
    through the updated discriminator. Both networks end in eval mode, also after an error.

    Args:
        generator: `generator(z, tokens)` draws pictures; trained in place.
        discriminator: trained in place, on the same device.
        objectives: of the "generator" and of the "discriminator": `(discriminator, batch) -> named
            terms`, of which "loss" is minimised. What was drawn is the batch's "fake".
        draw_batch: draws a batch with "z" and "tokens" from a generator of random numbers.
        optimisers: of the "generator" and of the "discriminator", with their peak learning rates.
        average: the generator's weights averaged by `moving_average`.
        steps: number of updates of each network, at least 1.
        seed: of the batches.
        folder: keeps the state; None keeps nothing. It remains after the last step.
        save_every: steps between two states.
        settings: plain values that identify the training, which a state must share.
        on_step: called with the number of completed steps: with 0 before the first (not when
            the training continues), then after each.
        description: label of the progress bar.

    Returns:
        Every term of both objectives and the norm of both gradients, (steps,) each, by the name
        of the network and its own: `history["generator loss"]`, `history["generator gradient"]`.

    Raises:
        ValueError: `steps` is below 1, an objective or optimiser is missing, or the folder has the
            state of another training.
        FloatingPointError: a term is NaN or infinite; the message names it and the step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    for name, given in (("objectives", objectives), ("optimisers", optimisers)):
        if set(given) != set(TURNS):
            raise ValueError(f"{name}: one for each of {', '.join(TURNS)}, got {sorted(given)}")
    identity = {"steps": steps, "seed": seed, **(settings or {})}
    models = {"generator": generator, "discriminator": discriminator, "average": average}
    notes, history = continued(folder, identity, models, optimisers)
    done = notes.get("step", 0)
    peaks = {name: each.param_groups[0]["lr"] for name, each in optimisers.items()}
    device = next(generator.parameters()).device
    generator.train()
    discriminator.train()
    try:
        with progress_bar(total=steps, initial=done, desc=description) as bar:
            if on_step and done == 0:
                on_step(0)
            for step in range(done, steps):
                for name, optimiser in optimisers.items():
                    optimiser.param_groups[0]["lr"] = peaks[name] * trapezoid(step / steps)
                batch = to_device(draw_batch(step_generator(seed, step)), device)
                terms = gan_step(generator, discriminator, objectives, optimisers, batch)
                for name in TURNS:
                    record_terms(terms[name], step, history, f"{name} ")
                average.update_parameters(generator)
                if folder and ((step + 1) % save_every == 0 or step + 1 == steps):
                    notes = {"identity": identity, "step": step + 1}
                    save(folder, notes, models, optimisers, history)
                if on_step:
                    on_step(step + 1)
                bar.set_postfix_str(_scores(history), refresh=False)
                bar.update()
    finally:
        for model in models.values():
            model.eval()
    return {name: np.array(values) for name, values in history.items()}


def gan_step(
    generator: nn.Module,
    discriminator: nn.Module,
    objectives: Mapping[str, Objective],
    optimisers: Mapping[str, torch.optim.Optimizer],
    batch: Batch,
) -> dict[str, Terms]:
    """Update the discriminator, then the generator.

    Returns:
        The terms of each network by its name, with the norm of its "gradient".
    """
    fake = generator(batch["z"], batch["tokens"])
    detached = {**batch, "fake": fake.detach()}  # this loss must not change the generator
    terms = {"discriminator": objectives["discriminator"](discriminator, detached)}
    update(optimisers["discriminator"], terms["discriminator"])
    discriminator.requires_grad_(False)  # no time for gradients that nobody needs
    try:
        terms["generator"] = objectives["generator"](discriminator, {**batch, "fake": fake})
        update(optimisers["generator"], terms["generator"])
    finally:
        discriminator.requires_grad_(True)
    return terms


def update(optimiser: torch.optim.Optimizer, terms: Terms) -> None:
    """Take one optimiser step on the term "loss"; add the term "gradient", its norm."""
    optimiser.zero_grad(set_to_none=True)
    terms["loss"].backward()
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    terms["gradient"] = torch.nn.utils.get_total_norm(weight.grad for weight in weights)
    optimiser.step()


def moving_average(model: nn.Module, decay: float = 0.99) -> AveragedModel:
    """Return an exponential moving average of a model's weights; `.module` is a copy of the model.

    Args:
        model: the model before its training.
        decay: weight of the old average in an update, 0 to 1. It starts lower, k / (k + 10) after
            k updates, so that the initial weights are soon forgotten.
    """

    def move(average: Tensor, weight: Tensor, updates: Tensor | int) -> Tensor:
        done = int(updates)
        return torch.lerp(average, weight, 1 - min(decay, done / (done + 10)))

    return AveragedModel(model, avg_fn=move)


def _scores(history: Mapping[str, list[float]]) -> str:
    means = (f"{name} {np.mean(history[f'{name} loss'][-20:]):.2f}" for name in TURNS)
    return ", ".join(means)
