"""Training recipes of the text-to-image VAE, with Word2Vec and with a frozen BERT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.images import resize_all
from cmlearn.data.storybook.captions import CAPTIONS_PER_SCENE
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.evaluation.claim_accuracy import captions_hold
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.models.text_encoders import TextEncoderConfig
from cmlearn.models.vae import (
    OUTPUT_SIZE,
    AnnealedVAELoss,
    TextToImageVAE,
    VAEConfig,
    posterior,
    prior_loss,
    to_signed,
    to_uint8,
)
from cmlearn.pretrained.minilm import FrozenBert, load_minilm
from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.word2vec import standardised_table, train_word2vec
from cmlearn.training.batches import sample_captions, shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import History, fit
from cmlearn.training.runtime import channels_last, choose_device, seed_all, seeded_generator

CONDITION_DIM = 128


@dataclass(frozen=True)
class VAERecipe:
    """Training settings of a text-to-image VAE.

    Attributes:
        steps: number of optimiser steps of the whole model.
        prior_steps: number of further steps, which train the prior alone.
        beta_start: initial weight β of the KL term.
        beta_end: final weight β of the KL term.
        captions: number of captions per image; the first ones are used.
        batch_size: images in a batch.
        learning_rate: the peak learning rate.
        prior_batch_size: images in a batch of the prior training.
    """

    steps: int
    prior_steps: int
    beta_start: float
    beta_end: float
    captions: int
    batch_size: int = 64
    learning_rate: float = 2e-3
    prior_batch_size: int = 512


SHIPPED = VAERecipe(9_000, 3_000, beta_start=40.0, beta_end=4.0, captions=CAPTIONS_PER_SCENE)
NOTEBOOK = VAERecipe(600, 300, beta_start=8.0, beta_end=6.0, captions=1)  # notebook 03


class CaptionEncoder(Protocol):
    """Turns captions into the text input of a VAE: a `Vocabulary` or a `FrozenBert`."""

    def encode_batch(self, captions: Sequence[str]) -> Tensor:
        """Return token ids (B, T) or word vectors (B, T, D) of B captions."""


def train(path: Path, seed: int, recipe: VAERecipe = SHIPPED) -> None:
    """Train with Word2Vec embeddings; write `path`.safetensors and `path`.json.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.
    """
    model, vocabulary = train_model(recipe, seed)
    _save(path, model, vocabulary, vocabulary.to_list(), recipe, seed)


def train_on_bert(path: Path, seed: int, recipe: VAERecipe = SHIPPED) -> None:
    """Train with the word vectors of a frozen BERT; write `path`.safetensors and `path`.json.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.

    Raises:
        FileNotFoundError: the weights of BERT are not installed.
    """
    model, bert = train_model_on_bert(recipe, seed)
    _save(path, model, bert, None, recipe, seed)


def notebook_scores(seed: int) -> dict[str, float]:
    """Train the VAE of notebook 03 with another seed; return its scores by name."""
    return text_to_image_scores(*train_model(NOTEBOOK, seed))


def bert_scores(seed: int) -> dict[str, float]:
    """Train the same VAE with a frozen BERT; return its scores by name.

    Raises:
        FileNotFoundError: the weights of BERT are not installed.
    """
    return text_to_image_scores(*train_model_on_bert(NOTEBOOK, seed))


def train_model(recipe: VAERecipe, seed: int) -> tuple[TextToImageVAE, Vocabulary]:
    """Train a VAE whose word embeddings start from Word2Vec.

    Args:
        recipe: the settings.
        seed: seed of the word vectors, the initial weights, the order of the images and the choice
            of captions.

    Returns:
        The model in eval mode and its vocabulary.
    """
    seed_all(seed)
    data = load_storybook("train")
    texts = [caption for captions in data.captions for caption in captions]
    vocabulary = Vocabulary.from_captions(texts)
    vectors = train_word2vec([tokenize(caption) for caption in texts], seed=seed)
    config = VAEConfig(TextEncoderConfig(len(vocabulary), condition_dim=CONDITION_DIM))
    model = channels_last(TextToImageVAE(config, standardised_table(vectors, vocabulary)))
    tokens = vocabulary.encode_captions(data.captions, CAPTIONS_PER_SCENE)
    _fit(model, data, tokens[:, : recipe.captions], recipe, seed)
    return model, vocabulary


def train_model_on_bert(recipe: VAERecipe, seed: int) -> tuple[TextToImageVAE, FrozenBert]:
    """Train a VAE that reads the word vectors of a frozen BERT.

    BERT encodes each caption once, before the training. The vectors of fifty thousand captions
    take about 800 MB of memory.

    Args:
        recipe: the settings.
        seed: seed of the initial weights, the order of the images and the choice of captions.

    Returns:
        The VAE in eval mode and BERT.

    Raises:
        FileNotFoundError: the weights of BERT are not installed.
    """
    bert = load_minilm()
    bert.model.to(choose_device())
    data = load_storybook("train")
    texts = [caption for captions in data.captions for caption in captions[: recipe.captions]]
    vectors = bert.token_vectors(texts).unflatten(0, (len(data), recipe.captions))  # (N, K, T, D)
    seed_all(seed)
    model = channels_last(TextToImageVAE(bert_config(vectors.shape[3])))
    _fit(model, data, vectors, recipe, seed)
    return model, bert


def bert_config(embed_dim: int) -> VAEConfig:
    """Return the configuration of a VAE that reads word vectors of length `embed_dim`."""
    text = TextEncoderConfig(0, embed_dim=embed_dim, condition_dim=CONDITION_DIM, kind="vectors")
    return VAEConfig(text)


def _fit(
    model: TextToImageVAE, data: CaptionedPictures, tokens: Tensor, recipe: VAERecipe, seed: int
) -> None:
    model.to(choose_device())
    images = to_signed(torch.from_numpy(resize_all(data.images, OUTPUT_SIZE)))
    arrays = {"images": images, "tokens": tokens}
    batches = shuffled_batches(arrays, recipe.batch_size, seeded_generator(seed))
    fit(
        model,
        AnnealedVAELoss(recipe.steps, recipe.beta_start, recipe.beta_end),
        sample_captions(batches, seeded_generator(seed + 1)),
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        description="vae",
    )
    fit_prior(model, images, tokens, recipe, seed)


def fit_prior(
    model: TextToImageVAE, images: Tensor, tokens: Tensor, recipe: VAERecipe, seed: int
) -> History:
    """Train only the prior of a trained VAE, on images with each of their captions.

    Args:
        model: its prior is trained in place.
        images: (N, 3, 32, 32) float, -1 to 1.
        tokens: K captions of each image, as token ids (N, K, T) int64 or word vectors
            (N, K, T, D) float.
        recipe: gives `prior_steps`, `prior_batch_size` and `learning_rate`.
        seed: seed of the order of the batches.

    Returns:
        The terms of the prior's loss, (prior_steps,) each.
    """
    parts = [posterior(model, images, tokens[:, k]) for k in range(tokens.shape[1])]
    arrays = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return fit(
        model.prior,
        prior_loss,
        shuffled_batches(arrays, recipe.prior_batch_size, seeded_generator(seed)),
        steps=recipe.prior_steps,
        learning_rate=recipe.learning_rate,
        description="prior",
    )


def _save(
    path: Path,
    model: TextToImageVAE,
    encoder: CaptionEncoder,
    words: list[str] | None,
    recipe: VAERecipe,
    seed: int,
) -> None:
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=words,
        recipe={"split": "train", **asdict(recipe)},
        seed=seed,
        scores=text_to_image_scores(model, encoder),
    )


def text_to_image_scores(model: TextToImageVAE, encoder: CaptionEncoder) -> dict[str, float]:
    """Return the fraction of generated images that match their caption, by the scene parser.

    Each image is generated from the first caption of a scene, which states everything but the
    relations.

    Args:
        model: a trained text-to-image model.
        encoder: encodes captions for `model`.

    Returns:
        "true_test" and "true_novel", and the same over scenes with a single thing,
        "true_test_one_thing" and "true_novel_one_thing"; all 0 to 1.
    """
    scores: dict[str, float] = {}
    for split in ("test", "novel"):
        data = load_storybook(split)
        captions = [texts[0] for texts in data.captions]
        generated = model.sample(encoder.encode_batch(captions), seeded_generator(0))
        true = captions_hold(parse_scenes(to_uint8(generated).numpy()), captions)
        single = np.array([len(scene.things) == 1 for scene in data.known_scenes])
        scores[f"true_{split}"] = round(float(true.mean()), 3)
        scores[f"true_{split}_one_thing"] = round(float(true[single].mean()), 3)
    return scores
