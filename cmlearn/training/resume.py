"""Save the state of a training, so that it continues after a kill to the same weights.

A state is a file of tensors, `step-N.safetensors`, and `state.json`, which names that file and is
written last. A kill between the two leaves the state before. Nothing is pickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from cmlearn.data.files import atomic_write, explain_disk_errors, remove_leftovers

NOTES = "state.json"
OPTIMISER = "optimiser"

Tensors = Mapping[str, Tensor]


class State(NamedTuple):
    """A training at one step.

    Attributes:
        weights: by a name of the group, such as "model", the tensors by name.
        optimiser: the state of each parameter: "INDEX/NAME" -> tensor.
        notes: plain values that JSON can represent, such as the step.
    """

    weights: dict[str, dict[str, Tensor]]
    optimiser: dict[str, Tensor]
    notes: dict[str, Any]


def save_state(folder: Path, step: int, state: State) -> None:
    """Write the state, then remove that of an earlier step.

    Args:
        folder: created if missing; it holds one state.
        step: number of completed steps, part of the file name.
        state: what to write.

    Raises:
        OSError: the files cannot be written.
    """
    groups = {**state.weights, OPTIMISER: state.optimiser}
    tensors = {
        f"{group}:{name}": tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for group, named in groups.items()
        for name, tensor in named.items()
    }
    path = folder / f"step-{step}.safetensors"
    with explain_disk_errors("write the state of the training", path):
        with atomic_write(path) as partial:
            safetensors.torch.save_file(tensors, partial)
        with atomic_write(folder / NOTES) as partial:
            partial.write_text(json.dumps({"tensors": path.name, **state.notes}, indent=1), "utf-8")
    for earlier in folder.glob("step-*.safetensors"):
        if earlier != path:
            earlier.unlink(missing_ok=True)
    remove_leftovers(folder, "*.partial")


def load_state(folder: Path) -> State | None:
    """Read the state in a folder.

    Returns:
        The state, its tensors on the CPU; None if there is none.

    Raises:
        ValueError: a file is damaged.
    """
    path = folder / NOTES
    if not path.is_file():
        return None
    try:
        notes = json.loads(path.read_bytes())
        tensors = safetensors.torch.load_file(folder / Path(notes.pop("tensors")).name)
    except (ValueError, KeyError, AttributeError, OSError, safetensors.SafetensorError) as error:
        raise ValueError(
            f"{folder} is damaged ({error}): delete it to start the training anew"
        ) from error
    groups: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        group, _, name = key.partition(":")
        groups.setdefault(group, {})[name] = tensor
    optimiser = groups.pop(OPTIMISER, {})
    return State(groups, optimiser, notes)


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of each parameter: "INDEX/NAME" -> tensor."""
    return {
        f"{index}/{name}": tensor
        for index, of_parameter in optimiser.state_dict()["state"].items()
        for name, tensor in of_parameter.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Give an optimiser the state that `optimiser_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition("/")
        state.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    for weight, values in optimiser.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == weight.shape:
                # A fused optimiser reads memory in order: both need one format (channels last).
                values[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
