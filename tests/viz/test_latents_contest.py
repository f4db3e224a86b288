"""Tests of cmlearn.viz.latents."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cmlearn.viz.latents import cloud_rows


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


def test_every_cloud_lies_over_the_true_points() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(7, 2))
    rows = {"plain": [rng.normal(size=(5, 2)) for _ in range(3)], "other": [true, true, true]}
    figure = cloud_rows(rows, true, ["0", "10", "20"], "clouds", reach=2)
    assert [ax.get_title() for ax in figure.axes[:3]] == ["0", "10", "20"]
    assert [figure.axes[n].get_ylabel() for n in (0, 3)] == ["plain", "other"]
    below, above = (part.get_offsets() for part in figure.axes[1].collections)
    assert np.array_equal(below, true)
    assert np.array_equal(above, rows["plain"][1])
    assert figure.axes[5].get_xlim() == (-2, 2)


def test_a_cloud_too_few_is_told() -> None:
    with pytest.raises(ValueError, match="zip"):
        cloud_rows({"plain": [np.zeros((3, 2))]}, np.zeros((3, 2)), ["0", "10"], "clouds")
