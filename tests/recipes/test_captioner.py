"""The recipes of the captioners of notebooks 05 and 09, for two steps."""

from dataclasses import replace

import pytest

from cmlearn.recipes import captioner

SHORT = replace(captioner.NOTEBOOK_RECURRENT, steps=2, batch_size=8)


def test_each_recurrent_network_gets_its_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captioner, "NOTEBOOK_RECURRENT", SHORT)
    found = captioner.recurrent_scores(seed=3)
    names = [f"{name}_all_true_{split}" for name in ("rnn_0", "gru_0", "lstm_0", "lstm_2")
             for split in ("test", "novel")]  # fmt: skip
    assert list(found) == names
    assert all(0 <= score <= 1 for score in found.values())


def test_the_sizes_that_are_asked_for_are_trained() -> None:
    model, vocabulary = captioner.train_model(SHORT, 3, recurrent="gru", num_attention_layers=1)
    assert model.config.recurrent == "gru" and len(model.attention_layers) == 1
    assert model.config.vocab_size == len(vocabulary)
