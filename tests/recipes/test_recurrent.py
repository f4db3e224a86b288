"""The recipe of notebook 09's captioners, on a slice of the data and for two steps."""

from functools import partial

import pytest

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook import load_storybook
from cmlearn.recipes import captioner, eyes, recurrent
from cmlearn.training.features import precompute_features


def first_forty(split: str) -> CaptionedPictures:
    whole = load_storybook(split)
    rows = slice(0, 40)
    return CaptionedPictures(
        whole.name, whole.images[rows], whole.captions[rows], whole.image_ids[rows],
        whole.scenes[rows] if whole.scenes else None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    apart = partial(precompute_features, folder=tmp_path)
    monkeypatch.setattr(eyes, "precompute_features", apart)
    for module in (captioner, eyes):
        monkeypatch.setattr(module, "load_storybook", first_forty)
    monkeypatch.setattr(captioner, "BATCH_SIZE", 8)
    monkeypatch.setattr(recurrent, "NOTEBOOK_STEPS", 2)


def test_each_memory_gets_its_scores():
    found = recurrent.notebook_scores(seed=3)
    names = [f"{name}_all_true_{split}" for name in ("rnn_0", "gru_0", "lstm_0", "lstm_2")
             for split in ("test", "novel")]  # fmt: skip
    assert list(found) == names
    assert all(0 <= score <= 1 for score in found.values())


def test_what_is_asked_for_is_trained():
    model, vocabulary = recurrent.fitted("gru", 2, 3, num_looks=1)
    assert model.config.recurrent == "gru" and len(model.looks) == 1
    assert model.config.vocab_size == len(vocabulary)
