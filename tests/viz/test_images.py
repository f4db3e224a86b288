"""Tests of cmlearn.viz.images and cmlearn.viz.charts."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cmlearn.viz.charts import percent_bars
from cmlearn.viz.images import caption_and_picture, picture_grid, value_histograms


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


def test_a_grid_shows_every_picture_with_its_title() -> None:
    images = [np.full((4, 6, 3), 9, np.uint8), np.zeros((5, 5), np.uint8), np.ones((2, 2, 3))]
    figure = picture_grid(images, ["one", "two", "three"], columns=2)
    assert len(figure.axes) == 4
    assert [ax.get_title() for ax in figure.axes[:3]] == ["one", "two", "three"]
    for ax, image in zip(figure.axes, images, strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
    assert not figure.axes[3].images


def test_a_grid_refuses_what_it_cannot_draw() -> None:
    with pytest.raises(ValueError, match="images is empty"):
        picture_grid([])
    with pytest.raises(ValueError, match="1 images but 2 titles"):
        picture_grid(np.zeros((1, 2, 2, 3)), ["a", "b"])


def test_caption_and_picture_writes_the_numbers() -> None:
    picture = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
    figure = caption_and_picture(picture, ["<bos>", "house"], [1, 7], corner=(2, 1))
    _, part, words = figure.axes
    assert part.texts[0].get_text() == "\n".join(map(str, picture[2, 1]))
    assert [t.get_text() for t in words.texts] == ["<bos>", "1", "house", "7"]


def test_value_histograms_state_the_range() -> None:
    figure = value_histograms({"raw": np.array([0, 255])}, "values")
    assert "0 to 255" in figure.axes[0].get_title()


def test_percent_bars_draws_means_seeds_and_chance() -> None:
    axes = percent_bars({"mean": [0.5, 0.5], "gru": 1.0}, "bars", "of answers", 0.5).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [50, 100]
    assert {"50 %", "100 %", " chance level"} <= {t.get_text() for t in axes.texts}


def test_percent_bars_leave_room_for_the_chance_level_only_where_it_is_drawn() -> None:
    plain, lined = (percent_bars({"a": 0.5}, "bars", "axis", chance) for chance in (None, 0.5))
    assert plain.axes[0].get_ylim() == (0.5, -0.5)
    assert lined.axes[0].get_ylim() == (0.5, -0.9)
