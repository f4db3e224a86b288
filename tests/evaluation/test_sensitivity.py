"""Tests of cmlearn.evaluation.sensitivity."""

import pytest
import torch
from torch import nn

from cmlearn.evaluation.sensitivity import gradient_norms, swap_sensitivity
from cmlearn.text.vocabulary import BOS, EOS, PAD

# ── Gradients ────────────────────────────────────────────────────────────────────────────────────


B, T, D, H = 3, 9, 4, 6


def seeded_generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_the_last_input_comes_first():
    class Last(nn.Module):
        """Shows what it reads, tenfold."""

        def forward(self, x):
            return 10 * x, None

    norms = gradient_norms(Last(), torch.randn(B, T, D), seeded_generator())
    torch.testing.assert_close(norms, torch.tensor([10.0, *[0.0] * (T - 1)]))


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.5])
def test_a_linear_memory_shrinks_or_grows_by_its_factor(factor):
    class Scaled(nn.Module):
        """h_t = factor · h_{t-1} + x_t."""

        def forward(self, x):
            h = [x[:, 0]]
            for step in x[:, 1:].unbind(1):
                h.append(factor * h[-1] + step)
            return torch.stack(h, dim=1), None

    norms = gradient_norms(Scaled(), torch.randn(B, T, D), seeded_generator())
    torch.testing.assert_close(norms, torch.tensor([factor**k for k in range(T)]))


@pytest.mark.parametrize("network", [nn.RNN, nn.GRU, nn.LSTM])
def test_it_works_where_nothing_else_asks_for_gradients(network):
    torch.manual_seed(0)
    model, inputs = network(D, H, batch_first=True), torch.randn(B, T, D)
    with torch.no_grad():
        norms = gradient_norms(model, inputs, seeded_generator())
    assert norms.shape == (T,) and (norms > 0).all() and norms[-1] < norms[0]
    assert all(weight.grad is None for weight in model.parameters())
    assert not inputs.requires_grad


def test_two_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"\(9, 4\)"):
        gradient_norms(nn.RNN(D, H), torch.zeros(T, D), seeded_generator())


# ── Swapped pictures ─────────────────────────────────────────────────────────────────────────────


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


def test_a_model_that_ignores_the_picture_moves_nowhere():
    torch.testing.assert_close(swap_sensitivity(Says(()), PICTURES, TOKENS)[:3], torch.zeros(3))


@pytest.mark.parametrize(("pictures", "captions"), [(2, 1), (1, 1), (0, 0)])
def test_what_cannot_be_swapped(pictures, captions):
    with pytest.raises(ValueError, match=f"got {pictures} and {captions}"):
        swap_sensitivity(Says(()), PICTURES[:pictures], TOKENS[:captions])
