"""Recurrent cells written from their equations: RNN, LSTM and GRU.

A cell maps one input of a sequence and the previous state to the next state. `nn.RNN`, `nn.LSTM`
and `nn.GRU` compute the same for a whole sequence in one call, and much faster.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]


class RNNCell(nn.Module):
    """The simple recurrent network of Elman 1990, "Finding structure in time".

    Args:
        input_dim: length of an input.
        hidden_dim: length of the state.
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.input_map = nn.Linear(input_dim, hidden_dim)
        self.hidden_map = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor, state: State) -> State:
        """Compute the next state.

        Args:
            x: (B, input_dim).
            state: (h,), with h (B, hidden_dim).

        Returns:
            The next state, (h,).
        """
        (h,) = state
        return (torch.tanh(self.input_map(x) + self.hidden_map(h)),)


class LSTMCell(nn.Module):
    """The LSTM of Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000.

    Args:
        input_dim: length of an input.
        hidden_dim: length of each of the state's two vectors.
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.input_map = nn.Linear(input_dim, 4 * hidden_dim)
        self.hidden_map = nn.Linear(hidden_dim, 4 * hidden_dim)

    def forward(self, x: Tensor, state: State) -> State:
        """Compute the next state.

        Args:
            x: (B, input_dim).
            state: (h, c), hidden state and cell state, each (B, hidden_dim).

        Returns:
            The next state, (h, c).
        """
        h, c = state
        i, f, g, o = (self.input_map(x) + self.hidden_map(h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class GRUCell(nn.Module):
    """The GRU of Cho et al. 2014, in the variant of `nn.GRU`.

    The reset gate r is applied after the hidden state's linear map, not before.

    Args:
        input_dim: length of an input.
        hidden_dim: length of the state.
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.input_map = nn.Linear(input_dim, 3 * hidden_dim)
        self.hidden_map = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x: Tensor, state: State) -> State:
        """Compute the next state.

        Args:
            x: (B, input_dim).
            state: (h,), with h (B, hidden_dim).

        Returns:
            The next state, (h,).
        """
        (h,) = state
        r, z, n = self.input_map(x).chunk(3, dim=-1)
        r_hidden, z_hidden, n_hidden = self.hidden_map(h).chunk(3, dim=-1)
        r, z = torch.sigmoid(r + r_hidden), torch.sigmoid(z + z_hidden)
        n = torch.tanh(n + r * n_hidden)
        return (z * h + (1 - z) * n,)


def unroll(cell: nn.Module, inputs: Tensor, state: State) -> Tensor:
    """Apply a cell to each step of B sequences.

    Args:
        cell: (input, state) -> state, whose first part is the hidden state.
        inputs: (B, T, input_dim), T at least 1.
        state: before the first step, each part (B, hidden_dim).

    Returns:
        The hidden state after each step, (B, T, hidden_dim).
    """
    hidden = []
    for x in inputs.unbind(dim=1):
        state = cell(x, state)
        hidden.append(state[0])
    return torch.stack(hidden, dim=1)


def run_network(network: nn.Module, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Run an `nn.RNN`, `nn.GRU` or `nn.LSTM`, whose state is a tuple here in every case.

    Args:
        network: with `batch_first`.
        inputs: (B, T, input_dim).
        state: before the first step, one or two of (1, B, hidden_dim).

    Returns:
        The hidden state after each step (B, T, hidden_dim), and the last state.
    """
    is_pair = len(state) == 2  # PyTorch takes the state of an LSTM as a pair, others as a tensor
    states, last = network(inputs, state if is_pair else state[0])
    return states, last if is_pair else (last,)


def copy_weights(cell: nn.Module, network: nn.Module) -> None:
    """Copy the weights of the first layer of an `nn.RNN`, `nn.LSTM` or `nn.GRU` into a cell.

    Args:
        cell: an `RNNCell`, `LSTMCell` or `GRUCell`; changed in place.
        network: the PyTorch network of the same kind.

    Raises:
        RuntimeError: the two have different sizes.
    """
    for part, name in (("input_map", "ih"), ("hidden_map", "hh")):
        weights = {
            "weight": cast(Tensor, getattr(network, f"weight_{name}_l0")),
            "bias": cast(Tensor, getattr(network, f"bias_{name}_l0")),
        }
        cast(nn.Linear, getattr(cell, part)).load_state_dict(weights)


def raise_forget_bias(lstm: nn.LSTM, bias: float) -> None:
    """Add to the biases of an LSTM's forget gates, so that it keeps its cell state at first.

    Jozefowicz et al. 2015, "An empirical exploration of recurrent network architectures" (ICML).

    Args:
        lstm: changed in place, in its first layer.
        bias: the number to add; 1 or 2 is usual.
    """
    _, forget, _, _ = cast(Tensor, lstm.bias_ih_l0).chunk(4)
    with torch.no_grad():
        forget += bias
