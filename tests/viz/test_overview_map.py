"""The map of the course."""

from pathlib import Path

import numpy as np

from cmlearn.viz.overview import ENLARGED, IMAGE_TO_TEXT, TEXT_TO_IMAGE, course_map

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_every_step_stands_on_the_map():
    figure = course_map("a red house", np.zeros((8, 8, 3), np.uint8))
    written = {text.get_text() for text in figure.axes[0].texts}
    assert {part for step in (*TEXT_TO_IMAGE, *IMAGE_TO_TEXT) for part in step} <= written
    assert {"“a red house”", ENLARGED} <= written
    assert len(figure.axes[0].images) == 1


def test_the_map_names_notebooks_that_are_there():
    named = {notebook.replace(" ", "_") for _, notebook, _ in (*TEXT_TO_IMAGE, *IMAGE_TO_TEXT)}
    there = {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    assert named - there == set()
