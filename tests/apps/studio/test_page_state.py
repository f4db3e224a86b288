"""What the page remembers and gives up, without a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from nicegui import Client
from nicegui.page import page as page_of

from cmlearn.apps.studio import page as pages
from cmlearn.apps.studio.drawing import Settings
from cmlearn.apps.studio.page import Page
from cmlearn.apps.studio.service import Studio
from cmlearn.apps.studio.work_queue import WorkQueue
from tests.apps.studio.conftest import HOUSE, TREE, drawing_of

SECONDS = 60


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Nothing is drawn before it is set."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def page(tiny, gate) -> Iterator[Page]:
    queue = WorkQueue(start=lambda: gate.wait(SECONDS))
    with Client(page_of(""), request=None) as client:
        made = Page(Studio(tiny, "flow-test", queue), client)
        made.steps.value, made.count.value = 1, 3
        yield made
    gate.set()
    queue.close()


def finish(page: Page, gate: threading.Event) -> None:
    gate.set()
    job = page.job
    job.ended.result(SECONDS)
    page._refresh()
    assert page.job is None


def drop(page: Page, settings: Settings) -> None:
    page._dropped(SimpleNamespace(args={"settings": vars(settings), "model": "flow-test"}))


def test_a_typing_error_cancels_nothing(page):
    page.draw()
    job = page.job
    page.sentence.value = "a red dragon"
    page.draw()
    assert page.job is job and not job.is_cancelled
    assert "dragon" in page.problem.text
    page.sentence.value = "a tree"
    page.draw()
    assert job.is_cancelled and page.job is not job


def test_a_file_dropped_on_a_full_queue_changes_nothing(page):
    page.studio.queue.max_jobs = 0
    page._choose_mode("Grid")
    before = page.sentence.value
    drop(page, Settings("a tree", 5, 2, steps=1))
    assert "busy" in page.problem.text
    assert (page.sentence.value, page.seed.value, page.mode) == (before, 0, "Grid")


def test_the_last_batch_is_shown_even_if_it_came_at_the_last_moment(page, gate):
    page.draw()
    job = page.job
    gate.set()
    job.ended.result(SECONDS)
    page._end(job)
    assert len(page.drawings) == 3 and "of 3 pictures" in page.status.text


def test_no_more_pictures_are_announced_than_asked_for(page, gate):
    page.draw()
    page.drawings = [drawing_of("a red house", HOUSE)] * 3
    page._refresh()
    assert page.status.text.startswith("Drawing 3 of 3")


def test_pictures_keep_the_mode_they_were_drawn_in(page, gate, monkeypatch):
    monkeypatch.setitem(pages.ORDERS, "variety", lambda drawings: drawings[::-1])
    page._choose_mode("Grid")
    page.sentence.value = "a tree"
    tree, star = Settings("a tree", steps=1), Settings("a star", steps=1)
    page._begin([tree, "no such thing", star, star], "a tree", "Grid")
    columns = page.shown_columns
    finish(page, gate)
    page._choose_mode("Variations")
    page._choose_order("variety")
    page.columns.value = "size"
    assert page._sorted() == page.drawings and not page.sorting.visible
    assert page.shown_columns == columns == 3
    assert page._name(page.drawings[1]) == "a star"


def test_the_sheet_of_a_grid_leaves_cells_empty(page, gate, monkeypatch):
    async def at_once(function, *arguments):
        return function(*arguments)

    sheets, downloads = [], []
    monkeypatch.setattr(pages.run, "io_bound", at_once)
    monkeypatch.setattr(pages.ui, "download", lambda *what: downloads.append(what))
    tree = Settings("a tree", steps=1)
    page._begin([tree, "no such thing", tree, "no such thing"], "a tree", "Grid")
    finish(page, gate)
    page._choose_mode("Strip")

    def make(*what) -> bytes:
        sheets.append(what)
        return b"png"

    asyncio.run(page._save_sheet(make, "png"))
    first, last = page.drawings
    assert sheets == [([first, None, last], 3, "a tree")]
    assert downloads == [(b"png", "contact-sheet.png")]


def test_settings_are_taken_over_whole(page):
    page.use(Settings("a tree", 5, 6, 7, 3.0, "a star", 0.5))
    page.count.value = 3
    found = page._asked()
    assert [each.mix for each in found] == [0, 0.5, 1]
    assert found[1] == Settings("a tree", 5, 6, 7, 3.0, "a star", 0.5)
    page.first.value = 0
    with pytest.raises(ValueError, match="first picture: a number from 1 to 1,000"):
        page._asked()
    page._another_seed()
    assert page.first.value == 1


def test_another_picture_is_not_compared_with_the_edit_of_the_first(page, gate):
    dialog = page.dialog
    dialog.open(drawing_of("a red house", HOUSE))
    dialog._change(1, "blue")
    job = dialog.job
    dialog.open(drawing_of("a tree", TREE))
    assert job.is_cancelled and dialog.job is None and not dialog.timer.active
    dialog._change(1, "star")
    first = dialog.job
    dialog._change(1, "boat")
    assert first.is_cancelled and not dialog.job.is_cancelled


def test_a_browser_that_goes_cancels_all_of_its_work(page):
    page.draw()
    page.dialog.open(drawing_of("a red house", HOUSE))
    page.dialog._change(1, "blue")
    jobs = [page.job, page.dialog.job]
    page.sentence.client.delete()
    assert all(job.is_cancelled for job in jobs) and len(page.studio.queue) == 0
