"""Training recipes of the captioners, which read the features of a shipped image encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import nn

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.evaluation.claim_accuracy import score_captions
from cmlearn.models.captioner import NETWORKS, Captioner, CaptionerConfig, caption_loss
from cmlearn.models.decoding import CaptionDecoder, greedy_search
from cmlearn.recipes.image_encoders import grid_features
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.batches import sample_captions, shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import choose_device, seed_all, seeded_generator


@dataclass(frozen=True)
class CaptionerRecipe:
    """Training settings of a captioner.

    Attributes:
        steps: number of optimiser steps.
        encoder: name of the image encoder, a key of `IMAGE_ENCODERS`.
        batch_size: images in a batch, each with one of its captions.
        learning_rate: the peak learning rate.
    """

    steps: int
    encoder: str = "resnet18"
    batch_size: int = 64
    learning_rate: float = 2e-3


SHIPPED = CaptionerRecipe(8000)
SHIPPED_TWO_STREAM = CaptionerRecipe(8000, encoder="two_stream_encoder")
NOTEBOOK = CaptionerRecipe(1200)  # notebook 05
NOTEBOOK_RECURRENT = CaptionerRecipe(300)  # each of the four captioners of notebook 09
RECURRENT_DIM = 128  # their hidden_dim


def train(path: Path, seed: int, recipe: CaptionerRecipe = SHIPPED) -> None:
    """Train a captioner, score it and write `path`.safetensors and `path`.json.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.
    """
    model, vocabulary = train_model(recipe, seed)
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe={"split": "train", **asdict(recipe)},
        seed=seed,
        scores=scores(model, vocabulary, recipe.encoder),
        half=True,
    )


def notebook_scores(seed: int) -> dict[str, float]:
    """Train the captioner of notebook 05 with another seed; return its scores by name."""
    return scores(*train_model(NOTEBOOK, seed))


def recurrent_scores(seed: int) -> dict[str, float]:
    """Train the captioners of notebook 09; return their scores, 0 to 1.

    They are an RNN, a GRU and an LSTM without attention, and an LSTM with two attention layers. The
    keys look like "lstm_2_all_true_test": network, number of attention layers, score.
    """
    found: dict[str, float] = {}
    for recurrent, layers in [*((name, 0) for name in NETWORKS), ("lstm", 2)]:
        sizes: dict[str, Any] = {"recurrent": recurrent, "num_attention_layers": layers}
        trained = train_model(NOTEBOOK_RECURRENT, seed, hidden_dim=RECURRENT_DIM, **sizes)
        found |= {f"{recurrent}_{layers}_{name}": rate for name, rate in scores(*trained).items()}
    return found


def train_model(
    recipe: CaptionerRecipe,
    seed: int,
    build: Callable[[CaptionerConfig], nn.Module] = Captioner,
    **sizes: Any,
) -> tuple[Any, Vocabulary]:
    """Train a captioner on the training split of Storybook.

    Args:
        recipe: the settings.
        seed: seed of the initial weights, the order of the images and the choice of captions.
        build: class of the model.
        **sizes: fields of `CaptionerConfig` that differ from their defaults.

    Returns:
        The model in eval mode and its vocabulary.
    """
    data = load_storybook("train")
    vocabulary = Vocabulary.from_captions(text for texts in data.captions for text in texts)
    features = grid_features("train", recipe.encoder)
    arrays = {"features": features, "tokens": vocabulary.encode_captions(data.captions)}
    seed_all(seed)
    model = build(CaptionerConfig(len(vocabulary), channels=features.shape[1], **sizes))
    model.to(choose_device())
    batches = shuffled_batches(arrays, recipe.batch_size, seeded_generator(seed))
    fit(
        model,
        caption_loss,
        sample_captions(batches, seeded_generator(seed + 1)),
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        description="captioner",
    )
    return model, vocabulary


def scores(
    model: CaptionDecoder, vocabulary: Vocabulary, encoder: str = "resnet18"
) -> dict[str, float]:
    """Return the fraction of images whose generated caption makes only true claims.

    Args:
        model: a trained captioner; it decodes greedily.
        vocabulary: that of `model`.
        encoder: name of the image encoder that `model` was trained with.

    Returns:
        "all_true_test" and "all_true_novel", 0 to 1.
    """
    found = {}
    for split in ("test", "novel"):
        generated = greedy_search(model, grid_features(split, encoder))
        texts = [vocabulary.decode(tokens) for tokens in generated]
        rates = score_captions(texts, load_storybook(split).scenes)
        found[f"all_true_{split}"] = round(rates["all_true"], 3)
    return found
