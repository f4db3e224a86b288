"""Training recipes of flow matching, on stickers and on whole scenes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.optim.swa_utils import AveragedModel

from cmlearn.apps.text_to_image import GUIDANCE, TextToImage
from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.stickers import load_stickers
from cmlearn.data.storybook.typed import load_typed
from cmlearn.evaluation.claim_accuracy import score_pictures
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.evaluation.sticker_parser import score_stickers
from cmlearn.models.flow import Flow, FlowConfig, flow_batch, flow_loss, hidden_matrices, sample
from cmlearn.models.vae import to_uint8
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.gan_loop import moving_average
from cmlearn.training.muon import Muon
from cmlearn.training.resumable_loop import fit_resumable
from cmlearn.training.runtime import (
    choose_device,
    choose_precision,
    seed_all,
    seeded_generator,
    to_device,
)

ADAMW_BETAS = (0.9, 0.97)


@dataclass(frozen=True)
class FlowRecipe:
    """The sizes and training settings of a flow.

    Attributes:
        image_size: height and width of an image, in pixels.
        dim: length of a token's vector.
        num_blocks: transformer blocks.
        steps: number of optimiser steps.
        muon_rate: the peak learning rate of Muon, for the matrices within the blocks.
        adamw_rate: the peak learning rate of AdamW, for all other weights.
        average_decay: of the moving average of the weights.
        guidance: of the scored samples.
        fast: compute in bfloat16 where that is faster on this machine (`choose_precision`).
        batch_size: images in a batch.
        first_share: weight of the first caption of an image against each of its others.
        edition: of Storybook, 1 or 2.
    """

    image_size: int
    dim: int
    num_blocks: int
    steps: int
    muon_rate: float
    adamw_rate: float
    average_decay: float
    guidance: float
    fast: bool = False
    batch_size: int = 128
    first_share: int = 1
    edition: int = 1


STICKERS = FlowRecipe(32, 192, 4, 600, 0.04, 4e-3, average_decay=0.99, guidance=1.5)  # notebook 11
# The first caption of a scene tells all; with weight 4 it is half of what the model reads.
SCENES = FlowRecipe(
    64,
    192,
    6,
    2_300,
    0.025,
    2.5e-3,
    average_decay=0.995,
    guidance=GUIDANCE,
    fast=True,
    first_share=4,
    edition=2,
)


def train(path: Path, seed: int, recipe: FlowRecipe = SCENES) -> None:
    """Train on the scenes of Storybook; write `path`.safetensors and `path`.json.

    `path`.partial holds the state until then: the same call continues after a kill.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.
    """
    folder = path.with_name(f"{path.name}.partial")
    model, vocabulary = train_flow(
        load_storybook("train", edition=recipe.edition), recipe, seed, folder
    )
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe={"split": "train", **asdict(recipe)},
        seed=seed,
        scores=scene_scores(model, vocabulary, recipe.guidance),
        half=True,
    )
    shutil.rmtree(folder)


def notebook_scores(seed: int) -> dict[str, float]:
    """Train the flow of notebook 11 with another seed; return its scores on stickers by name."""
    model, vocabulary = train_flow(load_stickers("train"), STICKERS, seed)
    return sticker_scores(model, vocabulary, STICKERS.guidance)


def train_flow(
    data: CaptionedPictures,
    recipe: FlowRecipe,
    seed: int,
    folder: Path | None = None,
    on_step: Callable[[int, Flow], object] | None = None,
) -> tuple[Flow, Vocabulary]:
    """Train a flow on any pictures with captions.

    Args:
        data: square pictures of `recipe.image_size`, with captions.
        recipe: the settings.
        seed: seed of the initial weights and of all batches.
        folder: keeps the state of the training, see `fit_resumable`.
        on_step: called with the number of completed steps and the averaged model.

    Returns:
        The model with the averaged weights, in eval mode, and its vocabulary.

    Raises:
        ValueError: the pictures have another size, or the folder is of another training.
    """
    size = recipe.image_size
    if data.images.shape[1:] != (size, size, 3):
        raise ValueError(f"{data.name}: pictures of {size} × {size} × 3, not {data.images.shape}")
    texts = [caption for captions in data.captions for caption in captions]
    vocabulary = Vocabulary.from_captions(texts)
    tokens = vocabulary.encode_captions(data.captions, max(map(len, data.captions)))
    tokens = torch.cat([*[tokens[:, :1]] * (recipe.first_share - 1), tokens], dim=1)
    images = torch.from_numpy(np.array(data.images))
    seed_all(seed)
    config = FlowConfig(len(vocabulary), size, dim=recipe.dim, num_blocks=recipe.num_blocks)
    model = Flow(config).to(choose_device())
    average = moving_average(model, recipe.average_decay)
    fit_resumable(
        model,
        flow_loss,
        lambda rng: flow_batch(images, tokens, recipe.batch_size, rng),
        flow_optimisers(model, recipe),
        average,
        steps=recipe.steps,
        seed=seed,
        folder=folder,
        settings={"data": data.name, **asdict(recipe)},
        dtype=_precision(model, images, tokens, recipe) if recipe.fast else torch.float32,
        on_step=on_step and (lambda step: on_step(step, _averaged(average))),
        description="flow",
    )
    return _averaged(average), vocabulary


def flow_optimisers(model: Flow, recipe: FlowRecipe) -> dict[str, torch.optim.Optimizer]:
    """Return Muon for the matrices within the blocks and AdamW for all other weights, by name."""
    matrices = hidden_matrices(model)
    of_muon = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in of_muon]
    adamw = torch.optim.AdamW(
        others, recipe.adamw_rate, betas=ADAMW_BETAS, weight_decay=0, fused=True
    )
    return {"muon": Muon(matrices, recipe.muon_rate), "adamw": adamw}


def sticker_scores(model: Flow, vocabulary: Vocabulary, guidance: float) -> dict[str, float]:
    """Return the shares of right stickers, "all_test" and so on, by the sticker parser."""
    scores: dict[str, float] = {}
    for split in ("test", "novel"):
        captions = [several[0] for several in load_stickers(split).captions]
        tokens = vocabulary.encode_batch(captions)
        drawn = to_uint8(sample(model, tokens, seeded_generator(0), guidance=guidance)).numpy()
        scored = score_stickers(drawn, captions)
        scores |= {f"{name}_{split}": round(value, 3) for name, value in scored.items()}
    return scores


def scene_scores(model: Flow, vocabulary: Vocabulary, guidance: float) -> dict[str, float]:
    """Return the shares of images that show what their caption says, by the scene parser.

    In test and novel, an image is generated from the first caption of each scene, which states
    everything but the relations; in "typed", from the captions of `load_typed`.

    Returns:
        For each split, `true_SPLIT`: all claims are true; and `strict_SPLIT`: besides, no thing is
        too many. `strict_test_1` to `strict_test_3`: by the number of things.
    """
    drawer = TextToImage(model, vocabulary)
    captions = {
        name: [texts[0] for texts in load_storybook(name, edition=2).captions]
        for name in ("test", "novel")
    }
    captions["typed"] = [typed.caption for typed in load_typed()]
    scores: dict[str, float] = {}
    for split, texts in captions.items():
        tokens = pad_sequence([drawer.encode(text)[0] for text in texts], batch_first=True)
        drawn = to_uint8(sample(model, tokens, seeded_generator(0), guidance=guidance)).numpy()
        scored = score_pictures(drawn, texts, parse_scenes)
        scores |= {f"true_{split}": scored["all_true"], f"strict_{split}": scored["strict"]}
        if split == "test":
            scores |= {f"strict_test_{n}": scored[f"strict_{n}"] for n in (1, 2, 3)}
    return {name: round(score, 3) for name, score in scores.items()}


def _precision(
    model: Flow, images: torch.Tensor, tokens: torch.Tensor, recipe: FlowRecipe
) -> torch.dtype:
    device = choose_device()
    batch = flow_batch(images, tokens, recipe.batch_size, seeded_generator(0))
    batch = to_device(batch, device)
    return choose_precision(model, batch, lambda net, some: flow_loss(net, some)["loss"], device)


def _averaged(average: AveragedModel) -> Flow:
    return cast(Flow, average.module).eval()
