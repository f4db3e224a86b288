"""Tests of cmlearn.models.look_maps."""

import pytest
import torch

from cmlearn.models.captioner import BOS, CaptionerConfig, LSTMCaptioner, greedy
from cmlearn.models.look_maps import look_maps
from cmlearn.models.recurrent_captioner import RecurrentCaptioner, RecurrentConfig

SIZES = {"vocab_size": 11, "channels": 5, "cells": 6, "cell_dim": 9, "embed_dim": 7}
FEATURES = torch.randn(3, 5, 2, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def model() -> LSTMCaptioner:
    torch.manual_seed(0)
    return LSTMCaptioner(CaptionerConfig(**SIZES, hidden_dim=32)).eval()


def test_a_map_for_each_look_and_word(model):
    written = greedy(model, FEATURES, max_length=7)
    maps = look_maps(model, FEATURES, written)
    assert maps.shape == (3, 2, written.shape[1], 6)
    torch.testing.assert_close(maps.sum(dim=3), torch.ones(maps.shape[:3]))
    assert not maps.requires_grad


def test_they_are_what_the_looks_did_while_it_wrote(model):
    written = greedy(model, FEATURES, max_length=4)
    cells = model.see(FEATURES)
    read = torch.cat([torch.full((3, 1), BOS), written[:, :-1]], dim=1)
    states, _ = model.lstm(model.embedding(read), model.first_state(cells))
    maps = look_maps(model, FEATURES, written)
    torch.testing.assert_close(maps[:, 0], model.looks[0].weights(states, cells))
    states = model.looks[0](states, cells)
    torch.testing.assert_close(maps[:, 1], model.looks[1].weights(states, cells))


def test_nothing_stays_hooked(model):
    look_maps(model, FEATURES, torch.zeros(3, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="features"):
        look_maps(model, FEATURES[:, :4], torch.zeros(3, 2, dtype=torch.int64))
    assert all(not look._forward_pre_hooks for look in model.looks)


def test_who_never_looks_has_no_maps():
    model = RecurrentCaptioner(RecurrentConfig(**SIZES))
    with pytest.raises(ValueError, match="without looks"):
        look_maps(model, FEATURES, torch.zeros(3, 2, dtype=torch.int64))
