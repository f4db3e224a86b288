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
def panel(pipeline) -> widgets.VBox:
    return build_panel(pipeline, PICTURES, seeded_generator(0), "a red house")


def results(panel: widgets.VBox) -> list[str]:
    return [w.value for w in everything_in(panel) if isinstance(w, widgets.HTML)]


def test_it_shows_an_answer_at_once(panel):
    drawn, described = results(panel)
    assert 'alt="4 pictures drawn from the sentence: a red house"' in drawn
    assert re.search(r'alt="The picture that is described: [^"]*"', described)


def test_a_new_sentence_is_drawn(panel):
    one(panel, widgets.Text).value = "a blue tree"
    assert "sentence: a blue tree" in results(panel)[0]


def test_the_button_draws_once_more(panel):
    before = results(panel)[0]
    one(panel, widgets.Button).click()
    assert results(panel)[0] != before


def test_the_slider_picks_a_picture(panel, pipeline):
    one(panel, widgets.IntSlider).value = 3
    assert results(panel)[1] == described_as_html(pipeline, PICTURES[3])


@pytest.mark.parametrize("sentence", ["", "dragons only", "house " * 10_000])
def test_a_bad_sentence_gets_an_explanation(pipeline, sentence):
    answer = drawn_as_html(pipeline, sentence, seeded_generator(0))
    assert answer.startswith("<p")
    assert "caption: " in answer


def test_words_left_out_are_shown(loop):
    assert "left out: dragon</p>" in drawn_as_html(loop, "a red dragon", seeded_generator(0))


def test_a_sentence_is_not_taken_for_html(pipeline):
    answer = drawn_as_html(pipeline, 'a red <script>"x"', seeded_generator(0))
    assert "<script>" not in answer
    assert "sentence: a red <script>" not in answer
