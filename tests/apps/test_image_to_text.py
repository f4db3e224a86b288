"""Tests of cmlearn.apps.image_to_text."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cmlearn.apps.image_to_text import CAPTIONER, ENCODER, ImageToText
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.evaluation.claim_accuracy import score_captions
from cmlearn.models.captioner import Captioner, CaptionerConfig
from cmlearn.models.two_stream_encoder import TwoStreamConfig, TwoStreamEncoder
from cmlearn.training.checkpoint import CheckpointError, save_checkpoint

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)
CONFIG = TwoStreamConfig((0, 1), (2,), width=4, colour_dim=8)


def save(folder, words, size=None):
    torch.manual_seed(0)
    config = CaptionerConfig(size or len(words), channels=24, cell_dim=3, embed_dim=7, hidden_dim=8)
    about = {"recipe": {"steps": 0}, "seed": 0, "scores": {}}
    save_checkpoint(folder / ENCODER, TwoStreamEncoder(CONFIG), CONFIG, vocabulary=None, **about)
    captioner = Captioner(config)
    save_checkpoint(folder / CAPTIONER, captioner, config, vocabulary=words.tokens, **about)


@pytest.fixture
def tiny(tmp_path, words) -> ImageToText:
    save(tmp_path, words)
    return ImageToText.load(tmp_path)


def test_each_picture_gets_its_caption(tiny):
    captions = tiny.describe(PICTURES)
    assert len(captions) == 5 and all(isinstance(caption, str) for caption in captions)
    assert tiny.describe(PICTURES[3:]) == captions[3:]


def test_batches_are_put_together(tiny, monkeypatch):
    captions = tiny.describe(PICTURES)
    monkeypatch.setattr("cmlearn.apps.image_to_text.BATCH_SIZE", 2)
    assert tiny.describe(PICTURES) == captions


@pytest.mark.parametrize("wrong", [PICTURES[0], PICTURES[..., :2], PICTURES / 255, PICTURES[:, 1:]])
def test_other_arrays_are_refused(tiny, wrong):
    with pytest.raises(ValueError, match=r"\(N, H, H, 3\) uint8 RGB expected"):
        tiny.describe(wrong)


def test_a_vocabulary_that_does_not_fit_is_refused(tmp_path, words):
    save(tmp_path, words, size=len(words) + 1)
    with pytest.raises(CheckpointError, match="vocabulary"):
        ImageToText.load(tmp_path)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=ENCODER):
        ImageToText.load(tmp_path)


def test_the_shipped_one_says_what_is_true():
    test, few = load_storybook("test"), 40
    captions = ImageToText.load().describe(test.images[:few])
    assert score_captions(captions, test.known_scenes[:few])["all_true"] > 0.9
