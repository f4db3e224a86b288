"""Recurrent cells from their equations: RNN, LSTM and GRU.

A cell reads one step of a sequence and hands its state to the next. What `nn.RNN`, `nn.LSTM` and
`nn.GRU` do for a whole sequence at once, and much faster, these do in the open.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]


class RNNCell(nn.Module):
    """Elman 1990, "Finding structure in time": the new state is a mix of input and old state.

    Args:
        input_dim: length of an input.
        hidden_dim: length of the state.
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.input_map = nn.Linear(input_dim, hidden_dim)
        self.hidden_map = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor, state: State) -> State:
        """Input (B, input_dim) and state ((B, hidden_dim),) -> the next state."""
        (h,) = state
        return (torch.tanh(self.input_map(x) + self.hidden_map(h)),)


class LSTMCell(nn.Module):
    """Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000.

    Args:
        input_dim: length of an input.
        hidden_dim: length of each of the state's two vectors.
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.input_map = nn.Linear(input_dim, 4 * hidden_dim)
        self.hidden_map = nn.Linear(hidden_dim, 4 * hidden_dim)

    def forward(self, x: Tensor, state: State) -> State:
        """Input (B, input_dim) and state, twice (B, hidden_dim) -> the next state."""
        h, c = state
        i, f, g, o = (self.input_map(x) + self.hidden_map(h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class GRUCell(nn.Module):
    """Cho et al. 2014, in the form of `nn.GRU`: r is applied after the recalling, not before.

    Args:
        input_dim: length of an input.
        hidden_dim: length of the state.
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.input_map = nn.Linear(input_dim, 3 * hidden_dim)
        self.hidden_map = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x: Tensor, state: State) -> State:
        """Input (B, input_dim) and state ((B, hidden_dim),) -> the next state."""
        (h,) = state
        r, z, n = self.input_map(x).chunk(3, dim=-1)
        r_hidden, z_hidden, n_hidden = self.hidden_map(h).chunk(3, dim=-1)
        r, z = torch.sigmoid(r + r_hidden), torch.sigmoid(z + z_hidden)
        n = torch.tanh(n + r * n_hidden)
        return (z * h + (1 - z) * n,)


def unroll(cell: nn.Module, inputs: Tensor, state: State) -> Tensor:
    """Let a cell read sequences step by step.

    Args:
        cell: (input, state) -> state, whose first part is what it shows.
        inputs: (B, T, input_dim), T at least 1.
        state: before the first step.

    Returns:
        what it showed at each step, (B, T, hidden_dim).
    """
    shown = []
    for x in inputs.unbind(dim=1):
        state = cell(x, state)
        shown.append(state[0])
    return torch.stack(shown, dim=1)


def copy_weights(cell: nn.Module, network: nn.Module) -> None:
    """Give a cell the weights of the first layer of an `nn.RNN`, `nn.LSTM` or `nn.GRU`.

    Raises:
        RuntimeError: they are of different sizes.
    """
    for part, name in (("input_map", "ih"), ("hidden_map", "hh")):
        weights = {
            "weight": cast(Tensor, getattr(network, f"weight_{name}_l0")),
            "bias": cast(Tensor, getattr(network, f"bias_{name}_l0")),
        }
        cast(nn.Linear, getattr(cell, part)).load_state_dict(weights)


def open_forget_gates(lstm: nn.LSTM, bias: float) -> None:
    """Open the forget gates of a new LSTM: `bias` is added to what each gate starts with.

    Jozefowicz et al. 2015, "An empirical exploration of recurrent network architectures" (ICML).
    """
    _, forget, _, _ = cast(Tensor, lstm.bias_ih_l0).chunk(4)
    with torch.no_grad():
        forget += bias
