"""The recipe of the VAE that reads a frozen BERT, on a slice of the data and for two steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook import load_storybook
from cmlearn.models.bert import Bert, BertConfig
from cmlearn.models.minilm import FrozenBert
from cmlearn.recipes import vae, vae_bert
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.wordpiece import WordPiece

PLAN = replace(vae.NOTEBOOK, steps=2, prior_steps=2)


def first_hundred(split: str) -> CaptionedPictures:
    whole, rows = load_storybook(split), slice(0, 100)
    return CaptionedPictures(
        whole.name, whole.images[rows], whole.captions[rows], whole.image_ids[rows],
        whole.scenes[rows] if whole.scenes else None,
    )  # fmt: skip


def small_bert() -> FrozenBert:
    told = [text for five in load_storybook("train").captions[:100] for text in five]
    words = Vocabulary.from_captions(told).tokens[4:]
    tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", ",", *words])
    torch.manual_seed(0)
    sizes = BertConfig(len(tokenizer), embed_dim=8, num_layers=1, num_heads=2, hidden_dim=8)
    return FrozenBert(tokenizer, Bert(sizes).eval().requires_grad_(False))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for module in (vae, vae_bert):
        monkeypatch.setattr(module, "load_storybook", first_hundred)
    monkeypatch.setattr(vae_bert, "load_minilm", small_bert)


def test_the_scores_are_those_of_the_other_vae_and_repeat_with_the_seed(monkeypatch):
    monkeypatch.setattr(vae_bert, "NOTEBOOK", PLAN)
    scores = vae_bert.notebook_scores(3)
    assert set(scores) == {
        "true_test", "true_test_one_thing", "true_novel", "true_novel_one_thing"
    }  # fmt: skip
    assert all(0 <= score <= 1 for score in scores.values())
    first, second = (vae_bert.fitted(PLAN, 3)[0].state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_only_the_linear_layer_and_the_artist_learn():
    model, bert = vae_bert.fitted(PLAN, 0)
    before = small_bert().model.state_dict()
    after = bert.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert model.text.standardise.num_batches_tracked == PLAN.steps


def test_each_picture_comes_with_any_of_its_captions():
    model, bert = vae_bert.fitted(replace(PLAN, captions=5), 0)
    drawn = model.sample(bert.encode_batch(["a red house"]), torch.Generator().manual_seed(0))
    assert drawn.shape == (1, 3, 32, 32)
