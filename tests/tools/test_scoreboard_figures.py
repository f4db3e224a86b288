"""Tests of tools.scoreboard_figures."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from tools.scoreboard_figures import GREEN, RED, image_to_text_board, text_to_image_board

ROW = {"test": 0.803, "novel": 0.6, "coverage": 0.7, "seconds": 101.0}
SCORES = {"one": ROW, "two": {**ROW, "seconds": None}}


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


def texts(figure: plt.Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_pictures_are_framed_by_their_truth() -> None:
    picture = np.zeros((5, 7, 3), np.uint8)
    outputs = {"one": [(picture, True), (picture, False)], "two": [(picture, True)] * 2}
    figure = text_to_image_board(["a red house", "a blue star"], outputs, SCORES)
    frames = [to_hex(patch.get_edgecolor()) for ax in figure.axes for patch in ax.patches]
    assert frames == [GREEN, RED, GREEN, GREEN]
    assert "true: test 80.3 %, novel 60.0 %" in texts(figure)
    assert {"variety 70 %, trained 101 s", "variety 70 %, shipped"} <= set(texts(figure))


def test_false_words_are_red() -> None:
    marked = [("a", True), ("purple", False), ("house", True)]
    picture = np.zeros((5, 7, 3), np.uint8)
    figure = image_to_text_board([picture], {"one": [marked], "two": [marked]}, SCORES)
    words = [text for ax in figure.axes for text in ax.texts if text.get_text() in dict(marked)]
    assert [to_hex(word.get_color()) == RED for word in words] == [False, True, False] * 2
    assert "coverage 70 %, trained 101 s" in texts(figure)


def test_each_model_needs_an_output_for_every_example() -> None:
    picture = np.zeros((5, 7, 3), np.uint8)
    with pytest.raises(ValueError, match="shorter|longer"):
        text_to_image_board(["a", "b"], {"one": [(picture, True)]}, SCORES)
