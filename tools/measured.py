"""Writes what a run measured to every place that states it."""

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
    """Write the runs, which took `seconds` together, to every place that states them.

    These are docs/measured.json, README.md and the notebooks' own lines.
    """
    measured = as_json(runs, seconds)
    MEASURED.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for name, row in measured["notebooks"].items():
        fill_line(NOTEBOOKS / f"{name}.ipynb", line(row))
    write_readme()


def as_json(runs: Sequence[Run], seconds: float) -> dict[str, Any]:
    """What docs/measured.json holds: with which software, and a row for every notebook."""
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
    """What a notebook says of itself at its top."""
    return f"Measured: {minutes(row)}, {gigabytes(row)} on one core"


def fill_line(path: Path, measured_line: str) -> None:
    """Replace the line of the notebook at `path` that begins with `Measured:`.

    Raises:
        ValueError: the notebook has no such line.
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
    raise ValueError(f"{path.name} has no line that begins with 'Measured:'")
