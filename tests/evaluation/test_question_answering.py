"""Scores of answers, and the baselines that see no picture."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.data.storybook.programs import TYPES, Count, Filter, Query
from cmlearn.data.storybook.questions import Question, ask_about
from cmlearn.data.storybook.second_captions import caption_second_scene
from cmlearn.data.storybook.second_scenes import sample_second_scene
from cmlearn.evaluation.question_answering import (
    accuracy_by_type,
    caption_agreement,
    chance_by_type,
    majority_answers,
    symbolic_answers,
)

HOUSES = Count(Filter("house"))


def question(answer: str, program=HOUSES, chance: float = 0.5) -> Question:
    return Question(0, "", program, answer, chance)


def test_accuracy_is_given_for_each_type():
    colour = Query("colour", Filter("boat"))
    asked = [question("one"), question("two"), question("red", colour), question("blue", colour)]
    scores = accuracy_by_type(asked, ["one", "one", "red", "blue"])
    assert scores == {"count": 0.5, "colour": 1.0, "all": 0.75}
    assert chance_by_type(asked)["all"] == 0.5


def test_no_questions_or_too_few_answers_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        accuracy_by_type([], [])
    with pytest.raises(ValueError, match="shorter|longer"):
        accuracy_by_type([question("one")], [])


def test_the_exact_scenes_answer_all_and_unread_ones_nothing():
    rng = np.random.default_rng(0)
    scenes = [sample_second_scene(rng) for _ in range(300)]
    questions = ask_about(scenes, 300, rng)
    assert accuracy_by_type(questions, symbolic_answers(scenes, questions))["all"] == 1
    assert accuracy_by_type(questions, symbolic_answers([None] * 300, questions))["all"] == 0


def test_the_majority_is_at_chance_on_balanced_questions():
    rng = np.random.default_rng(0)
    scenes = [sample_second_scene(rng) for _ in range(600)]
    known, asked = ask_about(scenes, 2000, rng), ask_about(scenes, 2000, rng)
    guessed = accuracy_by_type(asked, majority_answers(known, asked))
    chance = chance_by_type(asked)
    assert set(guessed) == {*TYPES, "all"}
    assert guessed["all"] < chance["all"] + 0.05


def test_a_caption_agrees_with_its_own_scene_only():
    rng = np.random.default_rng(0)
    scenes = [sample_second_scene(rng) for _ in range(40)]
    captions = [caption_second_scene(scene, rng)[0] for scene in scenes]
    assert caption_agreement(captions, scenes).tolist() == [1] * 40
    assert caption_agreement(captions, scenes[::-1]).mean() < 0.6
    unread = caption_agreement([captions[0], ""], [None, scenes[0]])
    assert unread[0] == 0 and np.isnan(unread[1])
