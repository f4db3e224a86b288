"""Tests of tools.samples."""

from __future__ import annotations

import numpy as np

from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing
from tools.samples import UNREADABLE, draw_samples, share_true, worst, write_samples

SCENE = Scene("day", "grass", (Thing("house", "red", "big", 0), Thing("kite", "blue", "small", 2)))
HALF = "a red house and a green kite"


class Renderer:
    """Draws `SCENE` from each caption, but noise where it reads "star"."""

    def draw(self, sentence, count, rng):
        noise = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)
        return noise if "star" in sentence else np.stack([render(SCENE)] * count)


def test_a_sample_is_held_to_its_caption():
    captions = ["a red house and a blue kite", "a red house on the grass", HALF, "a yellow star"]
    both, _, half, star = samples = draw_samples(Renderer(), captions)
    assert [sample.right for sample in samples[::2]] == [True, False]
    assert (both.remark, half.remark, star.remark) == ("", "", UNREADABLE)
    assert [word for word, true in half.marked if not true] == ["green"]
    assert not any(true for _, true in star.marked)
    assert worst(samples, 2) == [star, half]


def test_only_relevant_claims_count():
    assert share_true(HALF, SCENE) == 3 / 4  # two things and two colours, of which one is wrong
    assert share_true(HALF, None) == 0


def test_the_page_shows_pictures_and_says_what_they_show(tmp_path):
    write_samples(tmp_path, Renderer())
    page = (tmp_path / "docs" / "samples.md").read_text("utf-8")
    for name in ("flow_first", "flow_worst"):
        assert (tmp_path / "docs" / "pictures" / f"{name}.png").exists()
        assert f"(pictures/{name}.png)" in page
    assert "![16 pictures with their captions: " in page and "(not all true)" in page
