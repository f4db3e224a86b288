"""Normalises executed notebooks, so that equal runs give equal files in git."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from cmlearn.data.files import atomic_write

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
VOLATILE = ("execution", "ExecuteTime", "trusted", "collapsed", "scrolled", "pycharm", "vscode")


def read(path: Path) -> NotebookNode:
    """Read a notebook.

    Raises:
        ValueError: the file is not a notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a notebook: {str(error).splitlines()[0]}") from error


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook; if writing fails, the old file stays."""
    with atomic_write(path) as partial:
        partial.write_text(nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n", "utf-8")


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without anything that differs between two equal runs.

    Timings, widget state, standard error (progress bars) and details of this machine's Python are
    removed. The ids of the cells become `cell-000`, `cell-001`, …
    """
    clean = nbformat.from_dict(notebook)
    clean.nbformat, clean.nbformat_minor = 4, 5
    clean.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(clean.cells):
        cell.id = f"cell-{number:03d}"
        cell.metadata = _without(cell.metadata, VOLATILE)
        if cell.cell_type == "code":
            cell.outputs = [_tidy_output(o) for o in cell.outputs if not _is_transient(o)]
    return clean


def headline(notebook: NotebookNode) -> str:
    """Return what the cell tagged `headline` printed after `headline: `, or ""."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "headline" in cell.metadata.get("tags", []):
            printed = "".join(o.get("text", "") for o in cell.outputs)
            for line in printed.splitlines():
                if line.startswith("headline: "):
                    return line.removeprefix("headline: ").strip()
    return ""


def _is_transient(output: NotebookNode) -> bool:
    """Return whether an output is standard error or a widget, which needs a running kernel."""
    if output.output_type == "stream":
        return output.name == "stderr"
    return WIDGET_VIEW in output.get("data", {})


def _tidy_output(output: NotebookNode) -> NotebookNode:
    if "metadata" in output:
        output.metadata = _without(output.metadata, VOLATILE)
    return output


def _without(metadata: dict[str, Any], dropped: tuple[str, ...]) -> NotebookNode:
    return nbformat.from_dict({k: v for k, v in metadata.items() if k not in dropped})
