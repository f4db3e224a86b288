"""The screenshot of the page, as it lies in the repository."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.data.images import load_image
from cmlearn.data.storybook import explain_request
from tools import walk_picture
from tools.walk_picture import SENTENCE, write_walk_picture

MAX_BYTES = 200_000


def test_the_screenshot_is_small_and_shows_a_red_house(root):
    path = root / "docs" / "pictures" / "walk.png"
    assert path.stat().st_size < MAX_BYTES
    picture = load_image(path).astype(int)
    assert picture.shape[1] > 900
    r, g, b = np.moveaxis(picture[:, 300:], 2, 0)  # right of the panel
    assert ((r > 100) & (r > 2 * np.maximum(g, b))).mean() > 0.01


def test_its_sentence_can_be_drawn():
    assert explain_request(SENTENCE) is None


def test_without_chromium_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.browser.CHROMIUM", None)
    with pytest.raises(FileNotFoundError, match="apt install chromium-driver"):
        write_walk_picture(tmp_path)


def test_a_page_that_never_opens_is_an_error(monkeypatch):
    monkeypatch.setattr(walk_picture, "PATIENCE", 0)
    with pytest.raises(TimeoutError, match="did not open"):
        walk_picture._wait_for(lambda: False)
