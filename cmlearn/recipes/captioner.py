"""Recipes of the captioners, on the features of a shipped image encoder."""

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
from cmlearn.training.batches import one_caption_each, shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import choose_device, seed_all, seeded_generator


@dataclass(frozen=True)
class CaptionerRecipe:
    """How a captioner is trained.

    Attributes:
        steps: batches.
        encoder: the image encoder whose features it gets, one of `IMAGE_ENCODERS`.
        batch_size: pictures in a batch, each with one of its captions.
        learning_rate: the highest learning rate.
    """

    steps: int
    encoder: str = "resnet18"
    batch_size: int = 64
    learning_rate: float = 2e-3


SHIPPED = CaptionerRecipe(8000)
SHIPPED_TWO_STREAM = CaptionerRecipe(8000, encoder="two_stream_encoder")
NOTEBOOK = CaptionerRecipe(1200)  # what notebook 05 has time for
NOTEBOOK_RECURRENT = CaptionerRecipe(300)  # and notebook 09, four times
RECURRENT_DIM = 128  # hidden_dim in notebook 09


def train(path: Path, seed: int, recipe: CaptionerRecipe = SHIPPED) -> None:
    """Train on pictures with one of their captions; write `path`.safetensors and `path`.json."""
    model, vocabulary = fitted(recipe, seed)
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
    """Scores of the captioner of notebook 05, trained from another seed."""
    return scores(*fitted(NOTEBOOK, seed))


def recurrent_scores(seed: int) -> dict[str, float]:
    """Scores of the captioners of notebook 09, without attention and with two layers of it."""
    found: dict[str, float] = {}
    for recurrent, layers in [*((name, 0) for name in NETWORKS), ("lstm", 2)]:
        sizes: dict[str, Any] = {"recurrent": recurrent, "num_attention_layers": layers}
        trained = fitted(NOTEBOOK_RECURRENT, seed, hidden_dim=RECURRENT_DIM, **sizes)
        found |= {f"{recurrent}_{layers}_{name}": rate for name, rate in scores(*trained).items()}
    return found


def fitted(
    recipe: CaptionerRecipe,
    seed: int,
    build: Callable[[CaptionerConfig], nn.Module] = Captioner,
    **sizes: Any,
) -> tuple[Any, Vocabulary]:
    """Train a captioner.

    Args:
        recipe: how.
        seed: of the first weights and of the order of the pictures.
        build: its class.
        **sizes: fields of `CaptionerConfig` that are not to be the default.

    Returns:
        the model and its vocabulary.
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
        one_caption_each(batches, seeded_generator(seed + 1)),
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        description="captioner",
    )
    return model, vocabulary


def scores(
    model: CaptionDecoder, vocabulary: Vocabulary, encoder: str = "resnet18"
) -> dict[str, float]:
    """Share of a split's pictures whose written caption makes only true claims."""
    found = {}
    for split in ("test", "novel"):
        written = greedy_search(model, grid_features(split, encoder))
        texts = [vocabulary.decode(tokens) for tokens in written]
        rates = score_captions(texts, load_storybook(split).scenes)
        found[f"all_true_{split}"] = round(rates["all_true"], 3)
    return found
