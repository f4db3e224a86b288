"""Tests of tools.readme_pictures."""

from __future__ import annotations

import re

import numpy as np
import torch

from cmlearn.apps.text_to_image import TextToImage
from cmlearn.data.images import load_image
from cmlearn.data.storybook import explain_request
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.models.flow import Flow, FlowConfig
from cmlearn.text.vocabulary import Vocabulary
from tools.readme_pictures import (
    SENTENCES,
    TYPED,
    sheet_scenes,
    write_ask_picture,
    write_pictures,
    write_typed_picture,
)

MAX_BYTES = 300_000


class Drawing:
    def draw(self, sentence, count, rng):
        return torch.randint(256, (count, 64, 64, 3), generator=rng, dtype=torch.uint8).numpy()


class Describer:
    def describe(self, pictures):
        return [f"a caption of {picture.sum()}" for picture in pictures]


MODELS = (Drawing(), Describer())


def test_pictures_are_written_small(tmp_path):
    write_pictures(tmp_path, *MODELS)
    for name in ("readme.png", "storybook.png"):
        picture = tmp_path / "docs" / "pictures" / name
        assert picture.stat().st_size < MAX_BYTES
        assert load_image(picture).shape[1] > 700


def test_the_first_picture_has_alternative_text(tmp_path):
    ((alt, picture),) = re.findall(r"!\[([^\]]+)\]\((\S+)\)", write_pictures(tmp_path, *MODELS))
    assert picture == "docs/pictures/readme.png"
    assert all(sentence in alt for sentence in SENTENCES)


def test_a_second_drawing_has_the_same_bytes(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    assert write_pictures(first, *MODELS) == write_pictures(second, *MODELS)
    for name in ("readme.png", "storybook.png"):
        paths = [folder / "docs" / "pictures" / name for folder in (first, second)]
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_sheet_shows_the_whole_world():
    scenes = sheet_scenes()
    assert len(scenes) == 64
    assert len({thing.kind for scene in scenes for thing in scene.things}) == 9
    assert len({(scene.sky, scene.ground) for scene in scenes}) == 12


def test_questions_are_asked_about_a_drawing(tmp_path):
    boat = Thing("boat", "red", "small", 1)
    scene = Scene("day", "sea", (boat, Thing("kite", "green", "big", 1)))

    class Drawing:
        def draw(self, sentence, count, rng):
            return np.stack([render(scene)] * count)

    path = write_ask_picture(tmp_path, Drawing())
    assert path == tmp_path / "docs" / "pictures" / "ask.png"
    assert load_image(path).shape[1] > 500 and path.stat().st_size < MAX_BYTES


def test_typed_sentences_are_drawn_and_wrong_pictures_are_marked(tmp_path):
    words = Vocabulary.from_captions(TYPED)
    model = Flow(FlowConfig(len(words), image_size=64, dim=8, num_blocks=1, num_heads=1)).eval()
    markdown = write_typed_picture(tmp_path, TextToImage(model, words))  # draws grey
    assert all(f"“{sentence}” (not right)" in markdown for sentence in TYPED)
    assert "0 of 12" in markdown
    assert load_image(tmp_path / "docs" / "pictures" / "typed.png").shape[1] > 500


def test_every_typed_sentence_can_be_drawn():
    assert [explain_request(sentence) for sentence in TYPED] == [None] * len(TYPED)
