"""Tests of cmlearn.models.text_encoders."""

import pytest
import torch

from cmlearn.models.text_encoders import WordWindowEncoder

TABLE = torch.arange(14.0).view(7, 2)
TOKENS = torch.tensor([[1, 4, 5, 2], [1, 6, 2, 0]])


def test_a_window_holds_a_word_and_those_before_it():
    words, padding = WordWindowEncoder(TABLE)(TOKENS)
    assert words.shape == (2, 4, 6)
    assert torch.equal(words[0, 2], torch.cat([TABLE[1], TABLE[4], TABLE[5]]))
    assert torch.equal(words[0, 0], torch.cat([torch.zeros(4), TABLE[1]]))
    assert padding.tolist() == [[False] * 4, [False, False, False, True]]


def test_a_window_of_one_is_the_word():
    reader = WordWindowEncoder(TABLE, width=1)
    assert reader.word_dim == 2
    assert torch.equal(reader(TOKENS)[0], TABLE[TOKENS])


def test_more_padding_changes_no_word():
    longer = torch.nn.functional.pad(TOKENS, (0, 3))
    words, padding = WordWindowEncoder(TABLE)(longer)
    assert torch.equal(words[:, :4], WordWindowEncoder(TABLE)(TOKENS)[0])
    assert padding[:, 4:].all()


def test_nothing_to_look_at_is_never_all_there_is():
    _, padding = WordWindowEncoder(TABLE)(torch.zeros(2, 3, dtype=torch.int64))
    assert padding.tolist() == [[False, True, True]] * 2


def test_it_learns_nothing_and_keeps_its_table():
    reader = WordWindowEncoder(TABLE)
    assert not list(reader.parameters())
    assert "table" in reader.state_dict()
    with pytest.raises(ValueError, match="width must be at least 1"):
        WordWindowEncoder(TABLE, width=0)
