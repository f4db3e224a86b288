"""Training recipe of the GAN that draws stickers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.stickers import load_stickers
from cmlearn.evaluation.sticker_parser import score_stickers
from cmlearn.models.gan import (
    IMAGE_SIZE,
    SHIFTS,
    Discriminator,
    GANConfig,
    Generator,
    discriminator_loss,
    draw_images,
    gan_batch,
    generator_loss,
    pretraining_loss,
)
from cmlearn.models.vae import to_uint8
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.gan_loop import fit_gan, moving_average
from cmlearn.training.loop import Objective
from cmlearn.training.resumable_loop import fit_resumable
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator

# Their first argument is a `Discriminator`, that of an `Objective` any module.
PRETRAINING = cast(Objective, pretraining_loss)
OBJECTIVES = {
    "discriminator": cast(Objective, discriminator_loss),
    "generator": cast(Objective, generator_loss),
}
BETAS = (0.0, 0.99)  # of Adam, without momentum, as in R3GAN


@dataclass(frozen=True)
class GANRecipe:
    """The training settings of a GAN.

    Attributes:
        pretraining_steps: optimiser steps of the discriminator on real pictures alone.
        steps: updates of each network in the adversarial training.
        pretraining_rate: the peak learning rate of the pretraining.
        discriminator_rate: that of the discriminator in the adversarial training.
        generator_rate: that of the generator.
        average_decay: of the moving average of the generator's weights.
        batch_size: pictures in a batch, a multiple of `SHIFTS`.

    Raises:
        ValueError: the batch size is no such multiple.
    """

    pretraining_steps: int = 800
    steps: int = 1_150
    pretraining_rate: float = 2e-3
    discriminator_rate: float = 5e-4
    generator_rate: float = 1e-3
    average_decay: float = 0.995
    batch_size: int = 32

    def __post_init__(self) -> None:
        """Check the batch size."""
        if self.batch_size % SHIFTS:
            raise ValueError(
                f"batch_size: a multiple of {SHIFTS}, the parts of a batch that the augmentation "
                f"moves, got {self.batch_size}"
            )


STICKERS = GANRecipe()  # notebook 08


def train(path: Path, seed: int, recipe: GANRecipe = STICKERS) -> None:
    """Train on stickers; write `path`.safetensors and `path`.json.

    `path`.partial holds the state until then: the same call continues after a kill.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.
    """
    folder = path.with_name(f"{path.name}.partial")
    model, vocabulary = train_gan(load_stickers("train"), recipe, seed, folder)
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe={"split": "train", **asdict(recipe)},
        seed=seed,
        scores=sticker_scores(model, vocabulary),
        half=True,
    )
    shutil.rmtree(folder)


def train_gan(
    data: CaptionedPictures,
    recipe: GANRecipe,
    seed: int,
    folder: Path | None = None,
    on_step: Callable[[int], object] | None = None,
) -> tuple[Generator, Vocabulary]:
    """Train a GAN on any small pictures with captions.

    Args:
        data: pictures of 32 × 32, whose first captions are used.
        recipe: the settings.
        seed: seed of the initial weights and of all batches.
        folder: keeps the states of both trainings, see `fit_resumable`.
        on_step: called with the number of completed steps of the adversarial training.

    Returns:
        The generator with the averaged weights, in eval mode, and its vocabulary.

    Raises:
        ValueError: the pictures have another size, or the folder is of another training.
    """
    if data.images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE, 3):
        raise ValueError(f"{data.name}: pictures of 32 × 32 × 3 expected, not {data.images.shape}")
    vocabulary = Vocabulary.from_captions(texts[0] for texts in data.captions)
    images = torch.from_numpy(np.array(data.images))
    tokens = vocabulary.encode_captions(data.captions, 1)[:, 0]
    seed_all(seed)
    config, device = GANConfig(len(vocabulary)), choose_device()
    generator = cast(Generator, channels_last(Generator(config)).to(device))
    discriminator = cast(Discriminator, channels_last(Discriminator(config)).to(device))
    average = moving_average(generator, recipe.average_decay)

    def draw_batch(rng: torch.Generator) -> dict[str, Tensor]:
        return gan_batch(images, tokens, recipe.batch_size, config.latent_dim, rng)

    settings = {"data": data.name, **asdict(recipe)}
    fit_resumable(
        discriminator,
        PRETRAINING,
        draw_batch,
        {"adam": _adam(discriminator, recipe.pretraining_rate)},
        moving_average(discriminator),
        steps=recipe.pretraining_steps,
        seed=seed + 1,  # other batches than those of the adversarial training
        folder=folder and folder / "pretraining",
        settings=settings,
        description="discriminator",
    )
    optimisers = {
        "discriminator": _adam(discriminator, recipe.discriminator_rate),
        "generator": _adam(generator, recipe.generator_rate),
    }
    fit_gan(
        generator,
        discriminator,
        OBJECTIVES,
        draw_batch,
        optimisers,
        average,
        steps=recipe.steps,
        seed=seed,
        folder=folder and folder / "adversarial",
        settings=settings,
        on_step=on_step,
        description="GAN",
    )
    return cast(Generator, average.module), vocabulary


def sticker_scores(model: Generator, vocabulary: Vocabulary) -> dict[str, float]:
    """Return the shares of right stickers, "all_test" and so on, by the sticker parser."""
    scores: dict[str, float] = {}
    for split in ("test", "novel"):
        captions = [several[0] for several in load_stickers(split).captions]
        drawn = draw_images(model, vocabulary.encode_batch(captions), seeded_generator(0))
        scored = score_stickers(to_uint8(drawn).numpy(), captions)
        scores |= {f"{name}_{split}": round(value, 3) for name, value in scored.items()}
    return scores


def _adam(model: nn.Module, learning_rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(model.parameters(), learning_rate, betas=BETAS, fused=True)
