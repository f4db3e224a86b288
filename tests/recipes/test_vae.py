"""The recipes of the text-to-image VAE with a frozen BERT, for two steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.models.bert import Bert, BertConfig
from cmlearn.pretrained.minilm import FrozenBert
from cmlearn.recipes import vae
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.wordpiece import WordPiece

SHORT = replace(vae.NOTEBOOK, steps=2, prior_steps=2)


def small_bert() -> FrozenBert:
    texts = [text for five in load_storybook("train").captions[:100] for text in five]
    words = Vocabulary.from_captions(texts).tokens[4:]
    tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", ",", *words])
    torch.manual_seed(0)
    sizes = BertConfig(len(tokenizer), embed_dim=8, num_layers=1, num_heads=2, hidden_dim=8)
    return FrozenBert(tokenizer, Bert(sizes).eval().requires_grad_(False))


@pytest.fixture(autouse=True)
def no_real_bert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae, "load_minilm", small_bert)
    monkeypatch.setattr(vae, "NOTEBOOK", SHORT)


def test_both_text_encoders_get_the_same_scores_which_repeat_with_the_seed() -> None:
    scores = vae.bert_scores(3)
    assert scores.keys() == vae.notebook_scores(3).keys()
    assert all(0 <= score <= 1 for score in scores.values())
    first, second = (vae.train_model_on_bert(SHORT, 3)[0].state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_bert_stays_as_it_is_and_the_vae_learns() -> None:
    model, bert = vae.train_model_on_bert(SHORT, 0)
    before = small_bert().model.state_dict()
    after = bert.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert model.text.standardise.num_batches_tracked == SHORT.steps


def test_each_picture_comes_with_any_of_its_captions() -> None:
    model, bert = vae.train_model_on_bert(replace(SHORT, captions=5), 0)
    drawn = model.sample(bert.encode_batch(["a red house"]), torch.Generator().manual_seed(0))
    assert drawn.shape == (1, 3, 32, 32)
