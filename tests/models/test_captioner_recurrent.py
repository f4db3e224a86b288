"""Tests of cmlearn.models.captioner."""

import pytest
import torch

from cmlearn.models.captioner import (
    BOS,
    EOS,
    NETWORKS,
    PAD,
    Captioner,
    CaptionerConfig,
    caption_loss,
)
from cmlearn.models.decoding import beam_search, greedy_search
from cmlearn.training.checkpoint import load_checkpoint, save_checkpoint
from cmlearn.training.loop import fit

SIZES = {"vocab_size": 11, "channels": 5, "num_cells": 6, "cell_dim": 9, "embed_dim": 7}
TOKENS = torch.tensor([[BOS, 4, 5, 6, EOS], [BOS, 7, EOS, PAD, PAD], [BOS, 8, 9, EOS, PAD]])


def new_model(recurrent: str, num_attention_layers: int = 0) -> Captioner:
    torch.manual_seed(0)
    sizes = SIZES | {"hidden_dim": 32, "num_attention_layers": num_attention_layers}
    config = CaptionerConfig(**sizes, recurrent=recurrent)
    return Captioner(config).eval()


@pytest.fixture(params=list(NETWORKS))
def model(request) -> Captioner:
    return new_model(request.param)


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(3, 5, 2, 3, generator=torch.Generator().manual_seed(1))


def test_shapes(model, features):
    assert model(features, TOKENS[:, :-1]).shape == (3, 4, 11)
    state = model.initial_state(model.encode(features))
    assert [part.shape for part in state] == [(1, 3, 32)] * model.num_states


def test_read_at_once_or_word_by_word(model, features):
    cells = model.encode(features)
    state, one_by_one = model.initial_state(cells), []
    for word in TOKENS.unbind(1):
        logits, state = model.step(cells, word.unsqueeze(1), state)
        one_by_one.append(logits)
    torch.testing.assert_close(torch.cat(one_by_one, dim=1), model(features, TOKENS))


def test_every_weight_gets_a_gradient(model, features):
    model(features, TOKENS).square().sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name


def test_one_batch_is_learnt_by_heart_and_written_back(model, features):
    batch = {"features": features, "tokens": TOKENS}
    fit(model, caption_loss, [batch] * 150, steps=150, learning_rate=0.02, progress=False)
    assert torch.equal(greedy_search(model, features), TOKENS[:, 1:])
    assert beam_search(model, features[:1], beam_size=3)[0][0] == [4, 5, 6, EOS]


def test_a_beam_of_one_is_greedy(model, features):
    for i in range(3):
        words = greedy_search(model, features[i : i + 1], max_length=12)[0].tolist()
        assert beam_search(model, features[i : i + 1], beam_size=1, max_length=12)[0][0] == words


def test_it_is_kept_and_loaded(model, features, tmp_path):
    kept = {"recipe": {}, "seed": 0, "scores": {}}
    save_checkpoint(tmp_path / "m", model, model.config, **kept)
    loaded, _ = load_checkpoint(tmp_path / "m", Captioner, CaptionerConfig)
    assert torch.equal(loaded(features, TOKENS), model(features, TOKENS))


def test_a_network_that_is_not_known():
    with pytest.raises(ValueError, match="'mamba' is none of rnn, gru, lstm"):
        CaptionerConfig(11, recurrent="mamba")
