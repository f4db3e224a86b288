"""A notebook widget that draws a sentence, describes the drawing, and checks both."""

from __future__ import annotations

import html
import tempfile
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from cmlearn.apps.image_to_text import ImageToText
from cmlearn.apps.text_to_image import TextToImage
from cmlearn.data.images import centre_crop, encode_png, load_image, resize
from cmlearn.data.storybook.claims import check_claims
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUND_KINDS,
    GROUNDS,
    RELATIONS,
    SIZES,
    SKIES,
    SKY_KINDS,
    Scene,
)
from cmlearn.evaluation.claim_accuracy import captions_hold_strictly
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.training.runtime import seeded_generator
from cmlearn.viz.display import image_tag

NUM_PICTURES = 4  # drawn from a sentence
IMAGE_SIZE = 64  # height and width of the pictures, in pixels
ZOOM = 2  # screen pixels per picture pixel
EXAMPLES = (
    "a red house left of a yellow tree",
    "two blue boats at sunset",
    "a purple house in the snow",
    "kite, car, night",
)
WORDS = {
    "on the ground": GROUND_KINDS,
    "in the sky": SKY_KINDS,
    "colours": COLOURS,
    "sizes": SIZES,
    "time": SKIES,
    "grounds": GROUNDS,
    "relations": RELATIONS,
    "numbers": ("two", "three"),
}


class Panel(widgets.VBox):
    """A text box with examples and a seed; below, drawings with what is true of them.

    A new sentence keeps the seed, so that only the words change. A new seed keeps the sentence.

    Args:
        text_to_image: draws.
        captioner: describes the drawings, and an uploaded picture.
        sentence: what is drawn first.
        seed: of the noise of the first drawing.
    """

    def __init__(
        self,
        text_to_image: TextToImage,
        captioner: ImageToText,
        sentence: str = EXAMPLES[0],
        seed: int = 0,
    ) -> None:
        self.text_to_image, self.captioner = text_to_image, captioner
        self.shown: tuple[str, int] | None = None
        wide = widgets.Layout(width="420px")
        self.sentence = widgets.Text(
            sentence, description="Sentence:", continuous_update=False, layout=wide
        )
        self.seed = widgets.BoundedIntText(
            seed, 0, 9999, description="Seed:", layout=widgets.Layout(width="150px")
        )
        self.upload = widgets.FileUpload(accept="image/*", description="Describe a picture of mine")
        self.upload.layout.width = "auto"
        self.result, self.described = widgets.HTML(), widgets.HTML()
        for box in (self.sentence, self.seed):
            box.observe(self._draw, names="value")
        self.upload.observe(self._describe, names="value")
        examples = widgets.HBox([self._example(text) for text in EXAMPLES])
        row = widgets.HBox([self.sentence, self.seed])
        parts = [row, examples, widgets.HTML(words_as_html()), self.result]
        super().__init__([*parts, self.upload, self.described])
        self._draw(None)

    def _example(self, text: str) -> widgets.Button:
        button = widgets.Button(description=text, tooltip=f"Draw: {text}")
        button.layout.width = "auto"
        button.on_click(lambda _: setattr(self.sentence, "value", text))
        return button

    def _draw(self, _: object) -> None:
        asked = (self.sentence.value, self.seed.value)
        if asked != self.shown:
            self.result.value = drawn_as_html(self.text_to_image, self.captioner, *asked)
            self.shown = asked

    def _describe(self, _: object) -> None:
        for uploaded in self.upload.value:
            content, name = bytes(uploaded.content), uploaded.name
            self.described.value = described_as_html(self.captioner, content, name)


def drawn_as_html(
    text_to_image: TextToImage, captioner: ImageToText, sentence: str, seed: int
) -> str:
    """Return drawings of a sentence with their claims, or what is wrong with it, as HTML.

    Args:
        text_to_image: draws `NUM_PICTURES` pictures.
        captioner: describes them.
        sentence: what somebody typed.
        seed: of the noise.
    """
    try:
        pictures = text_to_image.draw(sentence, NUM_PICTURES, seeded_generator(seed))
    except ValueError as error:
        return _live(_paragraph(str(error)))
    scenes, captions = parse_scenes(pictures), captioner.describe(pictures)
    right = captions_hold_strictly(scenes, [sentence] * len(pictures))
    cards = [
        _card(picture, scene, sentence, caption, ok)
        for picture, scene, caption, ok in zip(pictures, scenes, captions, right)
    ]
    number = f"{sum(right)} of {len(pictures)} show all that was asked, and nothing too many."
    return _live(
        _paragraph(number) + f'<div style="display: flex; gap: 16px">{"".join(cards)}</div>'
    )


def _card(
    picture: np.ndarray, scene: Scene | None, sentence: str, caption: str, right: bool
) -> str:
    """Return a picture above the claims of the sentence, and its description with its claims."""
    drawn = image_tag(_png(picture), f"Drawn from: {sentence}")
    said = f"<p><b>Described as:</b> “{html.escape(caption)}”</p>"
    if scene is None:
        claims = "<p>The scene parser cannot read this picture.</p>"
        return f'<div style="width: 150px; line-height: 1.3">{drawn}{claims}{said}</div>'
    too_many = "" if right else _too_many(sentence, scene)
    asked = _claims(sentence, scene) + too_many
    return (
        f'<div style="width: 150px; line-height: 1.3">{drawn}<p><b>Asked:</b></p>{asked}'
        f"{said}{_claims(caption, scene)}</div>"
    )


def _claims(text: str, scene: Scene) -> str:
    """Return the claims of a sentence as a list, each with ✓ or ✗."""
    claims = check_claims(parse_caption(text), scene)
    return "<br>".join(_mark(claim.text, claim.true) for claim in claims)


def _too_many(sentence: str, scene: Scene) -> str:
    all_true = all(claim.true for claim in check_claims(parse_caption(sentence), scene))
    return "<br>" + _mark("nothing too many", False) if all_true else ""


def _mark(text: str, true: bool) -> str:
    sign, colour, word = ("✓", "#1a7f37", "true") if true else ("✗", "#b42318", "false")
    label = f'<span role="img" aria-label="{word}" style="color: {colour}">{sign}</span>'
    return f"{label} {html.escape(text)}"


def described_as_html(captioner: ImageToText, content: bytes, name: str) -> str:
    """Return an uploaded picture with its caption, or what is wrong with the file, as HTML.

    Args:
        captioner: describes the picture, cut to a square and resized.
        content: the bytes of an image file.
        name: of the file, for the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        path.write_bytes(content)
        try:
            picture = resize(centre_crop(load_image(path)), IMAGE_SIZE)
        except (OSError, ValueError) as error:
            return _live(_paragraph(str(error).replace(str(path), name)))
    caption = captioner.describe(picture[None])[0]
    note = "The captioner knows only Storybook. It describes anything in Storybook's words."
    tag = image_tag(_png(picture), f"Your picture, described as: {caption}")
    return _live(tag + _paragraph(f"“{caption}”") + _paragraph(note))


def words_as_html() -> str:
    """Return the words that can be drawn, by kind, folded, as HTML."""
    rows = [
        f"<b>{html.escape(name)}:</b> {html.escape(', '.join(words))}"
        for name, words in WORDS.items()
    ]
    return f"<details><summary>Words that it knows</summary>{'<br>'.join(rows)}</details>"


def _live(content: str) -> str:
    """Return HTML that a screen reader announces when it changes."""
    return f'<div role="status" aria-live="polite">{content}</div>'


def _paragraph(text: str) -> str:
    return f'<p style="max-width: 640px; line-height: 1.4">{html.escape(text)}</p>'


def _png(picture: np.ndarray) -> bytes:
    """Return an enlarged picture as a PNG; `picture` is (64, 64, 3) uint8 RGB."""
    return encode_png(picture.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1))
