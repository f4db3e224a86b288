"""Tests of cmlearn.models.recall_task."""

import pytest
import torch

from cmlearn.models.recall_task import DISTRACTIONS, SYMBOLS, recall_batches, recall_sequences


def test_the_first_symbol_is_to_be_told_and_comes_only_once():
    batch = recall_sequences(40, 6, torch.Generator().manual_seed(0))
    symbols, first = batch["symbols"], batch["first"]
    assert symbols.shape == (40, 7) and first.shape == (40,)
    assert torch.equal(symbols[:, 0], first)
    assert set(first.tolist()) == set(range(SYMBOLS))
    assert set(symbols[:, 1:].flatten().tolist()) == set(range(SYMBOLS, SYMBOLS + DISTRACTIONS))


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
