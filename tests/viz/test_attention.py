from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt

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
    plt.close(figure)
