"""Tests of cmlearn.data.storybook.targets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.scene import Scene, Thing, sample_scene
from cmlearn.data.storybook.targets import (
    EMPTY,
    IGNORE,
    LABELS,
    from_slots,
    labels_of,
    multi_hot,
    slot_of,
    to_slots,
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 2**32 - 1), max_size=4), st.booleans())
def test_round_trip(seeds, novel):
    scenes = [sample_scene(np.random.default_rng(seed), novel) for seed in seeds]
    rows = to_slots(scenes)
    assert [scene.content for scene in from_slots(rows)] == [scene.content for scene in scenes]
    assert rows["kind"].shape == rows["colour"].shape == rows["size"].shape == (len(scenes), 6)
    assert rows["sky"].shape == rows["ground"].shape == (len(scenes),)
    assert all(values.dtype == np.int64 for values in rows.values())
    for scene, kinds in zip(scenes, rows["kind"], strict=True):
        assert set(np.flatnonzero(kinds)) == {slot_of(thing) for thing in scene.things}


def test_an_empty_slot_has_no_colour():
    rows = to_slots([Scene("day", "sea", (Thing("boat", "red", "big", 2),))])
    assert rows["kind"][0].tolist() == [EMPTY] * 5 + [6]
    assert rows["colour"][0].tolist() == [IGNORE] * 5 + [0]


@pytest.mark.parametrize(("place", "kind"), [(0, 1), (5, 8)])
def test_a_thing_where_it_cannot_be_is_no_scene(place, kind):
    rows = to_slots([Scene("day", "sea", ())])
    rows["kind"][0, place], rows["colour"][0, place], rows["size"][0, place] = kind, 0, 0
    assert from_slots(rows) == [None]


# ── Labels ───────────────────────────────────────────────────────────────────────────────────────


HOUSE = Thing("house", "red", "big", 0)


def test_labels_are_the_words_of_the_scene():
    scene = Scene("day", "grass", (HOUSE, Thing("kite", "red", "big", 1)))
    assert labels_of(scene) == {"day", "grass", "house", "kite", "red", "big"}


def test_one_row_for_each_scene():
    rows = multi_hot([Scene("night", "sea", ()), Scene("day", "snow", (HOUSE,))])
    assert rows.shape == (2, len(LABELS)) == (2, 24)
    assert rows.dtype == np.float32
    assert {LABELS[i] for i in rows[0].nonzero()[0]} == {"night", "sea"}
    assert rows.sum(1).tolist() == [2, 5]
    assert multi_hot([]).shape == (0, 24)
