"""Tests of cmlearn.viz.images."""

import numpy as np
import pytest

from cmlearn.viz import images as figures
from cmlearn.viz.images import (
    caption_and_picture,
    contact_sheet,
    join_grid,
    picture_grid,
    picture_rows,
    quantise,
    sheet_figure,
    value_histograms,
)


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


def test_pictures_stand_in_rows_with_white_between():
    pictures = np.stack([np.full((2, 3, 3), n, np.uint8) for n in range(5)])
    sheet = contact_sheet(pictures, columns=3, gap=1)
    assert sheet.shape == (2 * 3 - 1, 3 * 4 - 1, 3)
    assert sheet[0, [0, 4, 8], 0].tolist() == [0, 1, 2]
    assert sheet[3, [0, 4, 8], 0].tolist() == [3, 4, 255]
    assert (sheet[2] == 255).all()
    assert (sheet[:, 3] == 255).all()


def test_no_pictures_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet(np.zeros((0, 4, 4, 3), np.uint8))


def test_the_figure_keeps_the_sheet_s_shape():
    figure = sheet_figure(np.zeros((10, 40, 3), np.uint8), "all black", width=4)
    assert figure.axes[0].get_title() == "all black"


def pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 4, 5, 3), dtype=np.uint8)


def test_a_mosaic_keeps_every_picture_in_its_place() -> None:
    grid = pictures(2, 3)
    laid = join_grid(grid)
    assert laid.shape == (8, 15, 3)
    assert np.array_equal(laid[4:8, 10:15], grid[1, 2])


def test_rows_may_be_of_different_length() -> None:
    figure = picture_rows({"long": pictures(3), "short": pictures(2)}, "rows", ["1", "2", "3"])
    assert [len(ax.images) for ax in figure.axes] == [1, 1, 1, 1, 1, 0]
    assert [ax.get_title() for ax in figure.axes[:3]] == ["1", "2", "3"]
    assert [figure.axes[i].texts[0].get_text() for i in (0, 3)] == ["long", "short"]


def test_fewer_levels_keep_black_and_white_and_stay_near() -> None:
    values = np.arange(256, dtype=np.uint8)
    rounded = quantise(values)
    assert (rounded[0], rounded[-1]) == (0, 255)
    assert len(np.unique(rounded)) == 33
    assert np.abs(rounded.astype(int) - values).max() <= 4
