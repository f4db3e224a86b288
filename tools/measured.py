"""Writes the measurements of a run to the files that quote them."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tools import tidy
from tools.folders import NOTEBOOKS
from tools.readme import MEASURED, gigabytes, minutes, write_readme
from tools.run import AT_ONCE, Run


def write_measured(runs: Sequence[Run], seconds: float) -> None:
    """Write measurements to docs/measured.json, README.md and the notebooks.

    Args:
        runs: one for each notebook.
        seconds: wall-clock time of all of them.
    """
    measured = as_json(runs, seconds)
    MEASURED.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for name, row in measured["notebooks"].items():
        fill_line(NOTEBOOKS / f"{name}.ipynb", line(row))
    write_readme()


def as_json(runs: Sequence[Run], seconds: float) -> dict[str, Any]:
    """Return the content of docs/measured.json: software, time, and a row for each notebook.

    Args:
        runs: one for each notebook.
        seconds: wall-clock time of all of them.
    """
    return {
        "with": f"Python {platform.python_version()}, torch {version('torch')}, "
        f"{platform.system()} {platform.machine()}, one core for each notebook, "
        f"{AT_ONCE} at a time",
        "seconds": round(seconds),
        "notebooks": {run.name: _row(run) for run in runs},
    }


def _row(run: Run) -> dict[str, Any]:
    return {
        "seconds": round(run.seconds),
        "peak_mb": round(run.peak_mb),
        "headline": run.headline,
    }


def line(row: dict[str, Any]) -> str:
    """Return the line with the measurements that stands at the top of a notebook."""
    return f"Measured: {minutes(row)}, {gigabytes(row)} on one core"


def fill_line(path: Path, measured_line: str) -> None:
    """Replace the line of a notebook that starts with `Measured:`.

    Raises:
        ValueError: there is no such line.
    """
    notebook = tidy.read(path)
    for cell in notebook.cells:
        lines = cell.source.split("\n")
        at = next((n for n, text in enumerate(lines) if text.startswith("Measured:")), None)
        if cell.cell_type == "markdown" and at is not None:
            lines[at] = measured_line
            cell.source = "\n".join(lines)
            tidy.write(notebook, path)
            return
    raise ValueError(f"{path.name} has no line that starts with 'Measured:': add one at the top")
