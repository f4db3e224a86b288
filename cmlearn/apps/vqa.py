"""Answers to questions about a picture, with reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmlearn.data.images import ImageError, centre_crop, load_image
from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.programs import (
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
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.evaluation.scene_parser import parse_scenes

NO_SCENE = (
    "the picture cannot be read as a Storybook scene. The course's models know only such scenes: "
    "draw one by `python -m cmlearn draw-picture`"
)


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
        ImageError: the file is no picture, or shows no Storybook scene; the message names it.
        QuestionError: the question cannot be understood.
    """
    parse_question(question)  # a wrong question is named before the file is read
    picture = load_image(path)
    try:
        return ask(picture, question)
    except ValueError as error:
        raise ImageError(f"{path}: {error}") from error


def read_scene(picture: np.ndarray) -> Scene:
    """Read the scene of a picture.

    Raises:
        ValueError: the array has another shape or type, or no scene can be read from it.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"picture: (H, W, 3) uint8 expected, not {picture.shape} {picture.dtype}")
    [scene] = parse_scenes(centre_crop(picture)[None])
    if scene is None:
        raise ValueError(NO_SCENE)
    return scene


def answer_text(program: Program, scene: Scene) -> str:
    """Run a program on a scene; return its answer, or why there is none."""
    try:
        return program.run(scene)
    except CannotTellError as error:
        return f"I {CANNOT_TELL}: {error.reason}"


# ── the run in words ──────────────────────────────────────────────────────────────────────────


def steps(program: Program, scene: Scene) -> Iterator[str]:
    """Yield the steps of a program's run on a scene, in words."""
    selections = [getattr(program, part, None) for part in ("of", "first", "second")]
    for selection in selections:
        if selection is not None:
            yield from _finding(selection, scene)
    yield f"{_asked(program)}: {answer_text(program, scene)}"


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


def _asked(program: Program) -> str:
    """Return the last step of a program, such as "its colour"."""
    match program:
        case Query(attribute) | Backdrop(attribute):
            return f"its {attribute}" if isinstance(program, Query) else f"the {attribute}"
        case Count():
            return "their number"
        case Exist():
            return "is there any"
        case VerifyNumber(number):
            return f"are there exactly {number}"
        case Verify(_, value):
            return f"is it {value}"
        case VerifyRelation(_, relation, _):
            return f"is the first {relation} the second"
        case CompareNumbers(how):
            return (
                f"are there {how} of the first {'as' if how == 'as many' else 'than'} of the second"
            )
        case Same(attribute):
            return f"have they the same {attribute}"
        case VerifyBackdrop(part, value):
            return f"is the {part} {value}"
