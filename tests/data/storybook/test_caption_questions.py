"""Questions made from captions."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.data.storybook.caption_questions import questions_of_caption
from cmlearn.data.storybook.programs import (
    Backdrop,
    Count,
    Exist,
    Filter,
    Query,
    VerifyRelation,
    answer,
)
from cmlearn.data.storybook.second_captions import caption_second_scene
from cmlearn.data.storybook.second_scenes import sample_second_scene


def test_a_caption_answers_for_its_things_relations_and_backdrop():
    house, tree = Filter("house"), Filter("tree")
    assert questions_of_caption("a big red house left of a tree on the grass at night") == [
        (Exist(house), "yes"),
        (Query("colour", house), "red"),
        (Query("size", house), "big"),
        (Exist(tree), "yes"),
        (VerifyRelation(house, "left of", tree), "yes"),
        (Backdrop("sky"), "night"),
        (Backdrop("ground"), "grass"),
    ]


def test_several_of_a_kind_are_counted():
    kites = Filter("kite", "red")
    assert questions_of_caption("two red kites") == [(Exist(kites), "yes"), (Count(kites), "two")]


def test_captions_that_tell_all_agree_with_their_scene():
    rng = np.random.default_rng(0)
    for _ in range(150):
        scene = sample_second_scene(rng)
        caption = caption_second_scene(scene, rng)[0]  # it tells all
        for program, wanted in questions_of_caption(caption):
            assert answer(program, scene) == wanted, (caption, program)


def test_no_caption_no_questions():
    assert questions_of_caption("") == []
    with pytest.raises(TypeError):
        questions_of_caption(None)
