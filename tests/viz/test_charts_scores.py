"""Tests of cmlearn.viz.charts."""

from collections.abc import Iterator

import pytest
from matplotlib import pyplot as plt

from cmlearn.viz.captions import ngram_rows, word_links
from cmlearn.viz.charts import score_panels


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


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


def test_ngrams_lie_below_the_words_that_they_cover() -> None:
    figure = ngram_rows(["a", "house"], [[True, False], [False]], "title")
    (axes,) = figure.axes
    assert texts(axes) == ["a", "house"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "n = 1: 1 of 2",
        "n = 2: 0 of 1",
    ]
    first, second, pair = axes.lines
    assert first.get_color() != second.get_color() == pair.get_color()
    assert pair.get_xdata()[0] == first.get_xdata()[0]
    assert pair.get_xdata()[1] == second.get_xdata()[1]
    assert first.get_ydata()[0] == second.get_ydata()[0] > pair.get_ydata()[0]


def test_ngrams_that_overlap_lie_below_one_another() -> None:
    figure = ngram_rows(["a", "b", "c"], [[True] * 3, [True] * 2], "title")
    one, other = figure.axes[0].lines[3:]
    assert one.get_ydata()[0] != other.get_ydata()[0]


def test_pairs_are_lines_from_word_to_word() -> None:
    links = {"one way": [(0, 0), (1, 2)], "another": [(1, 2)]}
    figure = word_links(["a", "tree"], ["a", "big", "tree"], links, "title")
    assert [axes.get_title("left") for axes in figure.axes] == ["one way", "another"]
    assert [len(axes.lines) for axes in figure.axes] == [2, 1]
    words = {text.get_text(): text.get_position()[0] for text in figure.axes[0].texts[2:]}
    assert figure.axes[0].lines[1].get_xdata()[1] == words["tree"]
