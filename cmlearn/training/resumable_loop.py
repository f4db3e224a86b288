"""A training loop that continues after a kill to the same weights.

All randomness of a step comes from a generator that depends on the seed and the number of the step
alone, so that nothing of the past but weights and the optimisers' state has to be kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from cmlearn.data.progress import progress_bar
from cmlearn.training.batches import Batch
from cmlearn.training.loop import History, Objective, record_terms
from cmlearn.training.resume import (
    State,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)
from cmlearn.training.runtime import autocast, seeded_generator, to_device

WARMUP = 0.05  # fraction of the training during which the learning rates rise
FALL = 0.6  # fraction at its end during which they fall to zero


def fit_resumable(
    model: nn.Module,
    objective: Objective,
    draw_batch: Callable[[torch.Generator], Batch],
    optimisers: Mapping[str, torch.optim.Optimizer],
    average: AveragedModel,
    *,
    steps: int,
    seed: int,
    folder: Path | None = None,
    save_every: int = 250,
    settings: Mapping[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
    on_step: Callable[[int], object] | None = None,
    description: str = "",
) -> History:
    """Train `model` for `steps` batches; continue where an earlier call was killed.

    Args:
        model: trained in place; it may draw no random numbers, as dropout does.
        objective: `(model, batch) -> named terms`; the term "loss" is minimised.
        draw_batch: draws a batch from a generator, and from nothing else that changes.
        optimisers: by name, each of some of the weights, with its peak learning rate.
        average: the weights averaged by `moving_average`.
        steps: number of optimiser steps in all, at least 1.
        seed: of the batches.
        folder: keeps the state; None keeps nothing. It remains after the last step.
        save_every: steps between two states.
        settings: plain values that identify the training, which a state must share.
        dtype: of the matrix products, see `autocast`. A training that continues keeps its own.
        on_step: called with the number of completed steps: with 0 before the first (not when
            the training continues), then after each.
        description: label of the progress bar.

    Returns:
        Every term of the objective by its name, (steps,) each.

    Raises:
        ValueError: `steps` is below 1, or the folder has the state of another training.
        FloatingPointError: a term is NaN or infinite; the message names it and the step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    identity = {"steps": steps, "seed": seed, **(settings or {})}
    peaks = {name: optimiser.param_groups[0]["lr"] for name, optimiser in optimisers.items()}
    device = next(model.parameters()).device
    models = {"model": model, "average": average}
    state, history = continued(folder, identity, models, optimisers)
    done = state.get("step", 0)
    dtype = getattr(torch, state["dtype"]) if state else dtype
    notes = {"identity": identity, "dtype": str(dtype).removeprefix("torch.")}
    model.train()
    try:
        with progress_bar(total=steps, initial=done, desc=description) as bar:
            if on_step and done == 0:
                on_step(0)
            for step in range(done, steps):
                for name, optimiser in optimisers.items():
                    optimiser.param_groups[0]["lr"] = peaks[name] * trapezoid(step / steps)
                batch = to_device(draw_batch(step_generator(seed, step)), device)
                with autocast(device, dtype):
                    terms = objective(model, batch)
                record_terms(terms, step, history)
                terms["loss"].backward()
                for optimiser in optimisers.values():
                    optimiser.step()
                    optimiser.zero_grad(set_to_none=True)
                average.update_parameters(model)
                if folder and ((step + 1) % save_every == 0 or step + 1 == steps):
                    save(folder, {**notes, "step": step + 1}, models, optimisers, history)
                if on_step:
                    on_step(step + 1)
                bar.set_postfix_str(f"loss {np.mean(history['loss'][-20:]):.3f}", refresh=False)
                bar.update()
    finally:
        model.eval()
        average.eval()
    return {name: np.array(values) for name, values in history.items()}


def trapezoid(done: float) -> float:
    """Return the learning rate as a fraction of its peak: a rise, a plateau, a fall to zero.

    Args:
        done: fraction of the training that is completed, 0 to 1.
    """
    # Not zero at the first step, which would then change nothing.
    return min(1.0, max(done / WARMUP, 0.01), (1 - done) / FALL)


def step_generator(seed: int, step: int) -> torch.Generator:
    """Return the random generator of one step; those of neighbouring steps are unrelated."""
    return seeded_generator(int(np.random.SeedSequence([seed, step]).generate_state(1)[0]))


def continued(
    folder: Path | None,
    identity: Mapping[str, Any],
    models: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """Load what `save` wrote into the models and the optimisers.

    Args:
        folder: where the state lies, if there is one.
        identity: plain values that the state must share.
        models: by name, as they were saved.
        optimisers: likewise.

    Returns:
        The notes and the history of the state; both are empty if there is none.

    Raises:
        ValueError: the folder has the state of another training.
    """
    history: dict[str, list[float]] = defaultdict(list)
    state = load_state(folder) if folder else None
    if state is None:
        return {}, history
    _refuse_another(state.notes["identity"], identity, folder)
    for name, model in models.items():
        model.load_state_dict(state.weights[name])
    for name, optimiser in optimisers.items():
        restore_optimiser(optimiser, state.weights[f"optimiser {name}"])
    history.update((name, each.tolist()) for name, each in state.weights["history"].items())
    return state.notes, history


def save(
    folder: Path,
    notes: Mapping[str, Any],
    models: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
    history: Mapping[str, list[float]],
) -> None:
    """Write the state of a training.

    Args:
        folder: holds one state.
        notes: plain values: "step", the number of completed steps; "identity"; and any others.
        models: by name.
        optimisers: by name.
        history: the values of each term.
    """
    weights = {name: model.state_dict() for name, model in models.items()}
    weights["history"] = {
        name: torch.tensor(each, dtype=torch.float64) for name, each in history.items()
    }
    weights |= {f"optimiser {name}": optimiser_tensors(each) for name, each in optimisers.items()}
    save_state(folder, notes["step"], State(weights, {}, dict(notes)))


def _refuse_another(then: Mapping[str, Any], now: Mapping[str, Any], folder: Path | None) -> None:
    differing = [name for name, value in now.items() if then.get(name) != value]
    if differing:
        raise ValueError(
            f"{folder} is of an interrupted training with another {', '.join(differing)}: delete "
            "it to start anew"
        )
