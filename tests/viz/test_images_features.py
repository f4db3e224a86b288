"""Tests of cmlearn.viz.images."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cmlearn.viz import attention, charts
from cmlearn.viz import images as figures


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(6, 8, 6, 3)).astype(np.uint8)


def test_neighbour_rows_show_the_query_first(images: np.ndarray) -> None:
    rows = {"pixels": images[:3], "features": images[3:]}
    notes = {"pixels": ["query", "a", "b"], "features": ["query", "c", "d"]}
    figure = figures.neighbour_rows(rows, notes, "neighbours")
    assert [ax.get_title() for ax in figure.axes] == ["query", "a", "b", "query", "c", "d"]
    assert figure.axes[3].get_ylabel() == "features"
    for ax, image in zip(figure.axes, images, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
    assert figure.axes[0].spines["left"].get_visible()
    assert not figure.axes[1].spines["left"].get_visible()


def test_stage_grids_lay_out_sixteen_channels(images: np.ndarray) -> None:
    grids = {"stem": np.random.rand(20, 4, 3), "last": np.random.rand(32, 2, 2)}
    figure = figures.stage_grids(images[0], grids, "stages")
    assert figure.axes[1].get_title() == "stem\n20 × 4 × 3"
    assert figure.axes[1].images[0].get_array().shape == (4 * 5 - 1, 4 * 4 - 1)
    tile = figure.axes[2].images[0].get_array()[0:2, 3:5]
    np.testing.assert_allclose(tile, grids["last"][1] / grids["last"][1].max())


def test_stage_grids_go_on_in_a_second_row(images: np.ndarray) -> None:
    grids = {name: np.ones((16, 2, 2)) for name in "abc"}
    axes = figures.stage_grids(images[0], grids, "stages").axes
    assert [len(ax.images) for ax in axes] == [1, 1, 1, 1, 0, 0]


def test_heat_maps_keep_their_cells_and_frame_the_hottest(images: np.ndarray) -> None:
    heat = np.array([[0.0, -3.0], [1.0, 2.0]])
    figure = attention.heat_maps(images[:1], [heat], ["house"], "maps")
    picture, overlay = figure.axes[0].images
    np.testing.assert_array_equal(overlay.get_array(), heat)
    assert overlay.get_clim() == (-3, 3)
    assert picture.get_array().shape == (8, 6, 3)
    assert figure.axes[0].patches[0].get_xy() == (2.5, 3.5)


def test_label_columns_show_what_knowing_nothing_gets() -> None:
    shares, base = {"house": 0.9, "sea": 1.0}, {"house": 0.8, "sea": 0.75}
    axes = charts.label_columns(shares, base, "words").axes[0]
    assert [bar.get_height() for bar in axes.patches] == [90, 100]
    assert [line.get_ydata()[0] for line in axes.lines] == [80, 75]


def test_share_table_writes_every_share() -> None:
    rows = {"where?": {"pooled": 0.5, "grid": 0.97}, "what?": {"pooled": 0.98, "grid": 0.99}}
    axes = charts.share_table(rows, {"where?": 0.5, "what?": 0.8}, "table").axes[0]
    assert [t.get_text() for t in axes.texts[:3]] == ["50 %", "97 %", "50 %"]
    colours = [patch.get_facecolor() for patch in axes.patches]
    assert sum(colours[0]) > sum(colours[1])  # at the chance level it is the lightest
    assert [t.get_text() for t in axes.get_xticklabels()] == ["pooled", "grid", "chance level"]
