"""The training loop: fits any model to any objective."""

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

Terms = dict[str, Tensor]  # scalars by name; "loss" is minimised
Objective = Callable[[nn.Module, Batch], Terms]
History = dict[str, np.ndarray]  # term's name -> (steps,)


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

    The learning rate rises linearly to `learning_rate` during the warm-up, then falls to zero
    along a cosine. Each batch is moved to the device of the model. The model ends in eval mode,
    also after an error.

    Args:
        model: trained in place; parameters that require no gradient stay unchanged.
        objective: `(model, batch) -> named terms`; the term "loss" is minimised.
        batches: at least `steps` batches, for example from `shuffled_batches`.
        steps: number of optimiser steps, one batch each, at least 1.
        learning_rate: the peak learning rate.
        weight_decay: coefficient of the decoupled weight decay.
        clip_norm: largest norm of the gradient; a longer gradient is scaled down to it.
        warmup: fraction of the steps during which the learning rate rises, 0 to 1.
        dtype: of the matrix products and convolutions in the objective: float32, or bfloat16 where
            `choose_precision` returns it. Weights, gradients and the optimiser's state stay float32
            (see `autocast`).
        on_step: called with the number of completed steps: with 0 before the first, then after
            each. The model is in train mode and must stay unchanged.
        progress: show a progress bar with the mean loss of the last 20 steps on stderr.
        description: label of the progress bar.

    Returns:
        Every term of the objective by its name, (steps,) each.

    Raises:
        ValueError: `steps` is below 1, the model has nothing to train, there are too few batches,
            or the objective returns no term "loss".
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
    """Return the learning rate as a fraction of its peak: linear warm-up, then a cosine to zero.

    Args:
        done: fraction of the training that is completed, 0 to 1.
        warmup: fraction of the training that the warm-up takes, 0 to 1.
    """
    if done < warmup:
        # Not zero at the first step, which would then change nothing.
        return max(done / warmup, 0.01)
    return 0.5 + 0.5 * math.cos(math.pi * (done - warmup) / max(1 - warmup, 1e-9))


def next_batch(stream: Iterable[Batch], done: str) -> Batch:
    """Return the next batch of a stream.

    Args:
        stream: an iterator over batches.
        done: progress of the training, for the error message.

    Raises:
        ValueError: the stream has ended.
    """
    for batch in stream:
        return batch
    raise ValueError(f"batches ended after {done}: pass an endless iterator")


def record_terms(
    terms: Terms, step: int, history: dict[str, list[float]], prefix: str = ""
) -> None:
    """Append each term to its history.

    Args:
        terms: scalars by name, among them "loss".
        step: number of the step, for the error message.
        history: changed in place; the keys are `prefix` + the name of the term.
        prefix: such as "generator ", where two networks share a history.

    Raises:
        ValueError: there is no term "loss".
        FloatingPointError: a term is NaN or infinite.
    """
    if "loss" not in terms:
        raise ValueError(f'the objective must return a term "loss"; it returned {sorted(terms)}')
    values = {f"{prefix}{name}": float(term.detach()) for name, term in terms.items()}
    not_finite = [name for name, value in values.items() if not math.isfinite(value)]
    if not_finite:
        raise FloatingPointError(
            f"step {step}: {', '.join(not_finite)} not finite in {values}. Lower learning_rate, or "
            "check the batch for NaN, infinite or very large values."
        )
    for name, value in values.items():
        history[name].append(value)
