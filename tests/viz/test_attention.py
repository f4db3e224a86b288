"""Tests of cmlearn.viz.attention."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.viz import attention
from cmlearn.viz.attention import attention_matrices


def test_one_panel_a_head_on_one_scale():
    words = ["a", "red", "house"]
    maps = {"one": np.eye(3), "two": np.full((3, 3), 1 / 3)}
    figure = attention_matrices(maps, words, "Who looks where")
    panels = [ax for ax in figure.axes if ax.get_images() and ax.get_title()]
    assert [ax.get_title() for ax in panels] == ["one", "two"]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == words
    for ax, weights in zip(panels, maps.values()):
        image = ax.get_images()[0]
        assert np.array_equal(image.get_array(), weights)
        assert image.get_clim() == (0, 1)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(6, 8, 6, 3)).astype(np.uint8)


def test_heat_maps_keep_their_cells_and_frame_the_hottest(images: np.ndarray) -> None:
    heat = np.array([[0.0, -3.0], [1.0, 2.0]])
    figure = attention.heat_maps(images[:1], [heat], ["house"], "maps")
    picture, overlay = figure.axes[0].images
    np.testing.assert_array_equal(overlay.get_array(), heat)
    assert overlay.get_clim() == (-3, 3)
    assert picture.get_array().shape == (8, 6, 3)
    assert figure.axes[0].patches[0].get_xy() == (2.5, 3.5)
