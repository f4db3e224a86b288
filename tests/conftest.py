"""What the tests share."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real() -> Path:
    """Real photographs, captions and scores, which lie beside the checkout and never in it."""
    folder = Path(os.environ.get("CMLEARN_REAL", ROOT.parent / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip(f"real test material is not here: {folder} (set CMLEARN_REAL)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Two threads on a busy two-core machine take many times as long as one."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def exempt() -> tuple[int, int]:
    """How many code cells of the course are not compared, of how many."""
    return count_exempt()


def count_exempt() -> tuple[int, int]:
    cells = [
        cell
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    # Not so `raises-exception`: nbval then lets an error pass, and compares the outputs all the
    # same (tests/test_any_data.py holds it to that).
    tags = {"nbval-ignore-output", "nbval-skip"}
    ignored = [cell for cell in cells if tags & set(cell["metadata"].get("tags", []))]
    return len(ignored), len(cells)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of the course the strict comparison leaves out."""
    ignored, total = count_exempt()
    terminalreporter.write_line(f"notebook cells exempt from comparison: {ignored} of {total}")
