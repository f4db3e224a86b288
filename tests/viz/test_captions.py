"""Tests of cmlearn.viz.captions."""

import numpy as np
from matplotlib import pyplot as plt

from cmlearn.viz.attention import word_attention
from cmlearn.viz.captions import (
    LETTERS,
    captioned_pictures,
    next_words,
    ngram_rows,
    token_rows,
    word_links,
)

PICTURE = np.zeros((8, 8, 3), np.uint8)
MARKED = [("a", True), ("green", False), ("house", True)]


def texts(axes) -> dict[str, object]:
    return {text.get_text(): text for text in axes.texts}


def test_false_words_are_marked():
    figure = captioned_pictures([PICTURE, PICTURE], [MARKED, []], "Title", above=["one", "two"])
    first, second = figure.axes
    words = texts(first)
    assert list(words) == ["a", "green", "house"]
    assert words["green"].get_color() != words["house"].get_color() == words["a"].get_color()
    assert words["green"].get_weight() == "bold"  # not by colour alone
    assert list(texts(second)) == ["(empty)"]
    assert (first.get_title(), second.get_title()) == ("one", "two")


def test_a_long_caption_is_broken_into_lines_that_fit():
    figure = captioned_pictures([PICTURE], [[("word", True)] * 20], "Title")
    heights = [text.xyann[1] for text in figure.axes[0].texts]
    places = [text.xyann[0] for text in figure.axes[0].texts]
    assert len(set(heights)) == -(-20 // (LETTERS // 5))
    assert max(places) < figure.axes[0].get_position().width * figure.get_figwidth() * 72


def test_what_differs_from_the_wanted_row_is_red():
    rows = {"reads": ["<bos>", "a"], "wanted": ["a", "house"], "says": ["a", "home"]}
    figure = token_rows(rows, "Title", wanted="wanted")
    colours = [text.get_color() for text in figure.axes[0].texts]
    assert colours[:5] == [colours[0]] * 5
    assert colours[5] != colours[0]


def test_each_candidate_has_its_probability():
    candidates = [[("a", 0.9), ("the", 0.1)], [("house", 0.6), ("home", 0.4)]]
    figure = next_words(["a", "home"], candidates, "Title")
    assert list(texts(figure.axes[0])) == ["a\n90 %", "the\n10 %", "house\n60 %", "home\n40 %"]
    assert len([patch for patch in figure.axes[0].patches if not patch.get_fill()]) == 2


def test_each_word_has_a_map_that_is_clear_where_it_attends():
    weights = np.full((3, 2, 2), 0.2)
    weights[:, 1, 0] = 0.4
    words = ["red", "house", "left"]
    figure = word_attention(PICTURE, words, {"first": weights, "second": weights[::-1]}, "Title")
    axes = np.array(figure.axes).reshape(2, 4)
    assert [ax.get_title() for ax in axes[0]] == ["", *words]
    assert [ax.get_ylabel() for ax in axes[:, 1]] == ["first", "second"]
    for ax in axes[:, 1:].flat:
        veil = ax.images[1].get_array()[..., 3]
        assert veil[1, 0] == 0 and (np.delete(veil, 2) > 0.3).all()
        assert ax.patches[0].get_xy() == (-0.5, 3.5)
        assert ax.get_xlabel() == "40 %"


def test_boxes_stand_where_they_are_given():
    weights = np.full((2, 2, 2), 0.25)
    boxes = [None, (16, 8, 48, 24)]  # of a picture of 8 pixels: 2, 1, 6 and 3
    figure = word_attention(PICTURE, ["a", "ball"], {"look": weights}, "Title", boxes=boxes)
    without, framed = figure.axes[1:]
    assert len(without.patches) == 1 and len(framed.patches) == 2
    frame = framed.patches[1]
    assert frame.get_xy() == (1.5, 0.5) and (frame.get_width(), frame.get_height()) == (4, 2)


def texts_in_order(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_ngrams_lie_below_the_words_that_they_cover() -> None:
    figure = ngram_rows(["a", "house"], [[True, False], [False]], "title")
    (axes,) = figure.axes
    assert texts_in_order(axes) == ["a", "house"]
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
