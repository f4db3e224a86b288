"""Tests of cmlearn.viz.text."""

import numpy as np

from cmlearn.viz import text


def test_word_counts_draws_the_most_frequent_first() -> None:
    figure = text.word_counts({"b": 2, "a": 5, "c": 2, "d": 1}, "counts", top=3)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    assert [bar.get_height() for bar in axes.patches] == [5, 2, 2]


def test_rank_and_count_falls() -> None:
    figure = text.rank_and_count({"ours": {"a": 1, "b": 9}, "theirs": {"c": 3}}, "ranks")
    lines = figure.axes[0].lines
    assert [list(line.get_ydata()) for line in lines] == [[9, 1], [3]]


def test_padded_batch_writes_every_token() -> None:
    rows = [["<bos>", "a", "house", "<eos>"], ["<bos>", "a", "<eos>", "<pad>"]]
    axes = text.padded_batch(rows, "a batch").axes[0]
    assert [t.get_text() for t in axes.texts] == rows[0] + rows[1]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()


def test_padded_batch_colours_what_is_not_known() -> None:
    axes = text.padded_batch([["red", "House,", "<unk>", "<pad>"]], "a row", known={"red"}).axes[0]
    red, house, unknown, padding = (patch.get_facecolor() for patch in axes.patches)
    assert house == unknown
    assert len({red, unknown, padding}) == 3


def test_context_windows_has_a_row_for_each_word() -> None:
    axes = text.context_windows(["a", "red", "house"], 1, "windows").axes[0]
    assert len(axes.texts) == 9
    colours = [patch.get_facecolor() for patch in axes.patches[:3]]
    assert len(set(colours)) == 3  # centre, near, far


def test_similarity_maps_share_one_scale() -> None:
    maps = {"before": np.zeros((3, 3)), "after": np.eye(3)}
    figure = text.similarity_maps(maps, ["a", "b", "c"], "maps")
    limits = {ax.images[0].get_clim() for ax in figure.axes[:2]}
    assert limits == {(-1, 1)}


def test_word_map_names_every_word() -> None:
    points = np.arange(6.0).reshape(3, 2)
    axes = text.word_map(points, ["red", "house", "of"], {"colours": ["red"]}, "map").axes[0]
    assert {t.get_text() for t in axes.texts} == {"red", "house", "of"}


def test_no_label_lies_over_another() -> None:
    words = ["red", "purple", "house", "automobile"] * 4
    points = np.zeros((16, 2))
    offsets = text.label_offsets(points, words)
    boxes = [(x, y, x + text.CHARACTER * len(word)) for (x, y), word in zip(offsets, words)]
    for i, (left, middle, right) in enumerate(boxes):
        for start, other, end in boxes[:i]:
            assert abs(middle - other) >= text.LINE or right < start or left > end


def test_captions_are_numbered() -> None:
    words = ["a red house left of a blue tree", "a blue tree"]
    axes = text.similarity_maps({"mean": np.eye(2)}, words, "map").axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]
    assert axes.get_yticklabels()[1].get_text() == "2  a blue tree"
