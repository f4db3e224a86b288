"""Tests of cmlearn.apps.panel."""

from __future__ import annotations

import re

import ipywidgets as widgets
import numpy as np
import pytest

from cmlearn.apps.panel import build_panel, described_as_html, drawn_as_html
from cmlearn.training.runtime import seeded_generator

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)


def everything_in(widget: widgets.Widget) -> list[widgets.Widget]:
    return [widget, *(w for child in getattr(widget, "children", ()) for w in everything_in(child))]


def one(box: widgets.VBox, kind: type) -> widgets.Widget:
    return next(w for w in everything_in(box) if isinstance(w, kind))


@pytest.fixture
def shown(loop) -> widgets.VBox:
    return build_panel(loop, PICTURES, seeded_generator(0), "a red house")


def results(shown: widgets.VBox) -> list[str]:
    return [w.value for w in everything_in(shown) if isinstance(w, widgets.HTML)]


def test_it_shows_an_answer_at_once(shown):
    drawn, described = results(shown)
    assert 'alt="4 pictures drawn from the sentence: a red house"' in drawn
    assert re.search(r'alt="The picture that is described: [^"]*"', described)


def test_a_new_sentence_is_drawn(shown):
    one(shown, widgets.Text).value = "a blue tree"
    assert "sentence: a blue tree" in results(shown)[0]


def test_the_button_draws_once_more(shown):
    before = results(shown)[0]
    one(shown, widgets.Button).click()
    assert results(shown)[0] != before


def test_the_slider_picks_a_picture(shown, loop):
    one(shown, widgets.IntSlider).value = 3
    assert results(shown)[1] == described_as_html(loop, PICTURES[3])


@pytest.mark.parametrize("sentence", ["", "dragons only", "house " * 10_000])
def test_a_bad_sentence_gets_an_explanation(loop, sentence):
    answer = drawn_as_html(loop, sentence, seeded_generator(0))
    assert answer.startswith("<p")
    assert "caption: " in answer


def test_words_left_out_are_shown(loop):
    assert "left out: dragon</p>" in drawn_as_html(loop, "a red dragon", seeded_generator(0))


def test_a_sentence_is_not_taken_for_html(loop):
    answer = drawn_as_html(loop, 'a red <script>"x"', seeded_generator(0))
    assert "<script>" not in answer
    assert "sentence: a red <script>" not in answer
