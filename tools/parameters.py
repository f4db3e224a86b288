"""Reads and sets the parameters of a notebook, such as its data set."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nbformat import NotebookNode

PARAMETERS = "parameters"  # tag of the cell that assigns the parameters
KNOWN_TRUTH = "known-truth"  # tag of a cell that needs the scenes, which only Storybook has
DATA = "DATA"  # the parameter that names the data set


def set_parameters(notebook: NotebookNode, values: Mapping[str, object], name: str) -> None:
    """Append assignments to the parameters cell.

    Args:
        notebook: changed in place.
        values: name of a parameter -> its new value, whose `repr` must be Python code.
        name: name of the notebook in error messages.

    Raises:
        ValueError: the notebook has no such parameter.
    """
    known = parameters_of(notebook)
    for parameter in values:
        if parameter not in known:
            names = ", ".join(known) or "none"
            raise ValueError(f"{name} has no parameter {parameter!r}; it has {names}")
    lines = [f"{parameter} = {value!r}" for parameter, value in values.items()]
    cell = _parameters_cell(notebook)
    if cell is not None:
        cell.source = "\n".join([cell.source, "# Set for this run:", *lines])


def parameters_of(notebook: NotebookNode) -> tuple[str, ...]:
    """Return the names that the cell tagged `parameters` assigns."""
    cell = _parameters_cell(notebook)
    nodes = ast.parse(cell.source).body if cell is not None else []
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return tuple(
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    )


def tags_of(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def _parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    return next((cell for cell in notebook.cells if PARAMETERS in tags_of(cell)), None)
