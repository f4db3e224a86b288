"""Questions are exact, deterministic, and say nothing about their answers."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from cmlearn.data.storybook.programs import CANNOT_TELL, TYPES, CannotTellError, answer
from cmlearn.data.storybook.question_parser import parse_question
from cmlearn.data.storybook.questions import PER_ANSWER, ask_about
from cmlearn.data.storybook.second_scenes import sample_second_scene


@pytest.fixture(scope="module")
def scenes():
    rng = np.random.default_rng(0)
    return [sample_second_scene(rng) for _ in range(600)]


@pytest.fixture(scope="module")
def questions(scenes):
    return ask_about(scenes, 2000, np.random.default_rng(1))


def test_answers_are_exact_and_texts_are_understood(scenes, questions):
    assert len(questions) == 2000
    for question in questions:
        assert answer(question.program, scenes[question.scene]) == question.answer
        assert parse_question(question.text) == question.program


def test_the_same_seed_asks_the_same(scenes, questions):
    assert ask_about(scenes, 2000, np.random.default_rng(1)) == questions
    assert ask_about(scenes, 2000, np.random.default_rng(2)) != questions


def test_types_are_equally_frequent(questions):
    counts = Counter(question.type for question in questions)
    assert set(counts) == set(TYPES)
    assert max(counts.values()) < 1.2 * min(counts.values())


def test_each_answer_to_a_program_is_equally_frequent(scenes):
    questions = ask_about(scenes, 4000, np.random.default_rng(1))
    answers = defaultdict(Counter)
    for question in questions:
        answers[question.program, question.chance][question.answer] += 1
    whole = [c for (_, chance), c in answers.items() if sum(c.values()) == PER_ANSWER / chance]
    assert len(whole) > 100
    assert all(set(counts.values()) == {PER_ANSWER} for counts in whole)


def test_as_they_come_a_guess_gains(scenes):
    def best_guess(questions):
        answers = defaultdict(Counter)
        for question in questions:
            answers[question.program][question.answer] += 1
        return np.mean([max(c.values()) / sum(c.values()) for c in answers.values()])

    even, odd = (
        ask_about(scenes, 1000, np.random.default_rng(1), balanced=balanced)
        for balanced in (True, False)
    )
    assert best_guess(odd) > best_guess(even) + 0.2


def test_half_of_what_has_no_answer_has_too_many(scenes, questions):
    reasons = Counter()
    for question in questions:
        if question.answer == CANNOT_TELL and question.type == "colour":
            with pytest.raises(CannotTellError) as error:
                question.program.run(scenes[question.scene])
            reasons[error.value.reason.startswith("there are")] += 1
    assert 0.2 < reasons[True] / reasons.total() < 0.6


@pytest.mark.parametrize("number", [0, 1, PER_ANSWER])
def test_scenes_that_are_too_few_end_with_an_error(scenes, number):
    with pytest.raises(ValueError, match=f"scenes: {number} are too few"):
        ask_about(scenes[:number], 10, np.random.default_rng(0))


def test_new_wording_has_other_texts(scenes):
    old, new = (
        {q.text for q in ask_about(scenes, 300, np.random.default_rng(4), new_wording=new)}
        for new in (False, True)
    )
    assert not old & new
