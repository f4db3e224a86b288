"""Tests of cmlearn.evaluation.sensitivity."""

import pytest
import torch
from torch import nn

from cmlearn.evaluation.sensitivity import swap_sensitivity
from cmlearn.text.vocabulary import BOS, EOS, PAD

TOKENS = torch.tensor([[BOS, 4, EOS, PAD, PAD], [BOS, 5, 6, EOS, PAD]])
PICTURES = torch.tensor([0, 1])


class Says(nn.Module):
    """Is sure of word 4 + picture at the places where it looks, and of <eos> elsewhere."""

    def __init__(self, places: tuple[int, ...]) -> None:
        super().__init__()
        self.places = places

    def forward(self, features, tokens):
        logits = torch.zeros(*tokens.shape, 8)
        logits[..., EOS] = 100
        for place in self.places:
            logits[torch.arange(len(features)), place, 4 + features] = 200
        return logits


def test_all_moves_where_the_picture_decides_and_nothing_elsewhere():
    moved = swap_sensitivity(Says((0, 2)), PICTURES, TOKENS)
    torch.testing.assert_close(moved[:3], torch.tensor([1.0, 0.0, 1.0]))
    assert moved[3].isnan()


def test_who_is_blind_moves_nowhere():
    torch.testing.assert_close(swap_sensitivity(Says(()), PICTURES, TOKENS)[:3], torch.zeros(3))


@pytest.mark.parametrize(("pictures", "captions"), [(2, 1), (1, 1), (0, 0)])
def test_what_cannot_be_swapped(pictures, captions):
    with pytest.raises(ValueError, match=f"got {pictures} and {captions}"):
        swap_sensitivity(Says(()), PICTURES[:pictures], TOKENS[:captions])
