"""Figures of captions."""

import numpy as np
from matplotlib import pyplot as plt

from cmlearn.viz.attention import word_attention
from cmlearn.viz.captions import LETTERS, captioned_pictures, next_words, token_rows

PICTURE = np.zeros((8, 8, 3), np.uint8)
MARKED = [("a", True), ("green", False), ("house", True)]


def texts(axes) -> dict[str, object]:
    return {text.get_text(): text for text in axes.texts}


def test_false_words_look_other_than_true_ones():
    figure = captioned_pictures([PICTURE, PICTURE], [MARKED, []], "Title", above=["one", "two"])
    first, second = figure.axes
    words = texts(first)
    assert list(words) == ["a", "green", "house"]
    assert words["green"].get_color() != words["house"].get_color() == words["a"].get_color()
    assert words["green"].get_weight() == "bold"  # not by colour alone
    assert list(texts(second)) == ["(empty)"]
    assert (first.get_title(), second.get_title()) == ("one", "two")
    plt.close(figure)


def test_a_long_caption_is_broken_into_lines_that_fit():
    figure = captioned_pictures([PICTURE], [[("word", True)] * 20], "Title")
    heights = [text.xyann[1] for text in figure.axes[0].texts]
    places = [text.xyann[0] for text in figure.axes[0].texts]
    assert len(set(heights)) == -(-20 // (LETTERS // 5))
    assert max(places) < figure.axes[0].get_position().width * figure.get_figwidth() * 72
    plt.close(figure)


def test_what_differs_from_the_wanted_row_is_red():
    rows = {"reads": ["<bos>", "a"], "wanted": ["a", "house"], "says": ["a", "home"]}
    figure = token_rows(rows, "Title", wanted="wanted")
    colours = [text.get_color() for text in figure.axes[0].texts]
    assert colours[:5] == [colours[0]] * 5
    assert colours[5] != colours[0]
    plt.close(figure)


def test_each_candidate_has_its_probability():
    candidates = [[("a", 0.9), ("the", 0.1)], [("house", 0.6), ("home", 0.4)]]
    figure = next_words(["a", "home"], candidates, "Title")
    assert list(texts(figure.axes[0])) == ["a\n90 %", "the\n10 %", "house\n60 %", "home\n40 %"]
    assert len([patch for patch in figure.axes[0].patches if not patch.get_fill()]) == 2
    plt.close(figure)


def test_each_word_has_a_map_that_is_clear_where_it_looks():
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
    plt.close(figure)


def test_boxes_stand_where_they_are_given():
    weights = np.full((2, 2, 2), 0.25)
    boxes = [None, (16, 8, 48, 24)]  # of a picture of 8 pixels: 2, 1, 6 and 3
    figure = word_attention(PICTURE, ["a", "ball"], {"look": weights}, "Title", boxes=boxes)
    without, framed = figure.axes[1:]
    assert len(without.patches) == 1 and len(framed.patches) == 2
    frame = framed.patches[1]
    assert frame.get_xy() == (1.5, 0.5) and (frame.get_width(), frame.get_height()) == (4, 2)
    plt.close(figure)
