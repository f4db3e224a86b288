"""Adversarial training: alternating updates of a generator and a discriminator."""

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

# (generator, discriminator, batch) -> named terms; "loss" is minimised.
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
    """Train a GAN with Adam (Kingma & Ba 2015); each step updates first the discriminator.

    While one network is updated, the other is frozen: it gets no gradient, even if an objective
    forgets to detach. The learning rate falls to zero along a cosine. Both networks end in eval
    mode, also after an error.

    Args:
        generator: trained in place; each batch is moved to its device.
        discriminator: trained in place; on the same device.
        generator_objective: its "loss" is what the generator minimises.
        discriminator_objective: its "loss" is what the discriminator minimises.
        batches: at least 2 · `steps` batches; each update takes one.
        steps: number of updates of each network, at least 1.
        learning_rate: the initial learning rate.
        generator_rate: the initial learning rate of the generator; by default `learning_rate`. Two
            rates help convergence (Heusel et al. 2017).
        betas: coefficients of Adam. A first one of 0 means no momentum, as in R3GAN.
        average: the generator's weights averaged by `moving_average`; they vary less from step to
            step (Yazıcı et al. 2019).
        on_step: called with the number of completed steps: with 0 before the first, then after
            each.
        progress: show a progress bar with both losses on stderr.
        description: label of the progress bar.

    Returns:
        Every term of both objectives, (steps,) each, with the name of its network as a prefix:
        `history["generator loss"]`, `history["discriminator loss"]` and so on.

    Raises:
        ValueError: `steps` is below 1, a network has nothing to train, there are too few batches,
            or an objective returns no term "loss".
        FloatingPointError: a term is NaN or infinite; the message names it and the step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    players = {
        "discriminator": _Player(discriminator, generator, discriminator_objective),
        "generator": _Player(generator, discriminator, generator_objective),
    }
    rates = {"discriminator": learning_rate, "generator": generator_rate or learning_rate}
    for name, player in players.items():
        player.prepare(rates[name], betas, steps)
    history: dict[str, list[float]] = defaultdict(list)
    stream = iter(batches)
    try:
        with progress_bar(show=progress, total=steps, desc=description) as bar:
            if on_step:
                on_step(0)
            for step in range(steps):
                for name, player in players.items():
                    batch = next_batch(stream, f"{step} of {steps} steps, each of which takes two")
                    terms = player.update(generator, discriminator, batch)
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


def with_noise(batches: Iterable[Batch], latent_dim: int, rng: torch.Generator) -> Iterator[Batch]:
    """Add a standard normal latent "z" (B, latent_dim) to each batch.

    Args:
        batches: batches of B rows.
        latent_dim: length of a latent vector.
        rng: draws the latents.

    Yields:
        The same batches with "z" added.
    """
    for batch in batches:
        rows = len(next(iter(batch.values())))
        yield {**batch, "z": torch.randn(rows, latent_dim, generator=rng)}


class _Player:
    """One network of a GAN with its objective and optimiser; `opponent` is the other one."""

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
        """Take one optimiser step; return the terms of the objective."""
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
        f"{name} {np.mean(history[f'{name} loss'][-20:]):.2f}"
        for name in ("discriminator", "generator")
    )
    return ", ".join(means)
