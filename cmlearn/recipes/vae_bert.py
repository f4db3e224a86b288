"""The recipe of the text-to-image VAE that reads a frozen BERT instead of Word2Vec."""

from __future__ import annotations

from pathlib import Path

import torch

from cmlearn.data.grammar import CAPTIONS_PER_SCENE
from cmlearn.data.images import resize_all
from cmlearn.data.storybook import load_storybook
from cmlearn.models.minilm import FrozenBert, load_minilm
from cmlearn.models.text_encoder import TextEncoderConfig
from cmlearn.models.vae import SIDE, AnnealedVAELoss, TextToImageVAE, VAEConfig, to_signed
from cmlearn.recipes import vae
from cmlearn.recipes.vae import (
    BATCH_SIZE,
    CONDITION_DIM,
    LEARNING_RATE,
    NOTEBOOK,
    Plan,
    fit_prior,
    text_to_image_scores,
    told_recipe,
)
from cmlearn.training.batches import one_caption_each, shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, generator, seed_all

STEPS, PRIOR_STEPS = vae.STEPS, vae.PRIOR_STEPS


def train(path: Path, seed: int) -> None:
    """Train as the VAE on Word2Vec is trained; write `path`.safetensors and `path`.json.

    Raises:
        FileNotFoundError: BERT's weights are not on this machine.
    """
    plan = Plan(STEPS, PRIOR_STEPS, vae.BETA_START, vae.BETA_END, CAPTIONS_PER_SCENE)
    model, bert = fitted(plan, seed)
    save_checkpoint(
        path,
        model,
        model.config,
        recipe=told_recipe(plan),
        seed=seed,
        scores=text_to_image_scores(model, bert),
    )


def notebook_scores(seed: int) -> dict[str, float]:
    """What the VAE of notebook 03 reaches with a frozen BERT, by the same plan.

    Raises:
        FileNotFoundError: BERT's weights are not on this machine.
    """
    return text_to_image_scores(*fitted(NOTEBOOK, seed))


def fitted(plan: Plan, seed: int) -> tuple[TextToImageVAE, FrozenBert]:
    """Return a VAE trained by a plan, with the BERT that reads its captions.

    BERT reads each caption once, before the training: fifty thousand of them take about 800 MB.

    Raises:
        FileNotFoundError: BERT's weights are not on this machine.
    """
    bert = load_minilm()
    data = load_storybook("train")
    told = [caption for captions in data.captions for caption in captions[: plan.captions]]
    vectors = bert.words(told).unflatten(0, (len(data), plan.captions))  # (N, K, T, D) float16
    images = to_signed(torch.from_numpy(resize_all(data.images, SIDE)))
    seed_all(seed)
    model = channels_last(TextToImageVAE(vae_config(vectors.shape[3])))
    arrays = {"images": images, "tokens": vectors}
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(
        model,
        AnnealedVAELoss(plan.steps, plan.beta_start, plan.beta_end),
        one_caption_each(batches, generator(seed + 1)),
        steps=plan.steps,
        learning_rate=LEARNING_RATE,
        description="vae with bert",
    )
    fit_prior(model, images, vectors, plan.prior_steps, seed)
    return model, bert


def vae_config(embed_dim: int) -> VAEConfig:
    """The sizes of `TextToImageVAE` where words come as vectors of length `embed_dim`."""
    sizes = {"embed_dim": embed_dim, "condition_dim": CONDITION_DIM}
    return VAEConfig(TextEncoderConfig(0, **sizes, kind="vectors"))
