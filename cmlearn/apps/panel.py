"""A panel in a notebook: type a sentence, or pick a picture."""

from __future__ import annotations

import html

import cv2
import ipywidgets as widgets
import numpy as np
import torch

from cmlearn.apps.pipeline import Pipeline
from cmlearn.viz.display import image_tag
from cmlearn.viz.images import contact_sheet

COUNT = 4  # pictures drawn of a sentence
ENLARGED = 2  # times, so that 64 pixels are a pleasure to look at
WIDE = {"width": "560px"}


def build_panel(
    pipeline: Pipeline, pictures: np.ndarray, rng: torch.Generator, sentence: str
) -> widgets.VBox:
    """Both directions as two rows of controls, each with its result below.

    Args:
        loop: the models.
        pictures: (N, 64, 64, 3) uint8, to pick from.
        rng: chooses what a sentence leaves open; each drawing goes on from the last.
        sentence: what stands in the box at first.
    """
    return widgets.VBox(
        [_sentence_box(pipeline, rng, sentence), _picture_slider(pipeline, pictures)]
    )


def _sentence_box(pipeline: Pipeline, rng: torch.Generator, sentence: str) -> widgets.VBox:
    """A text box and a button; Enter and the button draw."""
    box = widgets.Text(
        sentence, description="Sentence:", continuous_update=False, layout=widgets.Layout(**WIDE)
    )
    button, result = widgets.Button(description="Draw", button_style="primary"), widgets.HTML()

    def answer(_: object) -> None:
        result.value = drawn_as_html(pipeline, box.value, rng)

    button.on_click(answer)
    box.observe(answer, names="value")
    answer(None)
    return widgets.VBox([widgets.HBox([box, button]), result])


def _picture_slider(pipeline: Pipeline, pictures: np.ndarray) -> widgets.VBox:
    """A slider over pictures, each with what is said of it."""
    slider = widgets.IntSlider(
        0,
        0,
        len(pictures) - 1,
        description="Picture:",
        continuous_update=False,
        layout=widgets.Layout(**WIDE),
    )
    result = widgets.HTML()

    def answer(_: object) -> None:
        result.value = described_as_html(pipeline, pictures[slider.value])

    slider.observe(answer, names="value")
    answer(None)
    return widgets.VBox([slider, result])


def drawn_as_html(pipeline: Pipeline, sentence: str, rng: torch.Generator) -> str:
    """Pictures of a sentence, or what is wrong with it, as HTML."""
    try:
        pictures = pipeline.draw(sentence, COUNT, rng)
    except ValueError as error:
        return _paragraph(str(error))
    left_out = pipeline.unknown_words(sentence)
    note = f"Words that the painter never learned, left out: {', '.join(left_out)}"
    tag = image_tag(_png(pictures), f"{COUNT} pictures drawn from the sentence: {sentence}")
    return tag + (_paragraph(note) if left_out else "")


def described_as_html(pipeline: Pipeline, picture: np.ndarray) -> str:
    """A picture with the sentence that is said of it, as HTML."""
    said = pipeline.describe(picture[None])[0]
    return image_tag(_png(picture[None]), f"The picture that is described: {said}") + _paragraph(
        f"“{said}”"
    )


def _paragraph(text: str) -> str:
    return f'<p style="max-width: 640px; line-height: 1.4">{html.escape(text)}</p>'


def _png(pictures: np.ndarray) -> bytes:
    """Pictures in a row, enlarged, as a PNG."""
    sheet = contact_sheet(pictures, columns=len(pictures))
    large = sheet.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    _, encoded = cv2.imencode(".png", large[..., ::-1])
    return encoded.tobytes()
