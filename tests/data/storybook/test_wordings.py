"""Every wording of a program is parsed into the same program."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from cmlearn.data.storybook.question_parser import parse_question
from cmlearn.data.storybook.questions import sample_programs
from cmlearn.data.storybook.wordings import (
    NEW_TEMPLATES,
    TEMPLATES,
    fill,
    form,
    word_question,
    wordings,
)


@pytest.mark.parametrize("new", [False, True])
def test_a_wording_is_parsed_into_its_program(new):
    rng = np.random.default_rng(0)
    used = set()
    for program in islice(sample_programs(rng), 900):
        for template in wordings(program, new):
            used.add(template)
            assert parse_question(fill(template, program, rng)) == program
    templates = NEW_TEMPLATES if new else TEMPLATES
    assert used == {each for options in templates.values() for each in options}


def test_new_templates_are_for_the_same_forms_and_share_no_template():
    assert NEW_TEMPLATES.keys() == TEMPLATES.keys()
    for name, templates in NEW_TEMPLATES.items():
        assert not {*templates} & {*TEMPLATES[name]}


def test_the_words_of_new_templates_are_trained_in_others():
    def words(rng, new):
        some = islice(sample_programs(rng), 3000)
        return {
            w for p in some for w in word_question(p, rng, new).strip("?").replace(",", "").split()
        }

    rng = np.random.default_rng(0)
    unknown = words(rng, new=True) - words(rng, new=False)
    assert unknown <= {"zero", "that"}


def test_wording_is_deterministic():
    programs = list(islice(sample_programs(np.random.default_rng(3)), 50))
    first, second = (
        [word_question(p, rng) for p in programs]
        for rng in (np.random.default_rng(5), np.random.default_rng(5))
    )
    assert first == second
    assert {form(program) for program in programs} <= TEMPLATES.keys()
