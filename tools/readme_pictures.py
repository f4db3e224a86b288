"""Draws the pictures of README.md with the shipped checkpoints."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from matplotlib import pyplot as plt

from cmlearn.apps.image_to_text import ImageToText
from cmlearn.apps.text_to_image import TextToImage, shows_all
from cmlearn.apps.vqa import ask
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, sample_scene
from cmlearn.training.runtime import seeded_generator, set_threads
from cmlearn.viz.captions import captioned_pictures
from cmlearn.viz.display import png_bytes
from cmlearn.viz.images import contact_sheet
from cmlearn.viz.overview import answered_questions, round_trip_rows

FOLDER = Path("docs") / "pictures"  # from the root of the repository
SENTENCES = (
    "a yellow boat on the sea at sunset",
    "a red house left of a yellow tree at night",
    "a purple kite over a green car",
    "at noon, a blue ball on the snow and a red star",
)
TYPED = (
    "two red houses in the snow at night",
    "kite, boat, sunset",
    "three green trees",
    "a big yellow star over the sea",
    "red car left of a blue house",
    "something purple in the grass",
    "two balloons, one red and one blue",
    "yellow flower, orange tree, night",
    "a small red boat under a big green kite",
    "little blue house on the beach",
    "two cars and a ball",
    "a violet ball right of a yellow tree at dusk",
)
DRAWN_FOR_QUESTIONS = "a small red boat under a big green kite"
ASKED = (
    "what colour is the boat?",
    "what is above the boat?",
    "how many houses are there?",
    "what colour is the house?",
    "is it night?",
)
NUM_PICTURES = 4  # drawn from each sentence
SEED = 0
SIDE = 96  # pixels of a picture on the contact sheet; 64 in the data set
NUM_SCENES = 64


def write_typed_picture(root: Path, model: TextToImage | None = None) -> str:
    """Write `docs/pictures/typed.png`: the first picture drawn from each of `TYPED`.

    Args:
        root: root of the repository.
        model: by default the shipped one.

    Returns:
        Markdown with its alternative text, which says what is not right.

    Raises:
        FileNotFoundError: the checkpoint is missing.
        OSError: the picture cannot be written.
    """
    set_threads(1)
    model = model or TextToImage.load()
    rng = seeded_generator(SEED)
    pictures = np.concatenate([model.draw(text, 1, rng) for text in TYPED])
    right = [shows_all(text, picture[None])[0] for text, picture in zip(TYPED, pictures)]
    captions = [[(word, True) for word in text.split()] for text in TYPED]
    marks = ["" if ok else "not right" for ok in right]
    title = "Typed, and drawn: the first picture of each sentence"
    figure = captioned_pictures(list(pictures), captions, title, above=marks, columns=4)
    path = root / FOLDER / "typed.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(figure))
    plt.close(figure)
    listed = "; ".join(f"“{text}”{'' if ok else ' (not right)'}" for text, ok in zip(TYPED, right))
    number = f"{sum(right)} of {len(TYPED)}"
    return (
        f"![Twelve pictures, each above what was typed: {listed}.]"
        f"({(FOLDER / path.name).as_posix()})\n\n"
        f"*Drawn by the shipped flow from what newcomers type: the first picture of each sentence, "
        f"not selected. {number} show all that was asked, and no more of it than was asked, as the "
        f"scene parser reads them; what a sentence leaves open, the model may add. Try your own: "
        f'`python -m cmlearn draw-picture "two red houses"`.*'
    )


def write_ask_picture(root: Path, text_to_image: TextToImage | None = None) -> Path:
    """Write `docs/pictures/ask.png`: questions about a drawing, with their answers.

    Args:
        root: root of the repository.
        text_to_image: by default the shipped flow.

    Returns:
        The path.

    Raises:
        FileNotFoundError: the checkpoint is missing.
        OSError: the picture cannot be written.
        ValueError: the drawing cannot be read.
    """
    set_threads(1)
    model = text_to_image or TextToImage.load()
    picture = model.draw(DRAWN_FOR_QUESTIONS, 1, seeded_generator(SEED))[0]
    pairs = [(question, ask(picture, question).text) for question in ASKED]
    figure = answered_questions(picture, pairs, f"Drawn from “{DRAWN_FOR_QUESTIONS}”, and asked")
    path = root / FOLDER / "ask.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(figure))
    plt.close(figure)
    return path


def write_pictures(
    root: Path, text_to_image: TextToImage | None = None, captioner: ImageToText | None = None
) -> str:
    """Write `docs/pictures/readme.png` and `storybook.png`, the same bytes each time.

    Args:
        root: root of the repository.
        text_to_image: by default the shipped flow.
        captioner: by default the shipped one with the two-stream encoder.

    Returns:
        Markdown for the first, with its alternative text. What the second shows never changes:
        README.md says it.

    Raises:
        FileNotFoundError: a checkpoint is missing.
        OSError: the pictures cannot be written.
    """
    set_threads(1)
    text_to_image, captioner = text_to_image or TextToImage.load(), captioner or ImageToText.load()
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    _draw_storybook(root / FOLDER / "storybook.png")
    picture = _round_trip_picture(root / FOLDER / "readme.png", text_to_image, captioner)
    caption = (
        "*Left: the caption. Middle: pictures drawn from it. Right: the caption that a second "
        "model wrote for the framed picture, without seeing the first one. All by the shipped "
        "checkpoints, nothing selected.*"
    )
    return f"{picture}\n\n{caption}"


def _round_trip_picture(path: Path, text_to_image: TextToImage, captioner: ImageToText) -> str:
    """Draw each sentence, its pictures and a description of the first; return the Markdown."""
    drawn = [
        text_to_image.draw(sentence, NUM_PICTURES, seeded_generator(SEED)) for sentence in SENTENCES
    ]
    descriptions = captioner.describe(np.stack([pictures[0] for pictures in drawn]))
    title = "From sentence to pictures, and from picture to sentence"
    figure = round_trip_rows(SENTENCES, drawn, descriptions, title)
    path.write_bytes(png_bytes(figure))
    plt.close(figure)
    pairs = "; ".join(f"“{a}” became “{b}”" for a, b in zip(SENTENCES, descriptions))
    alt = f"{NUM_PICTURES} pictures for each sentence, and a description of the first: {pairs}."
    return f"![{alt}]({(FOLDER / path.name).as_posix()})"


def _draw_storybook(path: Path) -> None:
    """Draw a contact sheet of Storybook."""
    pictures = [render(scene, SIDE) for scene in sheet_scenes()]
    sheet = contact_sheet(pictures, columns=8, gap=6)
    _, encoded = cv2.imencode(".png", sheet[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    path.write_bytes(encoded.tobytes())


def sheet_scenes() -> list[Scene]:
    """Return the scenes of the contact sheet."""
    rng = np.random.default_rng(5)
    return [sample_scene(rng) for _ in range(NUM_SCENES)]
