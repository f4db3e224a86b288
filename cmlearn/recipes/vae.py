"""The recipe of the text-to-image VAE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.claims import all_true
from cmlearn.data.grammar import CAPTIONS_PER_SCENE
from cmlearn.data.images import resize_all
from cmlearn.data.parser import parse_caption
from cmlearn.data.storybook import load_storybook
from cmlearn.evaluation.scene_reader import read_scenes
from cmlearn.models.gan import TextToImageGAN
from cmlearn.models.text_encoder import TextEncoderConfig
from cmlearn.models.vae import (
    SIDE,
    AnnealedVAELoss,
    TextToImageVAE,
    VAEConfig,
    posterior,
    prior_loss,
    to_signed,
    to_uint8,
)
from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.word2vec import standardised_table, train_word2vec
from cmlearn.training.batches import one_caption_each, shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import History, fit
from cmlearn.training.runtime import channels_last, generator, seed_all

STEPS, BATCH_SIZE, LEARNING_RATE = 9_000, 64, 2e-3
PRIOR_STEPS, PRIOR_BATCH_SIZE = 3_000, 512  # afterwards, for the prior alone
BETA_START, BETA_END = 40.0, 4.0
CONDITION_DIM = 128


@dataclass(frozen=True)
class Plan:
    """How long to train, and on what.

    Attributes:
        steps: of training everything.
        prior_steps: of training the prior alone, afterwards.
        beta_start: the first weight of the KL term.
        beta_end: the last one.
        captions: how many of a picture's captions are read, the first ones.
    """

    steps: int
    prior_steps: int
    beta_start: float
    beta_end: float
    captions: int


NOTEBOOK = Plan(600, prior_steps=300, beta_start=8.0, beta_end=6.0, captions=1)  # notebook 03


def train(path: Path, seed: int) -> None:
    """Train on pictures with one of their captions; write `path`.safetensors and `path`.json."""
    plan = Plan(STEPS, PRIOR_STEPS, BETA_START, BETA_END, CAPTIONS_PER_SCENE)
    model, vocabulary = fitted(plan, seed)
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe=told_recipe(plan),
        seed=seed,
        scores=text_to_image_scores(model, vocabulary),
    )


def told_recipe(plan: Plan) -> dict[str, object]:
    """What a checkpoint says of how it was trained."""
    recipe: dict[str, object] = {"split": "train", "batch_size": BATCH_SIZE}
    recipe |= {"learning_rate": LEARNING_RATE, "prior_batch_size": PRIOR_BATCH_SIZE}
    return recipe | asdict(plan)


def notebook_scores(seed: int) -> dict[str, float]:
    """What notebook 03 reaches from another seed."""
    return text_to_image_scores(*fitted(NOTEBOOK, seed))


def fitted(plan: Plan, seed: int) -> tuple[TextToImageVAE, Vocabulary]:
    """Return a VAE trained by a plan, with its vocabulary."""
    seed_all(seed)
    data = load_storybook("train")
    told = [caption for captions in data.captions for caption in captions]
    vocabulary = Vocabulary.from_captions(told)
    vectors = train_word2vec([tokenize(caption) for caption in told], seed=seed)
    config = VAEConfig(TextEncoderConfig(len(vocabulary), condition_dim=CONDITION_DIM))
    table = standardised_table(vectors, vocabulary)
    model = channels_last(TextToImageVAE(config, table))
    tokens = vocabulary.encode_batch(told).view(len(data), CAPTIONS_PER_SCENE, -1)
    arrays = {
        "images": to_signed(torch.from_numpy(resize_all(data.images, SIDE))),
        "tokens": tokens[:, : plan.captions],
    }
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(
        model,
        AnnealedVAELoss(plan.steps, plan.beta_start, plan.beta_end),
        one_caption_each(batches, generator(seed + 1)),
        steps=plan.steps,
        learning_rate=LEARNING_RATE,
        description="vae",
    )
    fit_prior(model, arrays["images"], arrays["tokens"], plan.prior_steps, seed)
    return model, vocabulary


def fit_prior(
    model: TextToImageVAE, images: Tensor, tokens: Tensor, steps: int, seed: int
) -> History:
    """Train nothing but the prior of a trained model, on pictures with each of their captions.

    Args:
        model: its prior is trained in place.
        images: (N, 3, 32, 32) float, -1 to 1.
        tokens: (N, K, T) int64, K captions of each picture, or the vectors of their words.
        steps: how many batches of `PRIOR_BATCH_SIZE`.
        seed: decides the order.
    """
    parts = [posterior(model, images, tokens[:, k]) for k in range(tokens.shape[1])]
    arrays = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return fit(
        model.prior,
        prior_loss,
        shuffled_batches(arrays, PRIOR_BATCH_SIZE, generator(seed)),
        steps=steps,
        learning_rate=LEARNING_RATE,
        description="prior",
    )


class Encoder(Protocol):
    """What turns captions into what a VAE reads: a `Vocabulary`, a `FrozenBert`."""

    def encode_batch(self, captions: Sequence[str]) -> Tensor:
        """B captions -> (B, T) ids or (B, T, D) vectors."""


def text_to_image_scores(
    model: TextToImageVAE | TextToImageGAN, vocabulary: Encoder
) -> dict[str, float]:
    """Share of pictures, read by the deterministic parser, of which the whole caption is true.

    The caption is the first of each scene, which tells all there is but the places; "one thing"
    are the scenes with one thing.
    """
    scores: dict[str, float] = {}
    for split in ("test", "novel"):
        data = load_storybook(split)
        asked = [captions[0] for captions in data.captions]
        drawn = model.sample(vocabulary.encode_batch(asked), generator(0))
        read = read_scenes(to_uint8(drawn).numpy())
        true = [
            scene is not None and all_true(parse_caption(caption), scene)
            for caption, scene in zip(asked, read, strict=True)
        ]
        one = [
            t for t, scene in zip(true, data.scenes or (), strict=True) if len(scene.things) == 1
        ]
        scores[f"true_{split}"] = round(float(np.mean(true)), 3)
        scores[f"true_{split}_one_thing"] = round(float(np.mean(one)), 3)
    return scores
