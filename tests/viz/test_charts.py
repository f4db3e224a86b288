"""Tests of cmlearn.viz.charts."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cmlearn.viz.charts import curves


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


def test_each_series_is_a_line_that_says_its_name() -> None:
    axes = curves({"a": [3, 2, 1], "b": np.ones(3)}, "lines", "step", "nats").axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[3, 2, 1], [1, 1, 1]]
    assert list(axes.lines[0].get_xdata()) == [1, 2, 3]
    assert {text.get_text() for text in axes.texts} == {"a", "b"}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "nats")


def test_smoothing_takes_the_mean_of_what_led_there() -> None:
    (line,) = curves({"a": [0, 2, 4, 6]}, "", "", "", smooth=2).axes[0].lines
    assert list(line.get_ydata()) == [1, 3, 5]
    assert list(line.get_xdata()) == [2, 3, 4]


def test_smoothing_more_than_there_is() -> None:
    (line,) = curves({"a": [1, 3]}, "", "", "", smooth=9).axes[0].lines
    assert list(line.get_ydata()) == [2]


def test_places_on_a_scale_of_powers() -> None:
    axes = curves({"a": [1, 1e-6]}, "", "", "", places=[2, 16], log=True).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "16"]


def test_names_of_lines_that_end_together_stand_apart() -> None:
    axes = curves({"a": [1, 5.0], "b": [1, 5.01], "c": [1, 9]}, "", "", "").axes[0]
    offsets = {text.get_text(): text.xyann[1] for text in axes.texts}
    assert offsets["a"] == offsets["c"] == 0
    assert offsets["b"] > 10
