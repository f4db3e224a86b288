"""The recipe of the LSTM captioner on the features of a shipped eye."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from cmlearn.data.grammar import CAPTIONS_PER_SCENE
from cmlearn.data.storybook import load_storybook
from cmlearn.evaluation.caption_truth import score_captions
from cmlearn.models.captioner import CaptionerConfig, LSTMCaptioner, Writer, caption_loss, greedy
from cmlearn.recipes.eyes import grid_features
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.batches import one_caption_each, shuffled_batches
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.loop import fit
from cmlearn.training.runtime import generator, seed_all

STEPS, BATCH_SIZE, LEARNING_RATE = 8000, 64, 2e-3
NOTEBOOK_STEPS = 1200  # what notebook 05 has time for


def train(path: Path, seed: int, eye: str = "resnet18") -> None:
    """Train on pictures with one of their captions; write `path`.safetensors and `path`.json."""
    model, vocabulary = fitted(STEPS, seed, eye)
    recipe: dict[str, object] = {"split": "train", "steps": STEPS, "batch_size": BATCH_SIZE}
    recipe |= {"learning_rate": LEARNING_RATE, "features": eye}
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe=recipe,
        seed=seed,
        scores=scores(model, vocabulary, eye),
        half=True,
    )


def notebook_scores(seed: int) -> dict[str, float]:
    """What notebook 05 reaches from another seed."""
    return scores(*fitted(NOTEBOOK_STEPS, seed))


def fitted(
    steps: int,
    seed: int,
    eye: str = "resnet18",
    build: Callable[[CaptionerConfig], nn.Module] = LSTMCaptioner,
    description: str = "captioner",
) -> tuple[Any, Vocabulary]:
    """Return a captioner trained for so many steps, with its vocabulary."""
    data = load_storybook("train")
    told = [caption for captions in data.captions for caption in captions]
    vocabulary = Vocabulary.from_captions(told)
    features = grid_features("train", eye)
    arrays = {
        "features": features,
        "tokens": vocabulary.encode_batch(told).view(len(data), CAPTIONS_PER_SCENE, -1),
    }
    seed_all(seed)
    model = build(CaptionerConfig(len(vocabulary), channels=features.shape[1]))
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(
        model,
        caption_loss,
        one_caption_each(batches, generator(seed + 1)),
        steps=steps,
        learning_rate=LEARNING_RATE,
        description=description,
    )
    return model, vocabulary


def scores(model: Writer, vocabulary: Vocabulary, eye: str = "resnet18") -> dict[str, float]:
    """Share of a split's pictures of which everything is true that the captioner says."""
    found = {}
    for split in ("test", "novel"):
        written = greedy(model, grid_features(split, eye))
        texts = [vocabulary.decode(tokens) for tokens in written]
        rates = score_captions(texts, load_storybook(split).scenes or ())
        found[f"all_true_{split}"] = round(rates["all_true"], 3)
    return found
