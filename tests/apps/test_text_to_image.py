"""`python -m cmlearn draw-picture`, with a flow of random weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from cmlearn.__main__ import app
from cmlearn.apps import text_to_image
from cmlearn.apps.text_to_image import TextToImage, shows_all
from cmlearn.data.storybook import load_typed
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.models.flow import Flow, FlowConfig
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import CheckpointError, save_checkpoint

WORDS = Vocabulary.from_captions(["two red houses and a tree in the snow at night", "one ball"])
CONFIG = FlowConfig(len(WORDS), image_size=64, dim=8, num_blocks=1, num_heads=1)


@pytest.fixture
def checkpoint(tmp_path, monkeypatch) -> Path:
    """Put an untrained flow in place of the shipped one."""
    torch.manual_seed(0)
    model = Flow(CONFIG)
    for weight in model.parameters():  # a new flow has zeros where captions would come in
        torch.nn.init.normal_(weight, std=0.3)
    path = tmp_path / "checkpoints" / text_to_image.CHECKPOINT
    path.parent.mkdir()
    save_checkpoint(path, model, CONFIG, vocabulary=WORDS.to_list(), recipe={}, seed=0, scores={})
    monkeypatch.setattr(text_to_image, "checkpoint_folder", lambda: path.parent)
    return path


def draw_picture(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["draw-picture", *map(str, arguments)], catch_exceptions=False)


def test_pictures_follow_the_sentence_and_the_seed(checkpoint):
    model = TextToImage.load()
    rng = torch.Generator
    first = model.draw("two red houses", 3, rng().manual_seed(0))
    assert first.shape == (3, 64, 64, 3) and first.dtype == np.uint8
    assert np.array_equal(first, model.draw("Two red houses!", 3, rng().manual_seed(0)))
    assert not np.array_equal(first, model.draw("two red houses", 3, rng().manual_seed(1)))
    assert not np.array_equal(first, model.draw("a tree at night", 3, rng().manual_seed(0)))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Please draw 2 red houses", "two red houses"),
        ("HOUSES, SNOW, NIGHT.", "houses snow night"),
        ("tree, night", "a tree at night"),
        ("1 ball", "a ball"),
    ],
)
def test_the_model_reads_the_words_that_it_knows(checkpoint, typed, said):
    model = TextToImage.load()
    assert model.encode(typed).tolist() == WORDS.encode_batch([said]).tolist()


def test_every_typed_caption_can_be_encoded(checkpoint):
    model = TextToImage.load()
    for typed in load_typed():
        assert model.encode(typed.caption).ndim == 2


@pytest.mark.parametrize(
    ("sentence", "named"), [("a cat", "cat"), ("no house", "negations"), ("", "empty")]
)
def test_what_cannot_be_drawn_is_explained(checkpoint, sentence, named):
    with pytest.raises(ValueError, match=named):
        TextToImage.load().draw(sentence, 1, torch.Generator())


@pytest.mark.parametrize("count", [0, 65])
def test_the_number_of_pictures_is_bounded(checkpoint, count):
    with pytest.raises(ValueError, match="count"):
        TextToImage.load().draw("a tree", count, torch.Generator())


def test_a_vocabulary_of_another_model_is_refused(checkpoint):
    text = checkpoint.with_suffix(".json").read_text("utf-8").replace('"tree",', "")
    checkpoint.with_suffix(".json").write_text(text, "utf-8")
    with pytest.raises(CheckpointError):
        TextToImage.load()


def test_strictly_right_pictures_differ_from_others():
    house, other = Thing("house", "red", "big", 0), Thing("house", "red", "big", 2)
    one = render(Scene("night", "snow", (house,)))
    two = render(Scene("night", "snow", (house, other)))
    noise = np.random.default_rng(0).integers(0, 256, one.shape, np.uint8)
    pictures = np.stack([one, two, noise])
    assert shows_all("red house", pictures) == [True, False, False]
    assert shows_all("2 red houses", pictures) == [False, True, False]


def test_the_command_writes_a_sheet_and_replaces_no_file(checkpoint, tmp_path):
    out = tmp_path / "new" / "houses.png"
    done = draw_picture("two red houses", "--count", 5, "--out", out)
    assert done.exit_code == 0 and "of 5 show all" in done.output
    assert cv2.imread(str(out)).shape == (2 * 192 + 8, 4 * 192 + 3 * 8, 3)
    before = out.read_bytes()
    again = draw_picture("a tree", "--out", out)
    assert again.exit_code == 1 and "--force" in again.output
    assert out.read_bytes() == before
    assert draw_picture("a tree", "--out", out, "--force").exit_code == 0
    assert out.read_bytes() != before


def test_the_command_explains_in_one_line(checkpoint, tmp_path):
    done = draw_picture("a hause", "--out", tmp_path / "a.png")
    assert done.exit_code == 1 and 'did you mean "house"?' in done.output
    assert done.output.count("\n") == 1 and not (tmp_path / "a.png").exists()
