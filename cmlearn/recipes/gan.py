"""Training recipes of the text-to-image GAN, from scratch or starting from the VAE's decoder."""

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
from cmlearn.training.gan_loop import fit_gan, moving_average, with_noise
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator


@dataclass(frozen=True)
class GANRecipe:
    """Training settings of a GAN.

    Attributes:
        steps: updates of each network.
        learning_rate: initial learning rate of the discriminator.
        generator_rate: initial learning rate of the generator.
        gamma: weight of the gradient penalties R1 and R2.
        share: fraction of a batch on which R1 and R2 are computed.
        batch_size: images in a batch.
    """

    steps: int
    learning_rate: float = 1e-3
    generator_rate: float = 1e-3
    gamma: float = 1.0
    share: float = 0.25
    batch_size: int = 64


NOTEBOOK = GANRecipe(240, gamma=10.0)  # notebook 08, section 6
NOTEBOOK_FROM_VAE = GANRecipe(200, generator_rate=2e-4)  # notebook 08, section 8
LONG = GANRecipe(3_000, generator_rate=2e-4)


def train(path: Path, seed: int, recipe: GANRecipe = LONG) -> None:
    """Fine-tune the shipped VAE's decoder as a GAN; write `path`.safetensors and `path`.json.

    The checkpoint holds a `TextToImageVAE` with the new decoder.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.
    """
    model, vocabulary = fine_tune_vae(recipe, seed)
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
    """Train the two GANs of notebook 08 with another seed; return their scores by name.

    Scores of the GAN that starts from the VAE have the prefix "later_".
    """
    model, vocabulary = train_model(NOTEBOOK, seed)
    scores = text_to_image_scores(model, vocabulary) | {"edges": edges(model, vocabulary)}
    tuned, words = fine_tune_vae(NOTEBOOK_FROM_VAE, seed)
    from_vae = text_to_image_scores(tuned, words) | {"edges": edges(tuned, words)}
    return scores | {f"later_{name}": value for name, value in from_vae.items()}


def edges(model: TextToImageGAN | TextToImageVAE, vocabulary: Vocabulary) -> float:
    """Return the edge energy of images generated from the test captions, relative to real ones.

    Args:
        model: a trained text-to-image model.
        vocabulary: that of `model`.

    Returns:
        Mean edge energy of the generated images divided by that of the test images, at least 0.
    """
    data = load_storybook("test")
    tokens = vocabulary.encode_batch([captions[0] for captions in data.captions])
    generated = edge_energy(to_uint8(model.sample(tokens, seeded_generator(0))).numpy()).mean()
    return round(float(generated / edge_energy(resize_all(data.images, OUTPUT_SIZE)).mean()), 3)


def train_model(recipe: GANRecipe, seed: int) -> tuple[TextToImageGAN, Vocabulary]:
    """Train a GAN from scratch on the training split of Storybook.

    Args:
        recipe: the settings.
        seed: seed of the word vectors, the initial weights, the order of the images and the noise.

    Returns:
        The model, with the moving average of the generator's weights, and its vocabulary.
    """
    images, captions, all_captions = _training_data()
    vocabulary = Vocabulary.from_captions(all_captions)
    vectors = train_word2vec([tokenize(caption) for caption in all_captions], seed=seed)
    table = standardised_table(vectors, vocabulary)
    seed_all(seed)
    device = choose_device()
    model = channels_last(TextToImageGAN(GANConfig(len(vocabulary)), table)).to(device)
    discriminator = channels_last(Discriminator(model.config)).to(device)
    words, padding = model.text(vocabulary.encode_batch(captions).to(device))
    arrays = {"real": images, "words": words, "padding": padding}
    batches = shuffled_batches(arrays, recipe.batch_size, seeded_generator(seed))
    average = moving_average(model.generator)
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


def fine_tune_vae(recipe: GANRecipe, seed: int) -> tuple[TextToImageVAE, Vocabulary]:
    """Fine-tune the decoder of the shipped VAE as the generator of a GAN.

    Args:
        recipe: the settings.
        seed: seed of the discriminator, the latents and the order of the images.

    Returns:
        The VAE, with the moving average of the decoder's weights, and its vocabulary.

    Raises:
        FileNotFoundError: the checkpoint of the VAE is missing.
    """
    device, path = choose_device(), checkpoint_folder() / "vae"
    model, info = load_checkpoint(path, TextToImageVAE, VAEConfig, device)
    vocabulary = Vocabulary.from_list(info.vocabulary or ())
    images, captions, _ = _training_data()
    seed_all(seed)
    caption_dim = model.config.text.condition_dim
    discriminator = Discriminator(GANConfig(len(vocabulary), embed_dim=caption_dim, window=1))
    with torch.no_grad():
        caption = model.text.encode(vocabulary.encode_batch(captions).to(device))
        z = model.prior.sample(caption.condition, seeded_generator(seed))
    arrays = {"real": images, "z": z, "words": caption.words, "padding": caption.padding}
    generator = DecoderAsGenerator(model.decoder)
    average = moving_average(generator)
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


def _training_data() -> tuple[Tensor, Sequence[str], Sequence[str]]:
    """Return images (N, 3, 32, 32) in -1 to 1, the first caption of each, and all captions."""
    data = load_storybook("train")
    images = to_signed(torch.from_numpy(resize_all(np.asarray(data.images), OUTPUT_SIZE)))
    all_captions = [caption for captions in data.captions for caption in captions]
    return images, [captions[0] for captions in data.captions], all_captions
