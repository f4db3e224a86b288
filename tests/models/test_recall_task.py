"""Tests of cmlearn.models.recall_task."""

import pytest
import torch
from torch import nn

from cmlearn.models.recall_task import (
    DISTRACTORS,
    SYMBOLS,
    RecallModel,
    recall_batches,
    recall_loss,
    recall_sequences,
)
from cmlearn.training.loop import fit


def test_the_target_is_the_first_symbol_and_comes_only_once():
    batch = recall_sequences(40, 6, torch.Generator().manual_seed(0))
    symbols, first = batch["symbols"], batch["first"]
    assert symbols.shape == (40, 7) and first.shape == (40,)
    assert torch.equal(symbols[:, 0], first)
    assert set(first.tolist()) == set(range(SYMBOLS))
    assert set(symbols[:, 1:].flatten().tolist()) == set(range(SYMBOLS, SYMBOLS + DISTRACTORS))


def test_the_generator_decides():
    one, same, other = (
        next(recall_batches(3, 4, torch.Generator().manual_seed(seed))) for seed in (1, 1, 2)
    )
    assert torch.equal(one["symbols"], same["symbols"])
    assert not torch.equal(one["symbols"], other["symbols"])


def test_each_batch_is_new():
    batches = recall_batches(3, 4, torch.Generator().manual_seed(1))
    assert not torch.equal(next(batches)["symbols"], next(batches)["symbols"])


@pytest.mark.parametrize(("count", "length"), [(0, 4), (3, 0)])
def test_nothing_to_remember(count, length):
    with pytest.raises(ValueError, match="at least 1"):
        recall_sequences(count, length, torch.Generator())


# ── The model ────────────────────────────────────────────────────────────────────────────────────


ALL = SYMBOLS + DISTRACTORS


@pytest.mark.parametrize("network", [nn.RNN, nn.GRU, nn.LSTM])
def test_one_answer_for_each_sequence(network):
    model = RecallModel(network(6, 6, batch_first=True), ALL, 6)
    terms = recall_loss(model, recall_sequences(5, 3, torch.Generator()))
    assert model(torch.zeros(5, 4, dtype=torch.int64)).shape == (5, ALL)
    assert terms["loss"].ndim == 0 and 0 <= terms["accuracy"] <= 1


def test_a_gru_learns_to_keep_a_symbol_for_three_steps():
    torch.manual_seed(0)
    model = RecallModel(nn.GRU(32, 32, batch_first=True), ALL, 32)
    batches = recall_batches(32, 3, torch.Generator().manual_seed(1))
    history = fit(model, recall_loss, batches, steps=120, learning_rate=0.01, progress=False)
    assert history["accuracy"][:10].mean() < 0.4
    assert history["accuracy"][-10:].mean() > 0.95
