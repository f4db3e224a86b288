"""One model and one queue, with limits."""

from __future__ import annotations

import pytest

from cmlearn.apps.studio.drawing import Settings
from cmlearn.apps.studio.layouts import MAX_COUNT, variations
from cmlearn.apps.studio.service import Studio, summary
from tests.apps.studio.conftest import HOUSE, drawing_of, unreadable


def test_pictures_come_out_of_the_queue(tiny):
    studio = Studio.load(tiny, threads=1)
    job = studio.submit("a", variations(Settings("two red houses", steps=1), 3))
    drawings = job.ended.result(60).results
    assert [d.settings.index for d in drawings] == [0, 1, 2]
    assert {d.model for d in drawings} == {studio.name}
    studio.queue.close()


def test_work_is_limited(tiny):
    studio = Studio.load(tiny, threads=1)
    for count in (0, MAX_COUNT + 1):
        with pytest.raises(ValueError, match="count"):
            studio.submit("a", [Settings("a tree")] * count)
    studio.queue.close()


def test_the_summary_counts_right_pictures():
    assert summary([unreadable("a red house")]) == "0 of 1 picture is right."
    both = [drawing_of("a red house", HOUSE), unreadable("a red house")]
    assert summary(both) == "1 of 2 pictures are right."
