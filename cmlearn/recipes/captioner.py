"""The recipe of the LSTM captioner on the features of the shipped ResNet."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.grammar import CAPTIONS_PER_SCENE
from cmlearn.data.storybook import load_storybook
from cmlearn.evaluation.caption_truth import score_captions
from cmlearn.models.captioner import CaptionerConfig, LSTMCaptioner, Writer, caption_loss, greedy
from cmlearn.models.resnet import ResNet18, ResNetConfig, prepare
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.batches import one_caption_each, shuffled_batches
from cmlearn.training.checkpoint import load_checkpoint, save_checkpoint
from cmlearn.training.features import precompute_features
from cmlearn.training.loop import fit
from cmlearn.training.runtime import channels_last, generator, seed_all

STEPS, BATCH_SIZE, LEARNING_RATE = 8000, 64, 2e-3
NOTEBOOK_STEPS = 1200  # what notebook 05 has time for


def train(path: Path, seed: int) -> None:
    """Train on pictures with one of their captions; write `path`.safetensors and `path`.json."""
    model, vocabulary = fitted(STEPS, seed)
    recipe: dict[str, object] = {"split": "train", "steps": STEPS, "batch_size": BATCH_SIZE}
    recipe |= {"learning_rate": LEARNING_RATE, "features": "resnet18"}
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe=recipe,
        seed=seed,
        scores=scores(model, vocabulary),
        half=True,
    )


def notebook_scores(seed: int) -> dict[str, float]:
    """What notebook 05 reaches from another seed."""
    return scores(*fitted(NOTEBOOK_STEPS, seed))


def fitted(steps: int, seed: int) -> tuple[LSTMCaptioner, Vocabulary]:
    """Return a captioner trained for so many steps, with its vocabulary."""
    data = load_storybook("train")
    told = [caption for captions in data.captions for caption in captions]
    vocabulary = Vocabulary.from_captions(told)
    arrays = {
        "features": grid_features("train"),
        "tokens": vocabulary.encode_batch(told).view(len(data), CAPTIONS_PER_SCENE, -1),
    }
    seed_all(seed)
    model = LSTMCaptioner(CaptionerConfig(len(vocabulary)))
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(
        model,
        caption_loss,
        one_caption_each(batches, generator(seed + 1)),
        steps=steps,
        learning_rate=LEARNING_RATE,
        description="captioner",
    )
    return model, vocabulary


def grid_features(split: str) -> Tensor:
    """What the shipped ResNet sees, and where, in the pictures of a split: (N, 256, 4, 4)."""
    network, _ = load_checkpoint(checkpoint_folder() / "resnet18", ResNet18, ResNetConfig)
    images = load_storybook(split).images
    seen = precompute_features(channels_last(network), prepare, images, f"storybook-{split}")
    return torch.tensor(seen.grid)


def scores(model: Writer, vocabulary: Vocabulary) -> dict[str, float]:
    """Share of a split's pictures of which everything is true that the captioner says."""
    found = {}
    for split in ("test", "novel"):
        written = greedy(model, grid_features(split))
        texts = [vocabulary.decode(tokens) for tokens in written]
        rates = score_captions(texts, load_storybook(split).scenes or ())
        found[f"all_true_{split}"] = round(rates["all_true"], 3)
    return found
