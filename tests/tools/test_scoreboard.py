"""Tests of tools.scoreboard."""

import json

import pytest
import torch

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.models.captioner import Captioner, CaptionerConfig
from cmlearn.models.text_encoders import TextEncoderConfig
from cmlearn.models.vae import TextToImageVAE, VAEConfig
from cmlearn.text.vocabulary import Vocabulary
from tools import scoreboard
from tools.folders import ROOT
from tools.scoreboard import (
    EXAMPLES,
    SCOREBOARD_FILE,
    Entry,
    markdown,
    score_image_to_text,
    score_text_to_image,
)

VOCABULARY = Vocabulary.from_captions(["a red house and a blue star at night"])


@pytest.fixture(scope="module")
def splits():
    return {split: load_storybook(split) for split in EXAMPLES}


def test_the_examples_are_images_with_their_captions(splits):
    captions, images = scoreboard.example_captions(splits), scoreboard.example_images(splits)
    assert len(captions) == len(images) == 8
    assert captions[-1] == splits["novel"].captions[EXAMPLES["novel"][-1]][0]
    assert (images[-1] == splits["novel"].images[EXAMPLES["novel"][-1]]).all()


def test_an_untrained_generator_scores_low(splits, monkeypatch):
    few = {name: _first(data, 8) for name, data in splits.items()}
    monkeypatch.setattr(scoreboard, "NUM_VARIETY_CAPTIONS", 2)
    torch.manual_seed(0)
    model = TextToImageVAE(VAEConfig(TextEncoderConfig(len(VOCABULARY)))).eval()
    row, outputs = score_text_to_image(Entry("none", lambda: (model, VOCABULARY)), few)
    assert (row["test"], row["novel"], row["coverage"]) == (0, 0, 0)
    assert row["seconds"] is not None
    assert len(outputs) == 8 and outputs[0][0].shape == (32, 32, 3)
    assert not any(true for _, true in outputs)


def test_a_captioner_reads_the_features_of_its_own_encoder(splits, monkeypatch):
    asked = []

    def features(split, encoder):
        requested.append((split, encoder))
        return torch.zeros(8, 5, 2, 3)

    monkeypatch.setattr(scoreboard, "grid_features", features)
    few = {name: _first(data, 8) for name, data in splits.items()}
    torch.manual_seed(0)
    model = Captioner(CaptionerConfig(len(VOCABULARY), channels=5, num_cells=6)).eval()
    entry = Entry("none", lambda: (model, VOCABULARY), shipped=True, encoder="two_stream_encoder")
    row, outputs = score_image_to_text(entry, few)
    assert requested == [("test", "two_stream_encoder"), ("novel", "two_stream_encoder")]
    assert row["seconds"] is None and len(outputs) == 8


def test_the_board_in_the_readme_is_what_was_measured():
    scores = json.loads(SCOREBOARD_FILE.read_text("utf-8"))
    assert list(scores["text to image"]) == [entry.name for entry in scoreboard.TEXT_TO_IMAGE]
    assert list(scores["image to text"]) == [entry.name for entry in scoreboard.IMAGE_TO_TEXT]
    assert markdown(scores) in (ROOT / "README.md").read_text("utf-8")
    for name in scoreboard.BOARDS:
        assert (ROOT / scoreboard.PICTURES / f"{name}.png").is_file()


def test_an_unknown_board_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match="no board poets; choose from text_to_image, image_to_text"
    ):
        scoreboard.write_scoreboard(tmp_path, ["poets"])


def _first(data, count):
    return type(data)(
        data.name,
        data.images[:count],
        data.captions[:count],
        data.image_ids[:count],
        data.scenes[:count],
    )
