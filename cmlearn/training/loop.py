"""Fit any model to any objective."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from cmlearn.data.progress import progress_bar
from cmlearn.training.batches import Batch
from cmlearn.training.runtime import autocast, to_device

Terms = dict[str, Tensor]


Objective = Callable[[nn.Module, Batch], Terms]


History = dict[str, np.ndarray]


def fit(
    model: nn.Module,
    objective: Objective,
    batches: Iterable[Batch],
    *,
    steps: int,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.01,
    clip_norm: float = 1.0,
    warmup: float = 0.1,
    dtype: torch.dtype = torch.float32,
    on_step: Callable[[int], object] | None = None,
    progress: bool = True,
    description: str = "",
) -> History:
    """Train `model` for `steps` batches with AdamW (Loshchilov & Hutter 2019).

    The learning rate climbs in a line to `learning_rate` over the first `warmup` of the steps
    and falls to zero along a cosine. Each batch is moved to the device of the model. The model is
    left in eval mode, also after an error.

    Args:
        model: trained in place; parameters that need no gradient are left alone.
        objective: `(model, batch) -> named terms`; the term "loss" is what is minimised.
        batches: at least `steps` batches, such as `shuffled_batches` yields.
        steps: how many batches to train on, at least 1.
        learning_rate: the highest learning rate.
        weight_decay: how strongly AdamW pulls weights to zero.
        clip_norm: gradients longer than this are shortened to it.
        warmup: share of the steps in which the learning rate climbs, 0 to 1.
        dtype: number format of the objective's matrix products and convolutions: float32, or
            bfloat16 where `choose_precision` finds that it pays. Weights, gradients and the
            optimiser's state stay float32 (see `autocast`).
        on_step: called with the number of steps done: with 0 before the first, then after each. The
            model is in train mode, and must be left as it is.
        progress: show a bar with the running loss, on stderr.
        description: what stands before the bar.

    Returns:
        every term of the objective, one float per step: `history["loss"]` is (steps,).

    Raises:
        ValueError: there is nothing to train, or too few batches, or no term "loss".
        FloatingPointError: a term is NaN or infinite; the message names it and the step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError(f"{type(model).__name__} has no parameter that needs a gradient")
    optimiser = torch.optim.AdamW(weights, learning_rate, weight_decay=weight_decay, fused=True)
    schedule = LambdaLR(optimiser, lambda step: one_cycle(step / steps, warmup))
    history: dict[str, list[float]] = defaultdict(list)
    stream, device = iter(batches), weights[0].device
    model.train()
    try:
        with progress_bar(show=progress, total=steps, desc=description) as bar:
            if on_step:
                on_step(0)
            for step in range(steps):
                batch = to_device(next_batch(stream, f"{step} of {steps} steps"), device)
                with autocast(device, dtype):
                    terms = objective(model, batch)
                record_terms(terms, step, history)
                optimiser.zero_grad(set_to_none=True)
                terms["loss"].backward()
                nn.utils.clip_grad_norm_(weights, clip_norm)
                optimiser.step()
                schedule.step()
                if on_step:
                    on_step(step + 1)
                bar.set_postfix_str(f"loss {np.mean(history['loss'][-20:]):.3f}", refresh=False)
                bar.update()
    finally:
        model.eval()
    return {name: np.array(values) for name, values in history.items()}


def one_cycle(done: float, warmup: float) -> float:
    """Return the share of the highest learning rate after the share `done` of training."""
    if done < warmup:
        # Not zero at the first step, which would be a step for nothing.
        return max(done / warmup, 0.01)
    return 0.5 + 0.5 * math.cos(math.pi * (done - warmup) / max(1 - warmup, 1e-9))


def next_batch(stream: Iterable[Batch], done: str) -> Batch:
    """Return the next batch.

    Raises:
        ValueError: there is none; `done` says in the message how far the training came.
    """
    for batch in stream:
        return batch
    raise ValueError(f"batches ended after {done}: pass an endless iterator")


def record_terms(
    terms: Terms, step: int, history: dict[str, list[float]], prefix: str = ""
) -> None:
    """Append each term to its history under its name with `prefix` before it.

    Raises:
        ValueError: there is no term "loss".
        FloatingPointError: a term is NaN or infinite.
    """
    if "loss" not in terms:
        raise ValueError(f'the objective must return a term "loss"; it returned {sorted(terms)}')
    values = {f"{prefix}{name}": float(term.detach()) for name, term in terms.items()}
    broken = [name for name, value in values.items() if not math.isfinite(value)]
    if broken:
        raise FloatingPointError(
            f"step {step}: {', '.join(broken)} not finite in {values}. Lower learning_rate, or "
            "look in the batch for values that should not be there."
        )
    for name, value in values.items():
        history[name].append(value)
