"""Tests of cmlearn.models.bert."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from cmlearn.models.bert import Bert, BertConfig, SelfAttention, attend, masked_mean

CONFIG = BertConfig(
    vocab_size=11, embed_dim=12, num_layers=2, num_heads=3, hidden_dim=20, max_length=7
)
TOKENS = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 0, 0, 0]])


@pytest.fixture
def model() -> Bert:
    torch.manual_seed(0)
    return Bert(CONFIG).eval()


def test_shapes(model):
    states, weights = model.hidden_states(TOKENS)
    assert [tuple(state.shape) for state in states] == [(2, 5, 12)] * 3
    assert [tuple(looked.shape) for looked in weights] == [(2, 3, 5, 5)] * 2
    assert torch.equal(model(TOKENS), states[-1])


def test_weights_sum_to_one_and_never_go_to_padding(model):
    _, weights = model.hidden_states(TOKENS)
    for looked in weights:
        assert torch.allclose(looked.sum(dim=-1), torch.ones(2, 3, 5))
        assert (looked[1, :, :, 2:] == 0).all()


def test_attention_is_that_of_pytorch():
    torch.manual_seed(0)
    q, k, v = torch.randn(2, 3, 5, 4), torch.randn(2, 3, 6, 4), torch.randn(2, 3, 6, 4)
    padding = torch.zeros(2, 6, dtype=torch.bool)
    padding[1, 4:] = True
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=~padding[:, None, None, :])
    assert torch.allclose(attend(q, k, v, padding)[0], theirs, atol=1e-6)


def test_self_attention_is_that_of_pytorch():
    torch.manual_seed(0)
    ours = SelfAttention(CONFIG)
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    parts = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    x, padding = torch.randn(2, 5, 12), TOKENS == 0
    expected, weights = theirs(x, x, x, key_padding_mask=padding, average_attn_weights=False)
    found, looked = ours(x, padding)
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.allclose(looked, weights, atol=1e-6)


def test_padding_changes_nothing(model):
    alone = model(TOKENS[1:, :2])
    assert torch.allclose(model(TOKENS)[1:, :2], alone, atol=1e-6)


def test_order_and_context_matter(model):
    turned = model(TOKENS[:1, [0, 2, 1, 3, 4]])
    assert not torch.allclose(model(TOKENS[:1])[0, 1], turned[0, 2], atol=1e-3)


def test_one_batch_is_learned(model):
    model.train()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    wanted = torch.randn(2, 12, generator=torch.Generator().manual_seed(1)).tanh()
    for _ in range(150):
        loss = F.mse_loss(masked_mean(model(TOKENS), TOKENS == 0), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 1e-2


def test_masked_mean():
    words = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [99.0, 99.0]], [[5.0, 5.0]] * 3])
    padding = torch.tensor([[False, False, True], [True, True, True]])
    assert masked_mean(words, padding).tolist() == [[2.0, 3.0], [0.0, 0.0]]


def test_more_than_it_can_read_is_refused_not_cut(model):
    with pytest.raises(ValueError, match="8 per caption, but this BERT takes at most 7"):
        model(torch.ones(1, 8, dtype=torch.int64))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.ones(5, dtype=torch.int64), r"expected \(B, T\)"),
        (torch.ones(2, 0, dtype=torch.int64), r"expected \(B, T\)"),
        (torch.ones(2, 3), r"expected \(B, T\)"),
        (torch.zeros(1, 3, dtype=torch.int64), "begins with padding"),
    ],
)
def test_wrong_tokens_are_refused(model, tokens, message):
    with pytest.raises(ValueError, match=message):
        model(tokens)
