"""The recipe of the text-to-image VAE that reads a frozen BERT instead of Word2Vec."""

from __future__ import annotations

import torch

from cmlearn.data.images import resize_all
from cmlearn.data.storybook import load_storybook
from cmlearn.models.minilm import FrozenBert, load_minilm
from cmlearn.models.text_encoder import TextEncoderConfig
from cmlearn.models.vae import SIDE, AnnealedVAELoss, TextToImageVAE, VAEConfig, to_signed
from cmlearn.recipes.vae import (
    BATCH_SIZE,
    CONDITION_DIM,
    LEARNING_RATE,
    NOTEBOOK,
    Plan,
    fit_prior,
    text_to_image_scores,
)
from cmlearn.training.batches import shuffled_batches
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, generator, seed_all


def notebook_scores(seed: int) -> dict[str, float]:
    """What the VAE of notebook 03 reaches with a frozen BERT, by the same plan.

    Raises:
        FileNotFoundError: BERT's weights are not on this machine.
    """
    return text_to_image_scores(*fitted(NOTEBOOK, seed))


def fitted(plan: Plan, seed: int) -> tuple[TextToImageVAE, FrozenBert]:
    """Return a VAE trained by a plan, with the BERT that reads its captions.

    BERT reads each caption once, before the training: ten thousand of them take about 150 MB.

    Raises:
        ValueError: the plan wants more than one caption of each picture.
        FileNotFoundError: BERT's weights are not on this machine.
    """
    if plan.captions != 1:
        raise ValueError(f"plan.captions: BERT's vectors are kept of one, not {plan.captions}")
    bert = load_minilm()
    data = load_storybook("train")
    vectors = bert.words([captions[0] for captions in data.captions])  # (N, T, D) float16
    images = to_signed(torch.from_numpy(resize_all(data.images, SIDE)))
    seed_all(seed)
    model = channels_last(TextToImageVAE(vae_config(vectors.shape[2])))
    fit(
        model,
        AnnealedVAELoss(plan.steps, plan.beta_start, plan.beta_end),
        shuffled_batches({"images": images, "tokens": vectors}, BATCH_SIZE, generator(seed)),
        steps=plan.steps,
        learning_rate=LEARNING_RATE,
        description="vae with bert",
    )
    fit_prior(model, images, vectors.unsqueeze(1), plan.prior_steps, seed)
    return model, bert


def vae_config(embed_dim: int) -> VAEConfig:
    """The sizes of `TextToImageVAE` where words come as vectors of length `embed_dim`."""
    sizes = {"embed_dim": embed_dim, "condition_dim": CONDITION_DIM}
    return VAEConfig(TextEncoderConfig(0, **sizes, kind="vectors"))
