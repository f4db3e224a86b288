"""Adversarial training: two networks in turns, each with an optimiser of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from cmlearn.data.progress import progress_bar
from cmlearn.training.batches import Batch
from cmlearn.training.loop import History, Terms, next_batch, one_cycle, record_terms
from cmlearn.training.runtime import to_device

# (generator, discriminator, batch) -> named terms, with the "loss" of the network that is trained.
AdversarialObjective = Callable[[nn.Module, nn.Module, Batch], Terms]


def fit_gan(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_objective: AdversarialObjective,
    discriminator_objective: AdversarialObjective,
    batches: Iterable[Batch],
    *,
    steps: int,
    learning_rate: float = 1e-3,
    generator_rate: float | None = None,
    betas: tuple[float, float] = (0.0, 0.99),
    average: AveragedModel | None = None,
    on_step: Callable[[int], object] | None = None,
    progress: bool = True,
    description: str = "",
) -> History:
    """Train both in turns by Adam (Kingma & Ba 2015): first the discriminator, then the generator.

    While one is updated the other is frozen: no gradient reaches its weights, even where an
    objective forgets to detach. The learning rate falls to zero along a cosine. Both are left in
    eval mode, also after an error.

    Args:
        generator: trained in place; each batch is moved to its device.
        discriminator: trained in place; on the same device.
        generator_objective: its "loss" is what the generator minimises.
        discriminator_objective: its "loss" is what the discriminator minimises.
        batches: at least 2 · `steps` batches; each update takes one.
        steps: how many updates each of the two gets, at least 1.
        learning_rate: the highest learning rate.
        generator_rate: that of the generator, if it is another (Heusel et al. 2017).
        betas: of Adam. A first one of 0 keeps no momentum (as in R3GAN).
        average: follows the generator's weights, as `running_mean` makes it; calmer than any
            single step (Yazıcı et al. 2019).
        on_step: called with the number of steps done: with 0 before the first, then after each.
        progress: show a bar with both running losses, on stderr.
        description: what stands before the bar.

    Returns:
        every term, one float per step: `history["generator loss"]` and
        `history["discriminator loss"]` are (steps,), the others are named alike.

    Raises:
        ValueError: nothing to train, too few batches, or no term "loss".
        FloatingPointError: a term is NaN or infinite; the message names it and the step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
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
            if on_step:
                on_step(0)
            for step in range(steps):
                for name, side in sides.items():
                    batch = next_batch(stream, f"{step} of {steps} steps, each of which takes two")
                    terms = side.update(generator, discriminator, batch)
                    record_terms(terms, step, history, f"{name} ")
                if average is not None:
                    average.update_parameters(generator)
                if on_step:
                    on_step(step + 1)
                bar.set_postfix_str(_both_losses(history), refresh=False)
                bar.update()
    finally:
        for model in (generator, discriminator, average):
            if model is not None:
                model.eval()
    return {name: np.array(values) for name, values in history.items()}


def running_mean(model: nn.Module, decay: float = 0.99) -> AveragedModel:
    """Return an exponential moving average of a model's weights; `.module` is a copy of the model.

    Args:
        model: at the start of its training.
        decay: share of the average that stays in a step, 0 to 1. It grows to this value over the
            first steps, k / (k + 10) after k of them, so that the first weights are forgotten.
    """

    def move(average: Tensor, weight: Tensor, updates: Tensor | int) -> Tensor:
        done = int(updates)
        return torch.lerp(average, weight, 1 - min(decay, done / (done + 10)))

    return AveragedModel(model, avg_fn=move)


def with_noise(batches: Iterable[Batch], latent_dim: int, rng: torch.Generator) -> Iterator[Batch]:
    """Add to each batch a "z" (B, latent_dim) from a Gaussian, one for each of its rows."""
    for batch in batches:
        rows = len(next(iter(batch.values())))
        yield {**batch, "z": torch.randn(rows, latent_dim, generator=rng)}


class _Side:
    """One of the two networks, with its opponent, its objective and its optimiser."""

    def __init__(
        self, model: nn.Module, opponent: nn.Module, objective: AdversarialObjective
    ) -> None:
        self.model, self.opponent, self.objective = model, opponent, objective
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        if not self.weights:
            raise ValueError(f"{type(model).__name__} has no parameter that needs a gradient")

    def prepare(self, learning_rate: float, betas: tuple[float, float], steps: int) -> None:
        self.optimiser = torch.optim.Adam(self.weights, learning_rate, betas, fused=True)
        self.schedule = LambdaLR(self.optimiser, lambda step: one_cycle(step / steps, 0.0))
        self.model.train()

    def update(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Terms:
        """Take one step; return the terms of its objective."""
        frozen = [weight for weight in self.opponent.parameters() if weight.requires_grad]
        for weight in frozen:
            weight.requires_grad_(False)
        try:
            batch = to_device(batch, self.weights[0].device)
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


def _both_losses(history: dict[str, list[float]]) -> str:
    means = (
        f"{side} {np.mean(history[f'{side} loss'][-20:]):.2f}"
        for side in ("discriminator", "generator")
    )
    return ", ".join(means)
