"""Tests of cmlearn.models.attention."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from cmlearn.models.attention import CrossAttention

B, Q, S, D, E = 2, 3, 5, 8, 6  # all different


@pytest.fixture
def queries() -> Tensor:
    return torch.randn(B, Q, D, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def sources() -> Tensor:
    return torch.randn(B, S, E, generator=torch.Generator().manual_seed(2))


def new_look(num_heads: int = 4) -> CrossAttention:
    torch.manual_seed(0)
    return CrossAttention(D, E, num_heads).eval()


def test_as_many_come_out_as_look(queries, sources):
    assert new_look()(queries, sources).shape == (B, Q, D)
    assert new_look()(queries[:, :1], sources[:, :1]).shape == (B, 1, D)


def test_one_head_is_the_equation(queries, sources):
    look = new_look(num_heads=1)
    attention = look.attention
    q_bias, k_bias, v_bias = attention.in_proj_bias.chunk(3)
    q = F.linear(look.norm(queries), attention.q_proj_weight, q_bias)
    k = F.linear(sources, attention.k_proj_weight, k_bias)
    v = F.linear(sources, attention.v_proj_weight, v_bias)
    by_hand = (q @ k.transpose(1, 2) / D**0.5).softmax(dim=2) @ v
    torch.testing.assert_close(by_hand, F.scaled_dot_product_attention(q, k, v))
    taken = queries + attention.out_proj(by_hand)
    torch.testing.assert_close(look(queries, sources), taken + look.mlp(taken))


def test_hidden_sources_might_as_well_be_absent(queries, sources):
    look = new_look()
    padding = torch.tensor([[False, False, True, True, True], [False] * S])
    seen = look(queries, sources, padding)
    torch.testing.assert_close(seen[:1], look(queries[:1], sources[:1, :2]))
    changed = sources.clone()
    changed[0, 2:] = 100.0
    torch.testing.assert_close(seen, look(queries, changed, padding))
    assert not torch.allclose(seen[:1], look(queries[:1], sources[:1]))


def test_the_order_of_the_sources_is_not_seen(queries, sources):
    look = new_look()
    torch.testing.assert_close(look(queries, sources), look(queries, sources.flip(1)))


def test_each_query_looks_for_itself(queries, sources):
    look = new_look()
    torch.testing.assert_close(look(queries, sources)[:, 1:2], look(queries[:, 1:2], sources))


def test_gradients_reach_both_sides_and_every_weight(queries, sources):
    look = new_look()
    queries.requires_grad_()
    sources.requires_grad_()
    look(queries, sources).square().sum().backward()
    for name, weight in (*look.named_parameters(), ("queries", queries), ("sources", sources)):
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
    assert queries.grad.abs().sum() > 0 and sources.grad.abs().sum() > 0


def test_a_head_needs_its_share_of_the_query():
    with pytest.raises(AssertionError, match="divisible"):
        CrossAttention(D, E, num_heads=3)


def test_weights_say_from_where_it_was_taken(queries, sources):
    look = new_look(num_heads=1)
    padding = torch.zeros(B, S, dtype=torch.bool)
    padding[0, 3:] = True
    weights = look.attention_weights(queries, sources, padding)
    assert weights.shape == (B, Q, S)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(B, Q))
    assert (weights[0, :, 3:] == 0).all() and (weights[1] > 0).all()
    attention = look.attention
    values = F.linear(sources, attention.v_proj_weight, attention.in_proj_bias.chunk(3)[2])
    found = attention.out_proj(weights @ values)
    expected = queries + found + look.mlp(queries + found)
    torch.testing.assert_close(look(queries, sources, padding), expected)
