"""Draws the pictures of README.md with the shipped checkpoints."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from matplotlib import pyplot as plt

from cmlearn.apps.loop import Loop
from cmlearn.data.render import render
from cmlearn.data.scene import Scene, sample_scene
from cmlearn.training.runtime import generator, set_threads
from cmlearn.viz.loop import loop_rows
from cmlearn.viz.sheet import contact_sheet
from cmlearn.viz.show import png_bytes

FOLDER = Path("docs") / "pictures"  # from the root of the repository
SENTENCES = (
    "a yellow boat on the sea at sunset",
    "a red house left of a yellow tree at night",
    "a purple kite over a green car",
    "at noon, a blue ball on the snow and a red star",
)
COUNT = 4  # pictures of each sentence
SEED = 0
SIDE = 96  # pixels of a picture on the sheet, drawn larger than in the data set
SCENES = 64


def write_pictures(root: Path, loop: Loop | None = None) -> str:
    """Write `docs/pictures/readme.png` and `storybook.png`, the same bytes each time.

    Args:
        root: the repository.
        loop: the models; by default the shipped ones.

    Returns:
        Markdown for both pictures, with their alternative texts.

    Raises:
        FileNotFoundError: a checkpoint is missing.
        OSError: the pictures cannot be written.
    """
    set_threads(1)
    loop = loop or Loop.load()
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    first = _loop_picture(root / FOLDER / "readme.png", loop)
    second = _storybook_picture(root / FOLDER / "storybook.png")
    caption = (
        "*Left: what was asked. Right: what was said of the framed picture, which is all that the "
        "second network saw. Drawn by the shipped checkpoints, mistakes included.*"
    )
    world = "*Storybook, the world that it is learned on. Every picture's truth is known.*"
    return "\n\n".join((first, caption, second, world))


def _loop_picture(path: Path, loop: Loop) -> str:
    """What the course builds, in rows; returns its Markdown."""
    drawn = [loop.draw(sentence, COUNT, generator(SEED)) for sentence in SENTENCES]
    said = loop.describe(np.stack([pictures[0] for pictures in drawn]))
    figure = loop_rows(SENTENCES, drawn, said, "Sentences become pictures, pictures sentences")
    path.write_bytes(png_bytes(figure))
    plt.close(figure)
    pairs = "; ".join(f"“{a}” came back as “{b}”" for a, b in zip(SENTENCES, said))
    alt = f"Sentences, {COUNT} pictures drawn from each, and the first of them described: {pairs}."
    return f"![{alt}]({(FOLDER / path.name).as_posix()})"


def _storybook_picture(path: Path) -> str:
    """A sheet of Storybook; returns its Markdown."""
    pictures = [render(scene, SIDE) for scene in sheet_scenes()]
    sheet = contact_sheet(pictures, columns=8, gap=6)
    _, encoded = cv2.imencode(".png", sheet[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    path.write_bytes(encoded.tobytes())
    alt = (
        f"{SCENES} small pictures in a grid: houses, trees, cars, flowers, balls and boats on "
        "grass, sand, snow and sea, with kites, stars and balloons in skies of day, night and "
        "sunset."
    )
    return f"![{alt}]({(FOLDER / path.name).as_posix()})"


def sheet_scenes() -> list[Scene]:
    """The scenes of the sheet."""
    rng = np.random.default_rng(5)
    return [sample_scene(rng) for _ in range(SCENES)]
