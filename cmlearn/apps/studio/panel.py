"""A notebook widget: pictures of a typed sentence with their claims, and one word changed."""

from __future__ import annotations

import html
from collections.abc import Sequence

import ipywidgets as widgets

from cmlearn.apps.studio.drawing import Drawing, Settings, draw_pictures
from cmlearn.apps.studio.edits import change_word, replacements
from cmlearn.apps.studio.files import sheet_png
from cmlearn.apps.studio.layouts import ORDERS, variations
from cmlearn.apps.studio.sentences import check_sentence
from cmlearn.apps.text_to_image import TextToImage
from cmlearn.viz.display import image_tag

COUNT = 4  # pictures of a sentence
WIDTH = {"width": "560px"}


def build_studio_panel(model: TextToImage, sentence: str, seed: int = 0) -> widgets.VBox:
    """Return a panel: a text box, a seed, an order, and a word to change.

    Args:
        model: the flow and its vocabulary.
        sentence: the first content of the text box.
        seed: the first seed of the noise.
    """
    box = widgets.Text(
        sentence, description="Sentence:", continuous_update=False, layout=widgets.Layout(**WIDTH)
    )
    seeds = widgets.BoundedIntText(seed, 0, 9999, description="Seed:")
    order = widgets.Dropdown(options=list(ORDERS), description="Sort by:")
    edit = widgets.Dropdown(options=_edits(sentence), description="Change:")
    result = widgets.HTML(drawn_as_html(model, sentence, seed))

    def update(_: object) -> None:
        result.value = drawn_as_html(model, edit.value or box.value, seeds.value, order.value)

    def restart(_: object) -> None:
        had_edit = edit.value != ""
        edit.options = _edits(box.value)  # takes an edit back, which updates the pictures
        if not had_edit:
            update(None)

    box.observe(restart, names="value")
    for control in (seeds, order, edit):
        control.observe(update, names="value")
    return widgets.VBox([box, widgets.HBox([seeds, order, edit]), result])


def drawn_as_html(model: TextToImage, sentence: str, seed: int, order: str = "as drawn") -> str:
    """Return a contact sheet of a sentence, or what is wrong with the sentence, as HTML.

    Args:
        model: the flow and its vocabulary.
        sentence: what to draw.
        seed: of the noise.
        order: one of `layouts.ORDERS`.
    """
    try:
        drawings: Sequence[Drawing] = draw_pictures(
            model, variations(Settings(sentence, seed), COUNT)
        )
    except ValueError as error:
        return f'<p style="max-width: 640px; line-height: 1.4">{html.escape(str(error))}</p>'
    right = sum(drawing.is_right for drawing in drawings)
    alt = f"{COUNT} pictures of “{sentence}”, {right} of them right, with their claims below."
    return image_tag(sheet_png(ORDERS[order](drawings), COUNT), alt)


def _edits(sentence: str) -> list[tuple[str, str]]:
    """Return "red → blue" with the edited sentence, for each word that can be changed."""
    found = [] if check_sentence(sentence) else replacements(sentence)
    edits = [
        (f"{word} → {other}", change_word(sentence, position, other))
        for position, word, others in found
        for other in others
    ]
    return [("nothing", ""), *edits]
