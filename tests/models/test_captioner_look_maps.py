"""Tests of cmlearn.models.attention_maps."""

import pytest
import torch

from cmlearn.models.captioner import BOS, Captioner, CaptionerConfig, attention_maps
from cmlearn.models.decoding import greedy_search

SIZES = {"vocab_size": 11, "channels": 5, "num_cells": 6, "cell_dim": 9, "embed_dim": 7}
FEATURES = torch.randn(3, 5, 2, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def model() -> Captioner:
    torch.manual_seed(0)
    return Captioner(CaptionerConfig(**SIZES, hidden_dim=32)).eval()


def test_a_map_for_each_look_and_word(model):
    written = greedy_search(model, FEATURES, max_length=7)
    maps = attention_maps(model, FEATURES, written)
    assert maps.shape == (3, 2, written.shape[1], 6)
    torch.testing.assert_close(maps.sum(dim=3), torch.ones(maps.shape[:3]))
    assert not maps.requires_grad


def test_they_are_what_the_looks_did_while_it_wrote(model):
    written = greedy_search(model, FEATURES, max_length=4)
    cells = model.encode(FEATURES)
    read = torch.cat([torch.full((3, 1), BOS), written[:, :-1]], dim=1)
    states, _ = model.rnn(model.embedding(read), model.initial_state(cells))
    maps = attention_maps(model, FEATURES, written)
    torch.testing.assert_close(
        maps[:, 0], model.attention_layers[0].attention_weights(states, cells)
    )
    states = model.attention_layers[0](states, cells)
    torch.testing.assert_close(
        maps[:, 1], model.attention_layers[1].attention_weights(states, cells)
    )


def test_nothing_stays_hooked(model):
    attention_maps(model, FEATURES, torch.zeros(3, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="features"):
        attention_maps(model, FEATURES[:, :4], torch.zeros(3, 2, dtype=torch.int64))
    assert all(not look._forward_pre_hooks for look in model.attention_layers)


def test_a_model_without_attention_layers_has_no_maps():
    model = Captioner(CaptionerConfig(**SIZES | {"num_attention_layers": 0}))
    with pytest.raises(ValueError, match="without attention layers"):
        attention_maps(model, FEATURES, torch.zeros(3, 2, dtype=torch.int64))
