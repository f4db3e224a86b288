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


def new_layer(num_heads: int = 4) -> CrossAttention:
    torch.manual_seed(0)
    return CrossAttention(D, E, num_heads).eval()


def test_one_output_for_each_query(queries, sources):
    assert new_layer()(queries, sources).shape == (B, Q, D)
    assert new_layer()(queries[:, :1], sources[:, :1]).shape == (B, 1, D)


def test_one_head_is_the_equation(queries, sources):
    layer = new_layer(num_heads=1)
    attention = layer.attention
    q_bias, k_bias, v_bias = attention.in_proj_bias.chunk(3)
    q = F.linear(layer.norm(queries), attention.q_proj_weight, q_bias)
    k = F.linear(sources, attention.k_proj_weight, k_bias)
    v = F.linear(sources, attention.v_proj_weight, v_bias)
    by_hand = (q @ k.transpose(1, 2) / D**0.5).softmax(dim=2) @ v
    torch.testing.assert_close(by_hand, F.scaled_dot_product_attention(q, k, v))
    taken = queries + attention.out_proj(by_hand)
    torch.testing.assert_close(layer(queries, sources), taken + layer.mlp(taken))


def test_masked_sources_have_no_influence(queries, sources):
    layer = new_layer()
    padding = torch.tensor([[False, False, True, True, True], [False] * S])
    seen = layer(queries, sources, padding)
    torch.testing.assert_close(seen[:1], layer(queries[:1], sources[:1, :2]))
    changed = sources.clone()
    changed[0, 2:] = 100.0
    torch.testing.assert_close(seen, layer(queries, changed, padding))
    assert not torch.allclose(seen[:1], layer(queries[:1], sources[:1]))


def test_the_order_of_the_sources_does_not_matter(queries, sources):
    layer = new_layer()
    torch.testing.assert_close(layer(queries, sources), layer(queries, sources.flip(1)))


def test_queries_do_not_depend_on_one_another(queries, sources):
    layer = new_layer()
    torch.testing.assert_close(layer(queries, sources)[:, 1:2], layer(queries[:, 1:2], sources))


def test_gradients_reach_both_sides_and_every_weight(queries, sources):
    layer = new_layer()
    queries.requires_grad_()
    sources.requires_grad_()
    layer(queries, sources).square().sum().backward()
    for name, weight in (*layer.named_parameters(), ("queries", queries), ("sources", sources)):
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
    assert queries.grad.abs().sum() > 0 and sources.grad.abs().sum() > 0


def test_the_query_is_divisible_by_the_heads():
    with pytest.raises(AssertionError, match="divisible"):
        CrossAttention(D, E, num_heads=3)


def test_attention_weights_are_those_of_the_output(queries, sources):
    layer = new_layer(num_heads=1)
    padding = torch.zeros(B, S, dtype=torch.bool)
    padding[0, 3:] = True
    weights = layer.attention_weights(queries, sources, padding)
    assert weights.shape == (B, Q, S)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(B, Q))
    assert (weights[0, :, 3:] == 0).all() and (weights[1] > 0).all()
    attention = layer.attention
    values = F.linear(sources, attention.v_proj_weight, attention.in_proj_bias.chunk(3)[2])
    found = attention.out_proj(weights @ values)
    expected = queries + found + layer.mlp(queries + found)
    torch.testing.assert_close(layer(queries, sources, padding), expected)
