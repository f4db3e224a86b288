"""Tests of cmlearn.viz.latents."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cmlearn.viz.charts import term_panels
from cmlearn.viz.images import fewer_levels, mosaic, picture_rows
from cmlearn.viz.latents import latent_plane, scatter_panels


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


def pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 4, 5, 3), dtype=np.uint8)


def test_a_mosaic_keeps_every_picture_in_its_place() -> None:
    grid = pictures(2, 3)
    laid = mosaic(grid)
    assert laid.shape == (8, 15, 3)
    assert np.array_equal(laid[4:8, 10:15], grid[1, 2])


def test_the_plane_shows_every_code_under_its_group() -> None:
    codes = np.array([[0.0, 1], [2, 3], [4, 5]])
    figure = latent_plane(codes, ["b", "a", "b"], pictures(2, 3), (-1, 1, -2, 2), "a plane")
    left, right = figure.axes
    assert [t.get_text() for t in left.get_legend().get_texts()] == ["a", "b"]
    assert [len(c.get_offsets()) for c in left.collections] == [1, 2]
    assert right.images[0].get_extent() == [-1, 1, -2, 2]


def test_rows_may_be_of_different_length() -> None:
    figure = picture_rows({"long": pictures(3), "short": pictures(2)}, "rows", ["1", "2", "3"])
    assert [len(ax.images) for ax in figure.axes] == [1, 1, 1, 1, 1, 0]
    assert [ax.get_title() for ax in figure.axes[:3]] == ["1", "2", "3"]
    assert [figure.axes[i].texts[0].get_text() for i in (0, 3)] == ["long", "short"]


def test_each_term_has_its_own_axis() -> None:
    terms = {"beta": np.array([1000.0, 1]), "kl, nats": np.array([0.0, 3])}
    beta, kl = term_panels(terms, "terms", logarithmic=["beta"]).axes
    assert (beta.get_yscale(), kl.get_yscale()) == ("log", "linear")
    assert kl.get_ylabel() == "kl, nats"
    assert list(kl.lines[0].get_ydata()) == [0, 3]


def test_fewer_levels_keep_black_and_white_and_stay_near() -> None:
    values = np.arange(256, dtype=np.uint8)
    rounded = fewer_levels(values)
    assert (rounded[0], rounded[-1]) == (0, 255)
    assert len(np.unique(rounded)) == 33
    assert np.abs(rounded.astype(int) - values).max() <= 4


def test_clouds_stand_beside_one_another_on_one_scale() -> None:
    clouds = {"seen": np.array([[0.0, 1], [2, 3]]), "drawn": np.array([[4.0, -1]])}
    figure = scatter_panels(clouds, "Two clouds", reach=5)
    assert [ax.get_title() for ax in figure.axes] == ["seen", "drawn"]
    assert {(*ax.get_xlim(), *ax.get_ylim()) for ax in figure.axes} == {(-5, 5, -5, 5)}
    drawn = [ax.collections[0].get_offsets() for ax in figure.axes]
    assert all(np.array_equal(a, b) for a, b in zip(drawn, clouds.values(), strict=True))
