from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt

from cmlearn.viz.charts import grouped_percent_bars


def test_a_bar_for_each_member_of_each_group():
    shares = {"one": {"sky": 0.5, "ground": float("nan")}, "two": {"sky": 0.25, "ground": 1.0}}
    figure = grouped_percent_bars(shares, "Compared", "claims, %")
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == [50, 0, 25, 100]
    assert sorted(text.get_text() for text in axes.texts) == ["100", "25", "50"]
    lefts = [bar.get_x() for bar in axes.patches]
    assert lefts[0] < lefts[2] < lefts[1] < lefts[3]
    assert np.isclose(axes.patches[0].get_width(), 0.8 / 2 * 0.94)
    assert axes.get_ylabel() == "claims, %"
    plt.close(figure)
