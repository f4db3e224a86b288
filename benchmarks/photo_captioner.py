"""Scores a captioner of photographs beside three baselines, on the validation split.

    python benchmarks/photo_captioner.py flickr8k:/path my_captioner

The baselines: the first caption of the most similar training photograph (cosine similarity of the
pooled features); the one training caption that scores best for all photographs; and one human
caption of each photograph, scored against its others. The intervals are those of
`python -m cmlearn evaluate`. The validation split also chose the step at which the training ended,
and the constant caption, so both scores are optimistic.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import torch

from cmlearn.apps.photo_captions import encoder_path, find_checkpoint
from cmlearn.data.source import find_source, load_pictures
from cmlearn.evaluation.caption_metrics.cider import cider_d, sentence_cider_d
from cmlearn.evaluation.caption_metrics.corpus_scores import bootstrap, image_statistics
from cmlearn.evaluation.retrieval import nearest_neighbours
from cmlearn.models.captioner import PhotoCaptioner, PhotoCaptionerConfig
from cmlearn.models.resnet import LastStage, ResNet18, ResNetConfig
from cmlearn.recipes.photo_captioner import Part, PhotoRecipe, captions_of, part_of
from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import load_checkpoint
from cmlearn.training.runtime import channels_last, set_threads

RESAMPLES = 1000
TRIED = 200  # training captions among which the constant one is chosen


def main(data: str, name: str) -> None:
    """Print a table of CIDEr-D and BLEU-4."""
    set_threads(1)
    source, path = find_source(data), find_checkpoint(name)
    model, info = load_checkpoint(path, PhotoCaptioner, PhotoCaptionerConfig)
    network, _ = load_checkpoint(encoder_path(path), ResNet18, ResNetConfig)
    encoder = channels_last(LastStage(network))
    recipe = PhotoRecipe(image_size=info.recipe["image_size"])
    limits = {"train": None, "val": recipe.max_scored}
    train, val = (
        part_of(load_pictures(part, source, recipe.image_size, limit), encoder)
        for part, limit in limits.items()
    )
    references = [[tokenize(text) for text in texts] for texts in val.captions]
    rows = {
        "captioner": captions_of(model, Vocabulary(info.vocabulary or ()), val, recipe),
        "nearest neighbour": neighbours_captions(train, val),
        "constant": [best_constant(train, references)] * len(references),
    }
    words = {row: [tokenize(text) for text in texts] for row, texts in rows.items()}
    for row, candidates in words.items():
        print_scores(row, candidates, references)
    told = [texts for texts in references if len(texts) > 1]
    print_scores("one more person", [texts[0] for texts in told], [texts[1:] for texts in told])
    each = {row: sentence_cider_d(candidates, references) for row, candidates in words.items()}
    mean, low, high = paired_interval(each["captioner"] - each["nearest neighbour"])
    print(
        f"captioner minus neighbour, image by image: CIDEr-D {mean:.3f} ({low:.3f} to {high:.3f})"
    )
    print(f"{len(train.captions)} training and {len(val.captions)} validation photographs")


def neighbours_captions(train: Part, val: Part) -> list[str]:
    """Return the first caption of the most similar training photograph for each photograph."""
    pooled = [torch.from_numpy(np.array(part.pooled)) for part in (val, train)]
    nearest = nearest_neighbours(*pooled, count=1)[:, 0].tolist()
    return [train.captions[row][0] for row in nearest]


def best_constant(train: Part, references: Sequence[Sequence[list[str]]]) -> str:
    """Return the caption, of `TRIED` training captions evenly spaced, with the best CIDEr-D."""
    texts = [text for captions in train.captions for text in captions]
    some = texts[:: max(1, len(texts) // TRIED)]
    return max(some, key=lambda text: cider_d([tokenize(text)] * len(references), references))


def paired_interval(differences: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of N differences and its 95 % percentile bootstrap interval."""
    rng = np.random.default_rng(0)
    means = rng.choice(differences, (RESAMPLES, len(differences))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)


def print_scores(
    name: str, candidates: Sequence[list[str]], references: Sequence[Sequence[list[str]]]
) -> None:
    """Print CIDEr-D and BLEU-4 of one row, with bootstrap intervals."""
    statistics = image_statistics(candidates, references, progress=False)
    found = bootstrap(statistics, RESAMPLES, np.random.default_rng(0))
    cells = [
        f"{metric} {found[metric].score:.3f} ({found[metric].low:.3f} to {found[metric].high:.3f})"
        for metric in ("CIDEr-D", "BLEU-4")
    ]
    print(f"{name:17}  {'   '.join(cells)}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
