"""A notebook widget that draws a typed sentence and describes a chosen picture."""

from __future__ import annotations

import html

import cv2
import ipywidgets as widgets
import numpy as np
import torch

from cmlearn.apps.pipeline import Pipeline
from cmlearn.viz.display import image_tag
from cmlearn.viz.images import contact_sheet

NUM_PICTURES = 4  # drawn from a sentence
ZOOM = 2  # screen pixels per picture pixel
WIDTH = {"width": "560px"}


def build_panel(
    pipeline: Pipeline, pictures: np.ndarray, rng: torch.Generator, sentence: str
) -> widgets.VBox:
    """Return a panel with a text box for sentences above a slider for pictures.

    Args:
        pipeline: the models.
        pictures: (N, 64, 64, 3) uint8 RGB, the choices of the slider.
        rng: samples the pictures; each drawing continues from the last.
        sentence: the first content of the text box.

    Returns:
        The widget; each control has its result below it.
    """
    return widgets.VBox(
        [_sentence_box(pipeline, rng, sentence), _picture_slider(pipeline, pictures)]
    )


def _sentence_box(pipeline: Pipeline, rng: torch.Generator, sentence: str) -> widgets.VBox:
    """Return a text box and a button; Enter and the button draw."""
    box = widgets.Text(
        sentence, description="Sentence:", continuous_update=False, layout=widgets.Layout(**WIDTH)
    )
    button, result = widgets.Button(description="Draw", button_style="primary"), widgets.HTML()

    def update(_: object) -> None:
        result.value = drawn_as_html(pipeline, box.value, rng)

    button.on_click(update)
    box.observe(update, names="value")
    update(None)
    return widgets.VBox([widgets.HBox([box, button]), result])


def _picture_slider(pipeline: Pipeline, pictures: np.ndarray) -> widgets.VBox:
    """Return a slider over pictures, each with its generated description."""
    slider = widgets.IntSlider(
        0,
        0,
        len(pictures) - 1,
        description="Picture:",
        continuous_update=False,
        layout=widgets.Layout(**WIDTH),
    )
    result = widgets.HTML()

    def update(_: object) -> None:
        result.value = described_as_html(pipeline, pictures[slider.value])

    slider.observe(update, names="value")
    update(None)
    return widgets.VBox([slider, result])


def drawn_as_html(pipeline: Pipeline, sentence: str, rng: torch.Generator) -> str:
    """Return pictures drawn from a sentence, or an explanation of what is wrong with it, as HTML.

    Args:
        pipeline: the models.
        sentence: the caption.
        rng: samples the pictures.
    """
    try:
        pictures = pipeline.draw(sentence, NUM_PICTURES, rng)
    except ValueError as error:
        return _paragraph(str(error))
    unknown = pipeline.unknown_words(sentence)
    note = f"The model does not know these words and left them out: {', '.join(unknown)}"
    tag = image_tag(_png(pictures), f"{NUM_PICTURES} pictures drawn from the sentence: {sentence}")
    return tag + (_paragraph(note) if unknown else "")


def described_as_html(pipeline: Pipeline, picture: np.ndarray) -> str:
    """Return a picture with its generated description, as HTML.

    Args:
        pipeline: the models.
        picture: (64, 64, 3) uint8 RGB.
    """
    description = pipeline.describe(picture[None])[0]
    return image_tag(
        _png(picture[None]), f"The picture that is described: {description}"
    ) + _paragraph(f"“{description}”")


def _paragraph(text: str) -> str:
    return f'<p style="max-width: 640px; line-height: 1.4">{html.escape(text)}</p>'


def _png(pictures: np.ndarray) -> bytes:
    """Return a row of enlarged pictures as a PNG; `pictures` is (N, 64, 64, 3) uint8 RGB."""
    sheet = contact_sheet(pictures, columns=len(pictures))
    large = sheet.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
    _, encoded = cv2.imencode(".png", large[..., ::-1])
    return encoded.tobytes()
