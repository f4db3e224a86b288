"""Answers to questions about a picture, with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.images import ImageError, centre_crop, load_image
from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.programs import (
    ANSWERS,
    CANNOT_TELL,
    NUMBERS,
    Backdrop,
    CannotTellError,
    CompareNumbers,
    Count,
    Exist,
    Program,
    Query,
    Relate,
    Same,
    Selection,
    Verify,
    VerifyBackdrop,
    VerifyNumber,
    VerifyRelation,
)
from cmlearn.data.storybook.question_parser import parse_question
from cmlearn.data.storybook.questions import Question
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.models.vqa import VQA, VQAConfig, predict_answers
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import CheckpointError, load_checkpoint
from cmlearn.training.runtime import choose_device

CHECKPOINT = "vqa"

NO_SCENE = (
    "the picture cannot be read as a Storybook scene. The course's models know only such scenes: "
    'draw one by `python -m cmlearn draw-picture "a red house" --count 1` (a sheet of several '
    "pictures cannot be read)"
)
SHEET = 1.5  # the longer side over the shorter, from which a file is a sheet of several pictures


@dataclass(frozen=True)
class Answer:
    """An answer and how it was found.

    Attributes:
        text: such as "red", or "I cannot tell: there is no boat".
        program: the question as a program.
        scene: what was read from the picture.
        steps: the run of the program in words, one step each.
    """

    text: str
    program: Program
    scene: Scene
    steps: tuple[str, ...]


def ask(picture: np.ndarray, question: str) -> Answer:
    """Answer a question about a picture of a Storybook scene.

    The question is parsed into a program, the picture into a scene, and the program runs on it.

    Args:
        picture: (H, W, 3) uint8 RGB; of a picture that is not square, the central square is used.
        question: such as "what colour is the boat?".

    Raises:
        TypeError: the question is not a string.
        QuestionError: the question cannot be understood; the message says which part.
        ValueError: the picture has another shape or type, or shows no Storybook scene.
    """
    program = parse_question(question)
    scene = read_scene(picture)
    return Answer(answer_text(program, scene), program, scene, tuple(steps(program, scene)))


def ask_file(path: Path | str, question: str) -> Answer:
    """Answer a question about a picture file; see `ask`.

    Raises:
        FileNotFoundError: there is no such file.
        ImageError: the file is no picture, shows no Storybook scene, or is a sheet of several
            pictures; the message names it.
        QuestionError: the question cannot be understood.
    """
    parse_question(question)  # a wrong question is named before the file is read
    picture = load_image(path)
    height, width = picture.shape[:2]
    if max(height, width) >= SHEET * min(height, width):
        raise ImageError(
            f"{path}: {width} x {height} pixels are a sheet of several pictures, not one. Draw one "
            "by `python -m cmlearn draw-picture --count 1`, or cut one out"
        )
    try:
        return ask(picture, question)
    except ValueError as error:
        raise ImageError(f"{path}: {error}") from error


def read_scene(picture: np.ndarray) -> Scene:
    """Read the scene of a picture.

    Raises:
        ValueError: the array has another shape or type, or no scene can be read from it.
    """
    _check_picture(picture)
    [scene] = parse_scenes(centre_crop(picture)[None])
    if scene is None:
        raise ValueError(NO_SCENE)
    return scene


def _check_picture(picture: np.ndarray) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"picture: (H, W, 3) uint8 expected, not {picture.shape} {picture.dtype}")


def answer_text(program: Program, scene: Scene) -> str:
    """Run a program on a scene; return its answer, or why there is none."""
    try:
        return program.run(scene)
    except CannotTellError as error:
        return f"I {CANNOT_TELL}: {error.reason}"


def seen(scene: Scene) -> str:
    """Return what a scene shows in words, such as "one (a red house); day, grass"."""
    return f"{_listed(scene.things)}; {scene.sky}, {scene.ground}"


# ── the trained network ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TrainedAnswerer:
    """A network that answers without programs or scenes.

    Attributes:
        model: in eval mode.
        vocabulary: the words that it was trained with.
    """

    model: VQA
    vocabulary: Vocabulary

    @classmethod
    def load(cls, path: Path | None = None, device: str | None = None) -> TrainedAnswerer:
        """Load a network.

        Args:
            path: folder and name of the checkpoint; by default that of the recipe "vqa".
            device: name of the device to compute on; by default that of `choose_device`.

        Raises:
            ValueError: this machine has no such device.
            FileNotFoundError: there is no such checkpoint: it does not ship.
            CheckpointError: the checkpoint is damaged or of another model.
        """
        path = path or checkpoint_folder() / CHECKPOINT
        if not path.with_suffix(".json").is_file():
            raise FileNotFoundError(
                f"{path}.json: not there; `python -m cmlearn train vqa` makes it"
            )
        model, info = load_checkpoint(path, VQA, VQAConfig, choose_device(device))
        if info.vocabulary is None or len(info.vocabulary) != model.config.vocab_size:
            raise CheckpointError(f"{path}.json: the vocabulary does not fit the weights")
        return cls(model, Vocabulary(info.vocabulary))

    def ask(self, picture: np.ndarray, question: str) -> str:
        """Answer a question about any picture, also about one that shows no Storybook scene.

        Args:
            picture: (H, W, 3) uint8 RGB; the central square is used.
            question: such as "what colour is the boat?".

        Returns:
            One of `ANSWERS`.

        Raises:
            TypeError: the question is not a string.
            QuestionError: the question cannot be understood; the message says which part.
            ValueError: the picture has another shape or type.
        """
        parse_question(question)  # the network would answer anything
        _check_picture(picture)
        images = torch.from_numpy(np.ascontiguousarray(centre_crop(picture)))[None]
        tokens = self.vocabulary.encode_batch([question.lower()])
        [reply] = predict_answers(self.model, images, tokens, torch.zeros(1, dtype=torch.int64))
        return ANSWERS[int(reply)]

    def ask_file(self, path: Path | str, question: str) -> str:
        """Answer a question about a picture file; see `ask` and `ask_file`."""
        parse_question(question)
        return self.ask(load_image(path), question)


def answer_questions(
    model: VQA, vocabulary: Vocabulary, images: np.ndarray, questions: Sequence[Question]
) -> list[str]:
    """Answer many questions by a network.

    Args:
        model: in eval mode.
        vocabulary: its words.
        images: (P, H, W, 3) uint8 RGB.
        questions: about these images.
    """
    tokens = vocabulary.encode_batch([question.text for question in questions])
    image_of = torch.tensor([question.scene for question in questions])
    ids = predict_answers(model, torch.from_numpy(np.array(images)), tokens, image_of)
    return [ANSWERS[i] for i in ids.tolist()]


# ── the run in words ──────────────────────────────────────────────────────────────────────────


def steps(program: Program, scene: Scene) -> Iterator[str]:
    """Yield the steps of a program's run on a scene, in words."""
    selections = [getattr(program, part, None) for part in ("of", "first", "second")]
    for selection in selections:
        if selection is not None:
            yield from _finding(selection, scene)
    last = _LAST_STEP[type(program)].format(**vars(program))
    yield f"{last}: {answer_text(program, scene)}"


def _finding(selection: Selection, scene: Scene) -> Iterator[str]:
    """Yield what a selection finds, its anchor first."""
    if isinstance(selection, Relate):
        yield from _finding(selection.anchor, scene)
    try:
        found = selection.things(scene)
    except CannotTellError:
        return
    yield f"{selection.words(2)}: {_listed(found)}"


def _listed(things: tuple[Thing, ...]) -> str:
    """Return "two (a big red house, a small blue house)"."""
    names = [f"{thing.size} {thing.colour} {thing.kind}" for thing in things]
    shown = f" ({', '.join(f'{article(name)} {name}' for name in names)})" if names else ""
    return f"{NUMBERS[len(things)]}{shown}"


_LAST_STEP: Mapping[type, str] = {
    Query: "its {attribute}",
    Count: "their number",
    Exist: "is there any",
    VerifyNumber: "are there exactly {number}",
    Verify: "is it {value}",
    VerifyRelation: "is the first {relation} the second",
    CompareNumbers: "there are {how} of the first",
    Same: "have they the same {attribute}",
    Backdrop: "the {part}",
    VerifyBackdrop: "is the {part} {value}",
}
