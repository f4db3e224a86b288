"""Tests of cmlearn.apps.panel."""

from __future__ import annotations

from dataclasses import replace

import cv2
import ipywidgets as widgets
import numpy as np
import pytest

from cmlearn.apps.panel import EXAMPLES, Panel, described_as_html, drawn_as_html, words_as_html
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.requests import explain_request
from cmlearn.data.storybook.scene import Scene, Thing

SCENE = Scene("night", "grass", (Thing("house", "red", "big", 0),))


class Drawing:
    """Draws `SCENE` from each sentence, and counts how often."""

    def __init__(self):
        self.asked = []

    def draw(self, sentence, count, rng):
        if problem := explain_request(sentence):
            raise ValueError(problem)
        self.asked.append((sentence, rng.initial_seed()))
        noise = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
        return np.concatenate([np.stack([render(SCENE)] * (count - 1)), noise])


class Describer:
    def describe(self, pictures):
        return ["a red house at sunset"] * len(pictures)


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture
def panel() -> Panel:
    return Panel(Drawing(), Describer(), "a red house", seed=3)


def buttons(widget: widgets.Widget) -> list[widgets.Button]:
    below = [b for child in getattr(widget, "children", ()) for b in buttons(child)]
    return [widget, *below] if isinstance(widget, widgets.Button) else below


def test_it_shows_an_answer_at_once(panel):
    assert panel.text_to_image.asked == [("a red house", 3)]
    assert "3 of 4 show all that was asked" in panel.result.value


def test_each_claim_is_marked(panel):
    shown = panel.result.value
    assert shown.count('aria-label="true" style="color: #1a7f37">✓</span> red house') == 3 * 2
    assert shown.count("✗</span> sunset") == 3  # which the captioner says and the picture denies
    assert shown.count("The scene parser cannot read this picture.") == 1


def test_a_thing_too_many_is_named():
    class Generous(Drawing):
        def draw(self, sentence, count, rng):
            two = (*SCENE.things, Thing("star", "blue", "big", 2))
            return np.stack([render(replace(SCENE, things=two))] * count)

    shown = drawn_as_html(Generous(), Describer(), "a big red house on the grass at night", 0)
    assert "0 of 4 show all" in shown and shown.count("✗</span> nothing too many") == 4


def test_a_new_sentence_keeps_the_seed_and_a_new_seed_the_sentence(panel):
    panel.sentence.value = "a blue tree"
    panel.seed.value = 4
    assert panel.text_to_image.asked[1:] == [("a blue tree", 3), ("a blue tree", 4)]


def test_an_example_is_drawn_once(panel):
    next(button for button in buttons(panel) if button.description == EXAMPLES[1]).click()
    assert panel.text_to_image.asked[1:] == [(EXAMPLES[1], 3)]


@pytest.mark.parametrize("sentence", EXAMPLES)
def test_the_examples_can_be_drawn(sentence):
    assert explain_request(sentence) is None


@pytest.mark.parametrize("sentence", ["", "a furious dragon", "house " * 2_000, "<b>x</b>"])
def test_a_bad_sentence_gets_an_explanation(sentence):
    answer = drawn_as_html(Drawing(), Describer(), sentence, 0)
    assert answer.startswith('<div role="status"') and "<img" not in answer and "<b>x" not in answer


def test_an_uploaded_picture_is_described(panel):
    shown = described_as_html(Describer(), png(np.zeros((90, 120, 3), np.uint8)), "mine.png")
    assert "“a red house at sunset”" in shown and "only Storybook" in shown


def test_a_file_that_is_no_picture_is_named():
    shown = described_as_html(Describer(), b"no picture", "mine.png")
    assert "mine.png" in shown and "/tmp" not in shown and "<img" not in shown


def test_the_words_are_grouped():
    assert "<b>in the sky:</b> kite, star, balloon" in words_as_html()
