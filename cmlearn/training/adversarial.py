"""Train two networks against each other, each with an optimiser of its own."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from cmlearn.data.progress import progress_bar
from cmlearn.training.batches import Batch
from cmlearn.training.loop import History, Terms, one_cycle

# (generator, discriminator, batch) -> named terms, with "loss" for whose turn it is.
ContestObjective = Callable[[nn.Module, nn.Module, Batch], Terms]


def contest(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_objective: ContestObjective,
    discriminator_objective: ContestObjective,
    batches: Iterable[Batch],
    *,
    steps: int,
    learning_rate: float = 1e-3,
    generator_rate: float | None = None,
    betas: tuple[float, float] = (0.0, 0.99),
    average: nn.Module | None = None,
    decay: float = 0.99,
    watch: Callable[[int], object] | None = None,
    progress: bool = True,
    description: str = "",
) -> History:
    """Train both in turns by Adam (Kingma & Ba 2015): first the discriminator, then the generator.

    In the turn of one the other stands still: no gradient reaches its weights, even where an
    objective forgets to detach. The learning rate falls to zero along a cosine. Both are left in
    eval mode, also after an error.

    Args:
        generator: trained in place.
        discriminator: trained in place.
        generator_objective: its "loss" is what the generator makes smaller.
        discriminator_objective: its "loss" is what the discriminator makes smaller.
        batches: at least 2 · `steps` batches; each turn takes one.
        steps: how many turns each of the two has, at least 1.
        learning_rate: the highest learning rate.
        generator_rate: that of the generator, if it is another (Heusel et al. 2017).
        betas: of Adam. A first one of 0 forgets where the opponent was (as in R3GAN).
        average: a copy of the generator; its weights become the running mean of the generator's,
            which is calmer than any single step (Yazıcı et al. 2019).
        decay: share of the running mean that stays in a step, 0 to 1.
        watch: called with 1, 2, ... after both had so many turns.
        progress: show a bar with both running losses, on stderr.
        description: what stands before the bar.

    Returns:
        every term, one float per step: `history["generator loss"]` and
        `history["discriminator loss"]` are (steps,), the others are named alike.

    Raises:
        ValueError: nothing to train, too few batches, no term "loss", or `average` is no copy.
        FloatingPointError: a term is NaN or infinite; the message names it and the step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if average is generator:
        raise ValueError("average must be a copy of the generator: copy.deepcopy(generator)")
    sides = {
        "discriminator": _Side(discriminator, generator, discriminator_objective),
        "generator": _Side(generator, discriminator, generator_objective),
    }
    rates = {"discriminator": learning_rate, "generator": generator_rate or learning_rate}
    for name, side in sides.items():
        side.prepare(rates[name], betas, steps)
    history: dict[str, list[float]] = defaultdict(list)
    stream = iter(batches)
    try:
        with progress_bar(show=progress, total=steps, desc=description) as bar:
            for step in range(steps):
                for name, side in sides.items():
                    batch = _next_batch(stream, step, steps)
                    terms = side.turn(generator, discriminator, batch)
                    _record(terms, name, step, history)
                if average is not None:
                    follow(average, generator, min(decay, step / (step + 10)))
                if watch is not None:
                    watch(step + 1)
                bar.set_postfix_str(_both_losses(history), refresh=False)
                bar.update()
    finally:
        for model in (generator, discriminator, average):
            if model is not None:
                model.eval()
    return {name: np.array(values) for name, values in history.items()}


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move each weight of `average` towards that of `model`; `decay` of the old value stays."""
    ours, theirs = average.state_dict(), model.state_dict()
    if ours.keys() != theirs.keys():
        raise ValueError("average must be a copy of the generator: copy.deepcopy(generator)")
    for name, value in theirs.items():
        if value.is_floating_point():
            ours[name].lerp_(value, 1 - decay)
        else:
            ours[name].copy_(value)


def with_noise(
    batches: Iterable[Batch], latent_dim: int, generator: torch.Generator
) -> Iterator[Batch]:
    """Add to each batch a "z" (B, latent_dim) from a Gaussian, one for each of its rows."""
    for batch in batches:
        rows = len(next(iter(batch.values())))
        yield {**batch, "z": torch.randn(rows, latent_dim, generator=generator)}


class _Side:
    """One of the two: who learns, who stands still meanwhile, and by what."""

    def __init__(self, model: nn.Module, opponent: nn.Module, objective: ContestObjective) -> None:
        self.model, self.opponent, self.objective = model, opponent, objective
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        if not self.weights:
            raise ValueError(f"{type(model).__name__} has no parameter that needs a gradient")

    def prepare(self, learning_rate: float, betas: tuple[float, float], steps: int) -> None:
        self.optimiser = torch.optim.Adam(self.weights, learning_rate, betas, fused=True)
        self.schedule = LambdaLR(self.optimiser, lambda step: one_cycle(step / steps, 0.0))
        self.model.train()

    def turn(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Terms:
        """Take one step; return the terms that it went by."""
        frozen = [weight for weight in self.opponent.parameters() if weight.requires_grad]
        for weight in frozen:
            weight.requires_grad_(False)
        try:
            terms = self.objective(generator, discriminator, batch)
            if "loss" not in terms:
                raise ValueError(f'an objective must return a term "loss", not {sorted(terms)}')
            self.optimiser.zero_grad(set_to_none=True)
            terms["loss"].backward()
        finally:
            for weight in frozen:
                weight.requires_grad_(True)
        self.optimiser.step()
        self.schedule.step()
        return terms


def _next_batch(stream: Iterator[Batch], step: int, steps: int) -> Batch:
    for batch in stream:
        return batch
    raise ValueError(
        f"batches ended in step {step + 1} of {steps}, each of which takes two: pass an endless "
        "iterator"
    )


def _record(terms: Terms, side: str, step: int, history: dict[str, list[float]]) -> None:
    """Append each term to its history, or raise where one is not a finite number."""
    values = {f"{side} {name}": float(term.detach()) for name, term in terms.items()}
    broken = [name for name, value in values.items() if not math.isfinite(value)]
    if broken:
        raise FloatingPointError(
            f"step {step}: {', '.join(broken)} not finite in {values}. Lower learning_rate, or "
            "look in the batch for values that should not be there."
        )
    for name, value in values.items():
        history[name].append(value)


def _both_losses(history: dict[str, list[float]]) -> str:
    means = (
        f"{side} {np.mean(history[f'{side} loss'][-20:]):.2f}"
        for side in ("discriminator", "generator")
    )
    return ", ".join(means)
