"""Small parts of the studio's page, which hold what users typed as text and never as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from cmlearn.apps.studio.drawing import Drawing
from cmlearn.apps.studio.page_style import icon, picture_url, swatch
from cmlearn.data.storybook.scene import KINDS


def text(tag: str, words: str) -> TextElement:
    """Add an HTML element that holds words."""
    return TextElement(tag=tag, text=words)


def chip(word: str, on_click: Callable[[], object]) -> ui.element:
    """Add a button for a word, with a small picture of what it means."""
    button = ui.element("button").classes("st-chip").props('type="button"')
    button.on("click", on_click)
    with button:
        if word in KINDS:
            image(icon(word), "")
        elif swatch(word):
            ui.element("span").classes("st-dot").style(f"background: {swatch(word)}")
        text("span", word)
    return button


def quiet_button(words: str, on_click: Callable[[], object]) -> ui.element:
    """Add a button of secondary importance."""
    button = text("button", words).classes("st-quiet").props('type="button"')
    return button.on("click", on_click)


def image(url: str, alt: str) -> ui.element:
    """Add a picture with its alternative text, which may hold any sign."""
    element = ui.element("img")
    element.props["src"], element.props["alt"] = url, alt
    return element


def picture(drawing: Drawing, large: np.ndarray | None = None) -> ui.element:
    """Add the picture of a drawing; its alternative text says what is true of it."""
    url = picture_url(drawing.picture if large is None else large)
    return image(url, alternative_text(drawing)).classes("st-pic")


def alternative_text(drawing: Drawing) -> str:
    """Return the sentence of a drawing, and which claims do not hold."""
    wrong = [words for words, true in drawing.findings if not true]
    verdict = "All claims hold." if not wrong else f"Not true: {', '.join(wrong)}."
    return f"Picture {drawing.settings.index + 1} of “{drawing.settings.nearer}”. {verdict}"


def claims_list(drawing: Drawing) -> None:
    """Add a list of the claims, each with a mark, a colour and a hidden word."""
    with ui.element("ul").classes("st-claims"):
        for words, true in drawing.findings:
            with ui.element("li").classes("yes" if true else "no"):
                text("span", f"{'✓' if true else '✗'} {words}")
                text("span", " (true)" if true else " (not true)").classes("sr")


def waiting_card() -> None:
    """Add an empty frame for a picture to come."""
    with ui.element("div").classes("st-card").props('aria-hidden="true"'):
        ui.element("div").classes("st-wait")


@contextmanager
def segmented(name: str) -> Iterator[ui.element]:
    """Return a context for buttons that belong together, after the name of the group."""
    group = ui.element("div").classes("st-seg").props(f'role="group" aria-label="{name}"')
    with group:
        text("span", name)
        with ui.element("div"):
            yield group
