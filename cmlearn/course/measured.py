"""Writes what a run measured to every place that states it."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cmlearn.course import tidy
from cmlearn.course.folders import NOTEBOOKS, ROOT
from cmlearn.course.run import Run

MEASURED = ROOT / "docs" / "measured.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


def write_measured(runs: Sequence[Run]) -> None:
    """Write the runs to docs/measured.json, the README's table and the notebooks' own lines."""
    measured: dict[str, Any] = {
        "with": f"Python {platform.python_version()}, torch {version('torch')}, "
        f"{platform.system()} {platform.machine()}, one core a notebook",
        "notebooks": {run.name: _row(run) for run in runs},
    }
    MEASURED.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", "utf-8")
    README.write_text(fill_table(README.read_text("utf-8"), table(measured)), "utf-8")
    for run in runs:
        fill_line(NOTEBOOKS / f"{run.name}.ipynb", line(measured["notebooks"][run.name]))


def table(measured: dict[str, Any]) -> str:
    """The rows of docs/measured.json as a Markdown table."""
    head = ["| notebook | minutes | memory | what comes out |", "| --- | ---: | ---: | --- |"]
    rows = [
        f"| [{name.replace('_', ' ')}](notebooks/{name}.ipynb) | {_minutes(row)} "
        f"| {row['peak_mb'] / 1000:.1f} GB | {row['headline']} |"
        for name, row in measured["notebooks"].items()
    ]
    return "\n".join([*head, *rows, "", f"Measured with {measured['with']}."])


def fill_table(text: str, rows: str) -> str:
    """`text` with `rows` between the markers.

    Raises:
        ValueError: the markers are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md lacks the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{rows}\n{END}{after}"


def line(row: dict[str, Any]) -> str:
    """What a notebook says of itself at its top."""
    return f"Measured: {_minutes(row)} min, {row['peak_mb'] / 1000:.1f} GB on one core"


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


def _row(run: Run) -> dict[str, Any]:
    return {
        "seconds": round(run.seconds),
        "peak_mb": round(run.peak_mb),
        "headline": run.headline,
    }


def _minutes(row: dict[str, Any]) -> str:
    return f"{row['seconds'] / 60:.1f}"
