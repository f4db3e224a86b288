"""The training recipe of the network that answers questions about scenes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from cmlearn.apps.vqa import answer_questions
from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.programs import ANSWERS
from cmlearn.data.storybook.questions import Question, ask_about
from cmlearn.data.storybook.scene import Scene
from cmlearn.data.storybook.second_scenes import novelties
from cmlearn.data.storybook.targets import LABELS, multi_hot
from cmlearn.evaluation.question_answering import accuracy_by_type
from cmlearn.models.flow import hidden_matrices
from cmlearn.models.vqa import VQA, VQAConfig, vqa_batch, vqa_loss
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import save_checkpoint
from cmlearn.training.gan_loop import moving_average
from cmlearn.training.muon import Muon
from cmlearn.training.resumable_loop import fit_resumable
from cmlearn.training.runtime import channels_last, choose_device, seed_all

ADAMW_BETAS = (0.9, 0.97)
SCORED = 4000  # questions of each split
SCORING_SEED = 17  # of the questions that score


@dataclass(frozen=True)
class VQARecipe:
    """The sizes and training settings.

    Attributes:
        steps: number of optimiser steps.
        questions: number of training questions.
        batch_size: images in a batch.
        each: questions of an image in a batch.
        dim: length of a vector.
        num_blocks: transformer blocks.
        muon_rate: the peak learning rate of Muon, for the matrices within the blocks.
        adamw_rate: the peak learning rate of AdamW, for all other weights.
        average_decay: of the moving average of the weights.
    """

    steps: int
    questions: int = 60_000
    batch_size: int = 96
    each: int = 2
    dim: int = 96
    num_blocks: int = 3
    muon_rate: float = 0.03
    adamw_rate: float = 3e-3
    average_decay: float = 0.99


NOTEBOOK = VQARecipe(900)  # notebook 13
LONG = VQARecipe(4000)


def train(path: Path, seed: int, recipe: VQARecipe = LONG) -> None:
    """Train on the training scenes of the second edition; write `path`.safetensors and `path`.json.

    `path`.partial holds the state until then: the same call continues after a kill.

    Args:
        path: folder and file name of the checkpoint, without a suffix.
        seed: the seed of the training.
        recipe: the settings.
    """
    folder = path.with_name(f"{path.name}.partial")
    model, vocabulary = train_vqa(load_storybook("train", edition=2), recipe, seed, folder)
    save(path, model, vocabulary, recipe, seed)
    shutil.rmtree(folder)


def save(path: Path, model: VQA, vocabulary: Vocabulary, recipe: VQARecipe, seed: int) -> None:
    """Score a model and write its checkpoint."""
    save_checkpoint(
        path,
        model,
        model.config,
        vocabulary=vocabulary.to_list(),
        recipe={"split": "train", **asdict(recipe)},
        seed=seed,
        scores=scores(model, vocabulary),
        half=True,
    )


def notebook_scores(seed: int) -> dict[str, float]:
    """Train as the notebook does, with another seed; return the scores by name."""
    model, vocabulary = train_vqa(load_storybook("train", edition=2), NOTEBOOK, seed)
    return scores(model, vocabulary)


def train_vqa(
    data: CaptionedPictures,
    recipe: VQARecipe,
    seed: int,
    folder: Path | None = None,
    on_step: Callable[[int, VQA], object] | None = None,
) -> tuple[VQA, Vocabulary]:
    """Train on questions about the pictures of a data set.

    Args:
        data: pictures with scenes.
        recipe: the settings.
        seed: seed of the questions, the initial weights and all batches.
        folder: keeps the state of the training, see `fit_resumable`.
        on_step: called with the number of completed steps and the averaged model.

    Returns:
        The model with the averaged weights, in eval mode, and its vocabulary.
    """
    questions = ask_about(data.known_scenes, recipe.questions, np.random.default_rng(seed))
    vocabulary = Vocabulary.from_captions(question.text for question in questions)
    arrays = question_arrays(data, questions, vocabulary)
    seed_all(seed)
    config = VQAConfig(
        len(vocabulary), len(ANSWERS), len(LABELS), dim=recipe.dim, num_blocks=recipe.num_blocks
    )
    model = channels_last(VQA(config)).to(choose_device())
    average = moving_average(model, recipe.average_decay)
    fit_resumable(
        model,
        vqa_loss,
        lambda rng: vqa_batch(arrays, recipe.batch_size, recipe.each, rng),
        vqa_optimisers(model, recipe.muon_rate, recipe.adamw_rate),
        average,
        steps=recipe.steps,
        seed=seed,
        folder=folder,
        settings={"data": data.name, **asdict(recipe)},
        on_step=on_step and (lambda step: on_step(step, _averaged(average))),
        description="questions",
    )
    return _averaged(average), vocabulary


def question_arrays(
    data: CaptionedPictures, questions: Sequence[Question], vocabulary: Vocabulary
) -> dict[str, Tensor]:
    """Return the arrays that `vqa_batch` draws from, the questions sorted by image."""
    ordered = sorted(questions, key=lambda question: question.scene)
    image_of = torch.tensor([question.scene for question in ordered])
    return {
        "images": torch.from_numpy(np.array(data.images)),
        "labels": torch.from_numpy(multi_hot(data.known_scenes)),
        "tokens": vocabulary.encode_batch([question.text for question in ordered]),
        "answers": torch.tensor([ANSWERS.index(question.answer) for question in ordered]),
        "first": torch.searchsorted(image_of, torch.arange(len(data.images) + 1)),
    }


def vqa_optimisers(
    model: VQA, muon_rate: float, adamw_rate: float
) -> dict[str, torch.optim.Optimizer]:
    """Return Muon for the matrices within the blocks and AdamW for all other weights, by name."""
    matrices = hidden_matrices(model)
    of_muon = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in of_muon]
    adamw = torch.optim.AdamW(others, adamw_rate, betas=ADAMW_BETAS, weight_decay=0, fused=True)
    return {"muon": Muon(matrices, muon_rate), "adamw": adamw}


def scores(model: VQA, vocabulary: Vocabulary) -> dict[str, float]:
    """Return the shares of right answers on test, by type, and on the other two splits.

    Returns:
        "test", "novel" and "new_wording", and "test_TYPE" for each type of question.
    """
    found: dict[str, float] = {}
    for split, new in (("test", False), ("novel", False), ("new_wording", True)):
        images, scenes = scored_pictures("novel" if split == "novel" else "test")
        rng = np.random.default_rng(SCORING_SEED)
        questions = ask_about(scenes, SCORED, rng, new_wording=new)
        answers = answer_questions(model, vocabulary, images, questions)
        by_type = accuracy_by_type(questions, answers)
        found[split] = by_type.pop("all")
        if split == "test":
            found |= {f"test_{name}": share for name, share in by_type.items()}
    return {name: round(share, 3) for name, share in found.items()}


def scored_pictures(split: str) -> tuple[np.ndarray, list[Scene]]:
    """Return the pictures and scenes of a split; of "novel", those with unseen pairs of colour."""
    data = load_storybook(split, edition=2)
    kept = [
        i
        for i, scene in enumerate(data.known_scenes)
        if split != "novel" or "colour" in novelties(scene)
    ]
    return np.array(data.images)[kept], [data.known_scenes[i] for i in kept]


def _averaged(average: AveragedModel) -> VQA:
    return cast(VQA, average.module).eval()
