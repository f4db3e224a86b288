"""Tests of cmlearn.viz.overview."""

from pathlib import Path

import numpy as np

from cmlearn.viz.overview import (
    ENLARGED,
    IMAGE_TO_TEXT,
    TEXT_TO_IMAGE,
    answered_questions,
    claim_table,
    course_map,
    round_trip_rows,
)

PICTURES = np.zeros((2, 3, 8, 8, 3), np.uint8)


def texts(figure) -> list[str]:
    return [text.get_text().replace("\n", " ") for ax in figure.axes for text in ax.texts]


def test_each_row_has_its_sentences_and_pictures():
    figure = round_trip_rows(
        ["a red house", "a tree"], PICTURES, ["a blue house", "a boat"], "Look"
    )
    assert len(figure.axes) == 2 * (3 + 2)
    assert {"“a red house”", "“a tree”", "“a blue house”", "“a boat”"} <= set(texts(figure))
    assert sum(len(ax.images) for ax in figure.axes) == 2 * 3


def test_the_described_picture_is_framed():
    figure = round_trip_rows(["a"], PICTURES[:1], ["b"], "Look")
    assert [len(ax.patches) for ax in figure.axes] == [0, 1, 0, 0, 0]


def test_each_question_has_its_answer():
    pairs = [("what colour is the boat?", "red"), ("is it night?", "no")]
    figure = answered_questions(PICTURES[0, 0], pairs, "Asked")
    assert texts(figure) == [part for pair in pairs for part in pair]
    assert sum(len(ax.images) for ax in figure.axes) == 1


def test_claims_are_marked():
    claims = [("house", True, True), ("red house", False, True), ("night", False, False)]
    figure = claim_table(PICTURES[0, 0], claims, "What survived")
    written = texts(figure)
    assert (written.count("yes"), written.count("no")) == (3, 3)
    assert "red house" in written


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
