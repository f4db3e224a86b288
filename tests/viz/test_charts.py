"""Tests of cmlearn.viz.charts."""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt

from cmlearn.viz import charts
from cmlearn.viz.charts import (
    curves,
    grouped_percent_bars,
    learning_curves,
    loss_panels,
    loss_terms,
    percent_bars,
    score_panels,
)


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


def test_ticks_on_a_logarithmic_scale() -> None:
    axes = curves({"a": [1, 1e-6]}, "", "", "", places=[2, 16], log=True).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "16"]


def test_learning_curves_stand_at_their_steps() -> None:
    axes = learning_curves({"train": [40, 60], "val": [35, 50]}, [180, 360], "", "right, %").axes[0]
    assert [list(line.get_xdata()) for line in axes.lines] == [[180, 360]] * 2
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("steps", "right, %")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["180", "360"]


def test_names_of_lines_that_end_together_stand_apart() -> None:
    axes = curves({"a": [1, 5.0], "b": [1, 5.01], "c": [1, 9]}, "", "", "").axes[0]
    offsets = {text.get_text(): text.xyann[1] for text in axes.texts}
    assert offsets["a"] == offsets["c"] == 0
    assert offsets["b"] > 10


def test_a_bar_for_each_member_of_each_group():
    shares = {"one": {"sky": 0.5, "ground": float("nan")}, "two": {"sky": 0.25, "ground": 1.0}}
    figure = grouped_percent_bars(shares, "Compared", "claims, %")
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == [50, 0, 25, 100]
    assert sorted(text.get_text() for text in axes.texts) == ["100", "25", "50"]
    lefts = [bar.get_x() for bar in axes.patches]
    assert lefts[0] < lefts[2] < lefts[1] < lefts[3]
    assert axes.get_ylabel() == "claims, %"


def texts(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_each_score_has_a_panel_with_a_bar_for_each_candidate() -> None:
    scores = {
        "true": {"all true": 1.0, "CIDEr-D": 2.42},
        "reversed": {"all true": 0.36, "CIDEr-D": 2.47},
    }
    figure = score_panels(scores, "title", best={"CIDEr-D": 10})
    truth, cider = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["all true", "CIDEr-D"]
    assert [bar.get_width() for bar in truth.patches] == [1.0, 0.36]
    assert texts(truth) == ["100 %", "36 %"]
    assert texts(cider) == ["2.42", "2.47"]
    assert (truth.get_xlim(), cider.get_xlim()) == ((0, 1), (0, 10))
    assert truth.patches[0].get_facecolor() != cider.patches[0].get_facecolor()
    assert truth.yaxis_inverted()


def test_one_score_alone_with_a_long_axis() -> None:
    (axes,) = score_panels({"a": {"distance": 620.4}}, "title", best={"distance": 900}).axes
    assert texts(axes) == ["620"]


def test_percent_bars_draws_means_seeds_and_chance() -> None:
    axes = percent_bars({"mean": [0.5, 0.5], "gru": 1.0}, "bars", "of answers", 0.5).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [50, 100]
    assert {"50 %", "100 %", " chance level"} <= {t.get_text() for t in axes.texts}


def test_label_columns_show_what_knowing_nothing_gets() -> None:
    shares, base = {"house": 0.9, "sea": 1.0}, {"house": 0.8, "sea": 0.75}
    axes = charts.label_accuracy_bars(shares, base, "words").axes[0]
    assert [bar.get_height() for bar in axes.patches] == [90, 100]
    assert [line.get_ydata()[0] for line in axes.lines] == [80, 75]


def test_share_table_writes_every_share() -> None:
    rows = {"where?": {"pooled": 0.5, "grid": 0.97}, "what?": {"pooled": 0.98, "grid": 0.99}}
    axes = charts.share_table(rows, {"where?": 0.5, "what?": 0.8}, "table").axes[0]
    assert [t.get_text() for t in axes.texts[:3]] == ["50 %", "97 %", "50 %"]
    colours = [patch.get_facecolor() for patch in axes.patches]
    assert sum(colours[0]) > sum(colours[1])  # no better than guessing is the lightest
    assert [t.get_text() for t in axes.get_xticklabels()] == ["pooled", "grid", "chance level"]


def test_each_term_has_its_own_axis() -> None:
    terms = {"beta": np.array([1000.0, 1]), "kl, nats": np.array([0.0, 3])}
    beta, kl = loss_panels(terms, "terms", logarithmic=["beta"]).axes
    assert (beta.get_yscale(), kl.get_yscale()) == ("log", "linear")
    assert kl.get_ylabel() == "kl, nats"
    assert list(kl.lines[0].get_ydata()) == [0, 3]


def test_loss_terms_names_the_terms() -> None:
    axes = loss_terms({"loss": np.ones(4), "positive": np.zeros(4)}, "loss").axes[0]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["loss", "positive"]
