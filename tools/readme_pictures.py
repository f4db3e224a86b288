"""Draws the pictures of README.md with the shipped checkpoints."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from matplotlib import pyplot as plt

from cmlearn.apps.pipeline import Pipeline
from cmlearn.data.storybook.render import render
from cmlearn.data.storybook.scene import Scene, sample_scene
from cmlearn.training.runtime import seeded_generator, set_threads
from cmlearn.viz.display import png_bytes
from cmlearn.viz.images import contact_sheet
from cmlearn.viz.overview import loop_rows

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


def write_pictures(root: Path, loop: Pipeline | None = None) -> str:
    """Write `docs/pictures/readme.png` and `storybook.png`, the same bytes each time.

    Args:
        root: the repository.
        loop: the models; by default the shipped ones.

    Returns:
        Markdown for the first, with its alternative text. What the second shows never changes:
        README.md says it.

    Raises:
        FileNotFoundError: a checkpoint is missing.
        OSError: the pictures cannot be written.
    """
    set_threads(1)
    loop = loop or Pipeline.load()
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    _draw_sheet(root / FOLDER / "storybook.png")
    picture = _draw_loop(root / FOLDER / "readme.png", loop)
    caption = (
        "*Left: the caption. Middle: pictures drawn from it. Right: the caption that a second "
        "model wrote for the framed picture, without seeing the first one. All by the shipped "
        "checkpoints, mistakes included.*"
    )
    return f"{picture}\n\n{caption}"


def _draw_loop(path: Path, loop: Pipeline) -> str:
    """What the course builds, in rows; returns its Markdown."""
    drawn = [loop.draw(sentence, COUNT, seeded_generator(SEED)) for sentence in SENTENCES]
    said = loop.describe(np.stack([pictures[0] for pictures in drawn]))
    figure = loop_rows(SENTENCES, drawn, said, "Sentences become pictures, pictures sentences")
    path.write_bytes(png_bytes(figure))
    plt.close(figure)
    pairs = "; ".join(f"“{a}” came back as “{b}”" for a, b in zip(SENTENCES, said))
    alt = f"Sentences, {COUNT} pictures drawn from each, and the first of them described: {pairs}."
    return f"![{alt}]({(FOLDER / path.name).as_posix()})"


def _draw_sheet(path: Path) -> None:
    """A sheet of Storybook."""
    pictures = [render(scene, SIDE) for scene in sheet_scenes()]
    sheet = contact_sheet(pictures, columns=8, gap=6)
    _, encoded = cv2.imencode(".png", sheet[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    path.write_bytes(encoded.tobytes())


def sheet_scenes() -> list[Scene]:
    """The scenes of the sheet."""
    rng = np.random.default_rng(5)
    return [sample_scene(rng) for _ in range(SCENES)]
