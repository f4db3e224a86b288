"""Sets the parameters of a notebook, such as the data set that it runs on."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nbformat import NotebookNode

PARAMETERS = "parameters"  # tag of the cell that holds what may be changed
KNOWN_TRUTH = "known-truth"  # tag of a cell that photographs have no answer for
DATA = "DATA"


def set_parameters(notebook: NotebookNode, values: Mapping[str, object], name: str) -> None:
    """Give parameters other values, in lines at the end of the cell that holds them.

    Args:
        notebook: changed in place.
        values: by the names of the parameters, values whose `repr` is Python.
        name: what the notebook is called in an error.

    Raises:
        ValueError: the notebook has no such parameter.
    """
    known = parameters_of(notebook)
    for parameter in values:
        if parameter not in known:
            has = ", ".join(known) or "none"
            raise ValueError(f"{name} has no parameter {parameter!r}; it has {has}")
    lines = [f"{parameter} = {value!r}" for parameter, value in values.items()]
    cell = _parameters_cell(notebook)
    if cell is not None:
        cell.source = "\n".join([cell.source, "# Set for this run:", *lines])


def parameters_of(notebook: NotebookNode) -> tuple[str, ...]:
    """The names that the cell tagged `parameters` gives values to."""
    cell = _parameters_cell(notebook)
    nodes = ast.parse(cell.source).body if cell is not None else []
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return tuple(
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    )


def tags_of(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def _parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    return next((cell for cell in notebook.cells if PARAMETERS in tags_of(cell)), None)
