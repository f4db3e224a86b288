"""Recipes of the text-to-image GAN: from nothing, or from the weights of the VAE's decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.images import resize_all
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.evaluation.image_metrics import edge_energy
from cmlearn.models.gan import (
    OUTPUT_SIZE,
    DecoderAsGenerator,
    Discriminator,
    GANConfig,
    Generator,
    TextToImageGAN,
    matching_aware_discriminator_loss,
    relativistic_generator_loss,
)
from cmlearn.models.vae import TextToImageVAE, VAEConfig, to_signed, to_uint8
from cmlearn.recipes.vae import text_to_image_scores
from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.word2vec import standardised_table, train_word2vec
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.checkpoint import load_checkpoint, save_checkpoint
from cmlearn.training.gan_loop import fit_gan, running_mean, with_noise
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator


@dataclass(frozen=True)
class GANRecipe:
    """How a GAN is trained.

    Attributes:
        steps: updates of each of the two networks.
        learning_rate: of the discriminator.
        generator_rate: of the generator.
        gamma: the weight of R1 and R2.
        share: share of a batch for which R1 and R2 are computed.
        batch_size: pictures in a batch.
    """

    steps: int
    learning_rate: float = 1e-3
    generator_rate: float = 1e-3
    gamma: float = 1.0
    share: float = 0.25
    batch_size: int = 64


NOTEBOOK = GANRecipe(240, gamma=10.0)  # notebook 08, section 6
NOTEBOOK_FROM_VAE = GANRecipe(200, generator_rate=2e-4)  # and section 8
LONG = GANRecipe(3_000, generator_rate=2e-4)


def train(path: Path, seed: int, recipe: GANRecipe = LONG) -> None:
    """Fine-tune the shipped VAE's decoder as a GAN; write `path`.safetensors and `path`.json.

    What is written is a `TextToImageVAE` with another decoder.
    """
    model, vocabulary = fitted_from_vae(recipe, seed)
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe={"split": "train", "begins_as": "vae", **asdict(recipe)},
        seed=seed,
        scores=text_to_image_scores(model, vocabulary) | {"edges": edges(model, vocabulary)},
    )


def notebook_scores(seed: int) -> dict[str, float]:
    """Scores of notebook 08's GANs from another seed: from nothing, and from the VAE ("later")."""
    model, vocabulary = fitted(NOTEBOOK, seed)
    scores = text_to_image_scores(model, vocabulary) | {"edges": edges(model, vocabulary)}
    later, words = fitted_from_vae(NOTEBOOK_FROM_VAE, seed)
    found = text_to_image_scores(later, words) | {"edges": edges(later, words)}
    return scores | {f"later_{name}": value for name, value in found.items()}


def edges(model: TextToImageGAN | TextToImageVAE, vocabulary: Vocabulary) -> float:
    """The edge energy of what is drawn for the test captions, as a share of true pictures'."""
    data = load_storybook("test")
    tokens = vocabulary.encode_batch([told[0] for told in data.captions])
    drawn = edge_energy(to_uint8(model.sample(tokens, seeded_generator(0))).numpy()).mean()
    return round(float(drawn / edge_energy(resize_all(data.images, OUTPUT_SIZE)).mean()), 3)


def fitted(recipe: GANRecipe, seed: int) -> tuple[TextToImageGAN, Vocabulary]:
    """Train a GAN from nothing; return its text encoder with its generator, and the vocabulary."""
    images, captions, every = _training_pictures()
    vocabulary = Vocabulary.from_captions(every)
    vectors = train_word2vec([tokenize(caption) for caption in every], seed=seed)
    table = standardised_table(vectors, vocabulary)
    seed_all(seed)
    device = choose_device()
    model = channels_last(TextToImageGAN(GANConfig(len(vocabulary)), table)).to(device)
    discriminator = channels_last(Discriminator(model.config)).to(device)
    words, padding = model.text(vocabulary.encode_batch(captions).to(device))
    arrays = {"real": images, "words": words, "padding": padding}
    batches = shuffled_batches(arrays, recipe.batch_size, seeded_generator(seed))
    average = running_mean(model.generator)
    fit_gan(
        model.generator,
        discriminator,
        relativistic_generator_loss,
        partial(matching_aware_discriminator_loss, gamma=recipe.gamma, share=recipe.share),
        with_noise(batches, model.config.latent_dim, seeded_generator(seed + 1)),
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        generator_rate=recipe.generator_rate,
        average=average,
        description="gan",
    )
    model.generator = cast(Generator, average.module)
    return model, vocabulary


def fitted_from_vae(recipe: GANRecipe, seed: int) -> tuple[TextToImageVAE, Vocabulary]:
    """Fine-tune the decoder of the shipped VAE as a GAN; return the VAE and its vocabulary."""
    device, path = choose_device(), checkpoint_folder() / "vae"
    model, info = load_checkpoint(path, TextToImageVAE, VAEConfig, device)
    vocabulary = Vocabulary.from_list(info.vocabulary or ())
    images, captions, _ = _training_pictures()
    seed_all(seed)
    caption_dim = model.config.text.condition_dim
    discriminator = Discriminator(GANConfig(len(vocabulary), embed_dim=caption_dim, window=1))
    with torch.no_grad():
        caption = model.text.encode(vocabulary.encode_batch(captions).to(device))
        z = model.prior.sample(caption.condition, seeded_generator(seed))
    arrays = {"real": images, "z": z, "words": caption.words, "padding": caption.padding}
    generator = DecoderAsGenerator(model.decoder)
    average = running_mean(generator)
    fit_gan(
        generator,
        channels_last(discriminator).to(device),
        relativistic_generator_loss,
        partial(matching_aware_discriminator_loss, gamma=recipe.gamma, share=recipe.share),
        shuffled_batches(arrays, recipe.batch_size, seeded_generator(seed)),
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        generator_rate=recipe.generator_rate,
        average=average,
        description="gan from vae",
    )
    model.decoder = cast(DecoderAsGenerator, average.module).decoder
    return model, vocabulary


def _training_pictures() -> tuple[Tensor, Sequence[str], Sequence[str]]:
    """Return the pictures, the first caption of each, and all captions."""
    data = load_storybook("train")
    images = to_signed(torch.from_numpy(resize_all(np.asarray(data.images), OUTPUT_SIZE)))
    every = [caption for captions in data.captions for caption in captions]
    return images, [captions[0] for captions in data.captions], every
