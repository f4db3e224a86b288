"""Tests of cmlearn.viz.latents."""

import numpy as np

from cmlearn.viz.latents import latent_plane, scatter_panels


def pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 4, 5, 3), dtype=np.uint8)


def test_the_plane_shows_every_code_under_its_group() -> None:
    codes = np.array([[0.0, 1], [2, 3], [4, 5]])
    figure = latent_plane(codes, ["b", "a", "b"], pictures(2, 3), (-1, 1, -2, 2), "a plane")
    left, right = figure.axes
    assert [t.get_text() for t in left.get_legend().get_texts()] == ["a", "b"]
    assert [len(c.get_offsets()) for c in left.collections] == [1, 2]
    assert right.images[0].get_extent() == [-1, 1, -2, 2]


def test_clouds_stand_beside_one_another_on_one_scale() -> None:
    clouds = {"seen": np.array([[0.0, 1], [2, 3]]), "drawn": np.array([[4.0, -1]])}
    figure = scatter_panels(clouds, "Two clouds", reach=5)
    assert [ax.get_title() for ax in figure.axes] == ["seen", "drawn"]
    assert {(*ax.get_xlim(), *ax.get_ylim()) for ax in figure.axes} == {(-5, 5, -5, 5)}
    drawn = [ax.collections[0].get_offsets() for ax in figure.axes]
    assert all(np.array_equal(a, b) for a, b in zip(drawn, clouds.values(), strict=True))
