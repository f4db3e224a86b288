"""Tests of cmlearn.data.storybook.render."""

import numpy as np
import pytest

from cmlearn.data.storybook.render import render, thing_box
from cmlearn.data.storybook.scene import KINDS, Scene, Thing


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_holds_what_the_thing_changes_in_the_picture(kind):
    thing = Thing(kind, "red", "big", column=1, dx=1)
    empty, full = (render(Scene("day", "sand", things)) for things in ((), (thing,)))
    rows, columns = np.nonzero(np.abs(full.astype(int) - empty).sum(axis=2) > 150)
    box = thing_box(thing)
    changed = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.subtract(box, changed)).max() <= 1
    assert 10 <= box.right - box.left <= 24 and 7 <= box.bottom - box.top <= 26


def test_a_box_goes_where_the_thing_goes():
    here, there = (
        thing_box(Thing("ball", "red", "small", 0, dx, dy)) for dx, dy in ((0, 0), (1, -1))
    )
    assert np.subtract(there, here).tolist() == [1, -1, 1, -1]
