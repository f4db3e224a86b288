"""Tests of cmlearn.models.rnn."""

import pytest
import torch
from torch import nn

from cmlearn.models.rnn import GRUCell, LSTMCell, RNNCell, copy_weights, raise_forget_bias, unroll

B, T, D, H = 2, 7, 3, 5  # all different
PAIRS = [(RNNCell, nn.RNN, 1), (GRUCell, nn.GRU, 1), (LSTMCell, nn.LSTM, 2)]


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.fixture(params=PAIRS, ids=["rnn", "gru", "lstm"])
def pair(request) -> tuple[nn.Module, nn.Module, int]:
    build, reference, parts = request.param
    torch.manual_seed(0)
    cell, network = build(D, H), reference(D, H, batch_first=True)
    copy_weights(cell, network)
    return cell, network, parts


def test_a_cell_is_what_torch_computes(pair):
    cell, network, parts = pair
    inputs, state = drawn(B, T, D), tuple(drawn(1, B, H) * n for n in range(1, parts + 1))
    expected, _ = network(inputs, state if parts == 2 else state[0])
    shown = unroll(cell, inputs, tuple(part[0] for part in state))
    assert shown.shape == (B, T, H)
    torch.testing.assert_close(shown, expected)


def test_gradients_are_those_of_torch(pair):
    cell, network, parts = pair
    zeros = (torch.zeros(B, H),) * parts
    ours, theirs = drawn(B, T, D).requires_grad_(), drawn(B, T, D).requires_grad_()
    unroll(cell, ours, zeros)[:, -1].square().sum().backward()
    network(theirs)[0][:, -1].square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
    torch.testing.assert_close(cell.hidden_map.weight.grad, network.weight_hh_l0.grad)


def test_a_step_depends_on_no_later_step(pair):
    cell, _, parts = pair
    zeros = (torch.zeros(B, H),) * parts
    inputs = drawn(B, T, D)
    changed = inputs.clone()
    changed[:, 4:] += 1
    before, after = unroll(cell, inputs, zeros), unroll(cell, changed, zeros)
    assert torch.equal(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])


def test_an_lstm_that_forgets_nothing_keeps_its_cell():
    cell = LSTMCell(D, H)
    with torch.no_grad():
        cell.input_map.weight.zero_(), cell.hidden_map.weight.zero_(), cell.hidden_map.bias.zero_()
        cell.input_map.bias.copy_(torch.tensor([-50.0, 50.0, 0.0, 0.0]).repeat_interleave(H))
    kept = drawn(B, H)
    _, c = cell(drawn(B, D), (torch.zeros(B, H), kept))
    torch.testing.assert_close(c, kept)


def test_weights_of_another_size_do_not_fit():
    with pytest.raises(RuntimeError, match="size mismatch"):
        copy_weights(RNNCell(D, H), nn.RNN(D, H + 1))
    with pytest.raises(RuntimeError, match="size mismatch"):
        copy_weights(GRUCell(D, H), nn.LSTM(D, H))


def test_only_forget_gates_are_opened():
    torch.manual_seed(0)
    lstm = nn.LSTM(D, H)
    before = lstm.bias_ih_l0.detach().clone()
    raise_forget_bias(lstm, 2.0)
    opened = lstm.bias_ih_l0.detach() - before
    torch.testing.assert_close(opened.view(4, H), torch.tensor([[0.0], [2], [0], [0]]).expand(4, H))
    assert lstm.bias_ih_l0.requires_grad
