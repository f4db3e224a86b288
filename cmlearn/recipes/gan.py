"""The recipe of the text-to-image GAN.

It begins with nothing, or with what the VAE has learned.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.images import resize_all
from cmlearn.data.storybook import load_storybook
from cmlearn.evaluation.sharpness import edge_energy
from cmlearn.models.gan import (
    SIDE,
    DecoderAsGenerator,
    Discriminator,
    GANConfig,
    TextToImageGAN,
    captioned_discriminator_loss,
    relativistic_generator_loss,
)
from cmlearn.models.vae import TextToImageVAE, VAEConfig, to_signed, to_uint8
from cmlearn.recipes.vae import text_to_image_scores
from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.word2vec import standardised_table, train_word2vec
from cmlearn.training.adversarial import contest, with_noise
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import load_checkpoint, save_checkpoint
from cmlearn.training.runtime import channels_last, generator, seed_all

STEPS, BATCH_SIZE, LEARNING_RATE = 3_000, 64, 1e-3


@dataclass(frozen=True)
class Plan:
    """How long to train, and how.

    Attributes:
        steps: turns of each of the two networks.
        learning_rate: of the discriminator.
        generator_rate: the generator's.
        gamma: the weight of R1 and R2.
        share: of how much of a batch they are taken.
    """

    steps: int
    learning_rate: float = LEARNING_RATE
    generator_rate: float = LEARNING_RATE
    gamma: float = 1.0
    share: float = 0.25


NOTEBOOK = Plan(240, gamma=10.0)  # notebook 08, section 6
NOTEBOOK_LATER = Plan(200, generator_rate=2e-4)  # and section 8


def train(path: Path, seed: int) -> None:
    """Train the shipped VAE's decoder on in a contest; write `path`.safetensors and `path`.json.

    What is written is a `TextToImageVAE` of which only the decoder is another.
    """
    plan = Plan(STEPS, generator_rate=2e-4)
    model, vocabulary = fitted_later(plan, seed)
    recipe: dict[str, object] = {"split": "train", "batch_size": BATCH_SIZE, "begins_as": "vae"}
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe=recipe | asdict(plan),
        seed=seed,
        scores=text_to_image_scores(model, vocabulary) | {"edges": edges(model, vocabulary)},
    )


def notebook_scores(seed: int) -> dict[str, float]:
    """What notebook 08 reaches from another seed, from nothing and from the VAE ("later")."""
    model, vocabulary = fitted(NOTEBOOK, seed)
    scores = text_to_image_scores(model, vocabulary) | {"edges": edges(model, vocabulary)}
    later, words = fitted_later(NOTEBOOK_LATER, seed)
    found = text_to_image_scores(later, words) | {"edges": edges(later, words)}
    return scores | {f"later_{name}": value for name, value in found.items()}


def edges(model: TextToImageGAN | TextToImageVAE, vocabulary: Vocabulary) -> float:
    """The edge energy of what is drawn for the test captions, as a share of true pictures'."""
    data = load_storybook("test")
    tokens = vocabulary.encode_batch([told[0] for told in data.captions])
    drawn = edge_energy(to_uint8(model.sample(tokens, generator(0))).numpy()).mean()
    return round(float(drawn / edge_energy(resize_all(data.images, SIDE)).mean()), 3)


def fitted(plan: Plan, seed: int) -> tuple[TextToImageGAN, Vocabulary]:
    """Return a GAN's reader and generator, trained from nothing, with the vocabulary."""
    images, captions, every = _training_pictures()
    vocabulary = Vocabulary.from_captions(every)
    vectors = train_word2vec([tokenize(caption) for caption in every], seed=seed)
    table = standardised_table(vectors, vocabulary)
    seed_all(seed)
    model = channels_last(TextToImageGAN(GANConfig(len(vocabulary)), table))
    discriminator = channels_last(Discriminator(model.config))
    words, padding = model.read(vocabulary.encode_batch(captions))
    arrays = {"real": images, "words": words, "padding": padding}
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    average = copy.deepcopy(model.generator)
    contest(
        model.generator,
        discriminator,
        relativistic_generator_loss,
        partial(captioned_discriminator_loss, gamma=plan.gamma, share=plan.share),
        with_noise(batches, model.config.latent_dim, generator(seed + 1)),
        steps=plan.steps,
        learning_rate=plan.learning_rate,
        generator_rate=plan.generator_rate,
        average=average,
        description="gan",
    )
    model.generator = average
    return model, vocabulary


def fitted_later(plan: Plan, seed: int) -> tuple[TextToImageVAE, Vocabulary]:
    """Return the shipped VAE, its decoder trained on in a contest, with its vocabulary."""
    model, info = load_checkpoint(checkpoint_folder() / "vae", TextToImageVAE, VAEConfig)
    vocabulary = Vocabulary.from_list(info.vocabulary or ())
    images, captions, _ = _training_pictures()
    seed_all(seed)
    caption_dim = model.config.text.condition_dim
    discriminator = Discriminator(GANConfig(len(vocabulary), embed_dim=caption_dim, window=1))
    with torch.no_grad():
        caption = model.text.read(vocabulary.encode_batch(captions))
        z = model.prior.sample(caption.condition, generator(seed))
    arrays = {"real": images, "z": z, "words": caption.words, "padding": caption.padding}
    average = copy.deepcopy(model.decoder)
    contest(
        DecoderAsGenerator(model.decoder),
        channels_last(discriminator),
        relativistic_generator_loss,
        partial(captioned_discriminator_loss, gamma=plan.gamma, share=plan.share),
        shuffled_batches(arrays, BATCH_SIZE, generator(seed)),
        steps=plan.steps,
        learning_rate=plan.learning_rate,
        generator_rate=plan.generator_rate,
        average=DecoderAsGenerator(average),
        description="contest",
    )
    model.decoder = average
    return model, vocabulary


def _training_pictures() -> tuple[Tensor, Sequence[str], Sequence[str]]:
    """Return the pictures, the first caption of each, and all captions."""
    data = load_storybook("train")
    images = to_signed(torch.from_numpy(resize_all(np.asarray(data.images), SIDE)))
    every = [caption for captions in data.captions for caption in captions]
    return images, [captions[0] for captions in data.captions], every
