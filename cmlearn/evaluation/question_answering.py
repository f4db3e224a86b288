"""Scores of answers to questions, by type, with the baselines that see no picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from cmlearn.data.storybook.caption_questions import questions_of_caption
from cmlearn.data.storybook.programs import TYPES, answer
from cmlearn.data.storybook.questions import Question
from cmlearn.data.storybook.scene import Scene

Scores = dict[str, float]  # type of a question, or "all" -> share, 0 to 1


def accuracy_by_type(questions: Sequence[Question], answers: Sequence[str]) -> Scores:
    """Return the share of right answers to the questions of each type, and to "all".

    Args:
        questions: at least one.
        answers: an answer to each.

    Raises:
        ValueError: there are no questions, or not as many answers.
    """
    if not questions:
        raise ValueError("questions: at least one expected")
    pairs = zip(questions, answers, strict=True)
    right = np.array([question.answer == given for question, given in pairs])
    return _by_type(questions, right)


def chance_by_type(questions: Sequence[Question]) -> Scores:
    """Return the accuracy of a guess that knows each question's answers, but no picture.

    Args:
        questions: balanced, as `ask_about` returns them; at least one.
    """
    return _by_type(questions, np.array([question.chance for question in questions]))


def majority_answers(known: Sequence[Question], questions: Sequence[Question]) -> list[str]:
    """Answer each question by the most frequent answer to the known questions of its type."""
    counts = {name: Counter(q.answer for q in known if q.type == name) for name in TYPES}
    most = {name: max(sorted(count), key=count.__getitem__) for name, count in counts.items()}
    return [most[question.type] for question in questions]


def symbolic_answers(scenes: Sequence[Scene | None], questions: Sequence[Question]) -> list[str]:
    """Run each question's program on the scene that was read from its picture.

    Args:
        scenes: one for each picture; None where it could not be read, which answers "".
        questions: any.
    """
    read = [(scenes[question.scene], question.program) for question in questions]
    return ["" if scene is None else answer(program, scene) for scene, program in read]


def caption_agreement(captions: Sequence[str], scenes: Sequence[Scene | None]) -> np.ndarray:
    """Return for each caption the share of its questions that its picture answers as it does.

    Args:
        captions: each with at least one question (see `questions_of_caption`).
        scenes: read from a picture drawn from each caption; None where it could not be read.

    Returns:
        (N,), 0 to 1; 0 for a picture that could not be read, NaN for a caption without questions.
    """
    shares = []
    for caption, scene in zip(captions, scenes, strict=True):
        asked = questions_of_caption(caption)
        agree = [
            scene is not None and answer(program, scene) == wanted for program, wanted in asked
        ]
        shares.append(float(np.mean(agree)) if agree else float("nan"))
    return np.array(shares)


def _by_type(questions: Sequence[Question], values: np.ndarray) -> Scores:
    types = np.array([question.type for question in questions])
    scores: Mapping[str, float] = {
        name: float(values[types == name].mean()) for name in TYPES if (types == name).any()
    }
    return {**scores, "all": float(values.mean())}
