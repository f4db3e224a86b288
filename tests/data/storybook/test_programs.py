"""Answers of programs on scenes drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.data.storybook.programs import (
    ANSWERS,
    CANNOT_TELL,
    TYPES,
    Backdrop,
    CannotTellError,
    CompareNumbers,
    Count,
    Exist,
    Filter,
    Query,
    Relate,
    Same,
    Verify,
    VerifyBackdrop,
    VerifyNumber,
    VerifyRelation,
    answer,
    only,
    question_type,
)
from cmlearn.data.storybook.questions import SAMPLERS
from cmlearn.data.storybook.scene import Scene, Thing, holds
from cmlearn.data.storybook.second_scenes import sample_second_scene

# A yellow kite above a big red house, a small blue house and a small blue tree right of it.
SCENE = Scene(
    "night",
    "grass",
    (
        Thing("house", "red", "big", 0),
        Thing("house", "blue", "small", 1),
        Thing("tree", "blue", "small", 2),
        Thing("kite", "yellow", "big", 0),
    ),
)
HOUSE, TREE, KITE, BOAT = (Filter(kind) for kind in ("house", "tree", "kite", "boat"))


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        (Query("colour", KITE), "yellow"),
        (Query("colour", HOUSE), CANNOT_TELL),
        (Query("colour", BOAT), CANNOT_TELL),
        (Query("kind", Filter(colour="yellow")), "kite"),
        (Query("kind", Filter(colour="blue")), CANNOT_TELL),
        (Query("size", Filter("house", "blue")), "small"),
        (Query("kind", Relate(Filter(), "above", TREE)), "kite"),
        (Query("kind", Relate(Filter(), "right of", Filter("house", "blue"))), "tree"),
        (Query("kind", Relate(Filter(), "left of", KITE)), CANNOT_TELL),
        (Query("colour", Relate(Filter(), "above", Filter("house", size="big"))), "yellow"),
        (Count(Filter()), "four"),
        (Count(HOUSE), "two"),
        (Count(BOAT), "zero"),
        (Count(Relate(Filter(), "right of", KITE)), "two"),
        (Count(Relate(Filter(), "right of", BOAT)), CANNOT_TELL),
        (Exist(Filter("house", "blue", "big")), "no"),
        (Exist(Relate(TREE, "below", KITE)), "yes"),
        (VerifyNumber("two", HOUSE), "yes"),
        (VerifyNumber("one", HOUSE), "no"),
        (Verify("colour", "blue", TREE), "yes"),
        (Verify("size", "big", TREE), "no"),
        (Verify("size", "big", HOUSE), CANNOT_TELL),
        (VerifyRelation(TREE, "right of", KITE), "yes"),
        (VerifyRelation(TREE, "left of", KITE), "no"),
        (VerifyRelation(TREE, "left of", BOAT), CANNOT_TELL),
        (CompareNumbers("more", HOUSE, TREE), "yes"),
        (CompareNumbers("fewer", HOUSE, TREE), "no"),
        (CompareNumbers("as many", KITE, TREE), "yes"),
        (CompareNumbers("as many", BOAT, TREE), "no"),
        (Same("colour", TREE, Filter("house", size="small")), "yes"),
        (Same("size", TREE, KITE), "no"),
        (Same("size", TREE, HOUSE), CANNOT_TELL),
        (Backdrop("sky"), "night"),
        (Backdrop("ground"), "grass"),
        (VerifyBackdrop("sky", "day"), "no"),
    ],
    ids=str,
)
def test_answers(program, wanted):
    assert answer(program, SCENE) == wanted


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        (BOAT, "there is no boat"),
        (HOUSE, "there are two houses"),
        (Filter("house", "red", "small"), "there is no small red house"),
        (Relate(Filter(), "left of", KITE), "there is no thing left of the kite"),
        (Relate(Filter(), "left of", BOAT), "there is no boat"),
        (Relate(Filter(), "right of", KITE), "there are two things right of the kite"),
    ],
)
def test_what_has_no_answer_gets_a_reason(selection, reason):
    with pytest.raises(CannotTellError) as error:
        only(selection, SCENE)
    assert error.value.reason == reason


def test_answers_agree_with_a_count_by_hand_on_random_scenes():
    rng = np.random.default_rng(0)
    for _ in range(200):
        scene = sample_second_scene(rng)
        kind = scene.things[0].kind
        fitting = [thing for thing in scene.things if thing.kind == kind]
        assert answer(Count(Filter(kind)), scene) == ("zero", "one", "two", "three")[len(fitting)]
        single = len(fitting) == 1
        wanted = fitting[0].colour if single else CANNOT_TELL
        assert answer(Query("colour", Filter(kind)), scene) == wanted
        if single:
            left = [t.kind for t in scene.things if holds(t, "left of", fitting[0])]
            asked = Query("kind", Relate(Filter(), "left of", Filter(kind)))
            assert answer(asked, scene) == (left[0] if len(left) == 1 else CANNOT_TELL)


def test_every_answer_about_a_scene_of_the_data_set_is_known():
    rng = np.random.default_rng(1)
    for _ in range(100):
        scene = sample_second_scene(rng)
        for name in TYPES:
            program = SAMPLERS[name](rng)
            assert question_type(program) == name
            assert answer(program, scene) in ANSWERS
