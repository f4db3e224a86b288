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
        pytest.skip(f"no real photographs, captions and scores in {folder} (CMLEARN_REAL)")
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


@pytest.fixture(scope="session")
def with_margin() -> tuple[int, int]:
    """How many code cells are compared with a margin, of how many."""
    return count_exempt(WITH_MARGIN)


# Not so `raises-exception`: nbval then lets an error pass, and compares the outputs all the same
# (tests/test_any_data.py holds it to that).
EXEMPT = frozenset({"nbval-ignore-output", "nbval-skip"})
WITH_MARGIN = frozenset({"trained"})


def count_exempt(tags: frozenset[str] = EXEMPT) -> tuple[int, int]:
    """How many code cells of the course carry one of these tags, of how many."""
    cells = [
        cell
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    ignored = [cell for cell in cells if tags & set(cell["metadata"].get("tags", []))]
    return len(ignored), len(cells)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of the course the strict comparison leaves out."""
    ignored, total = count_exempt()
    near, _ = count_exempt(WITH_MARGIN)
    terminalreporter.write_line(f"notebook cells exempt from comparison: {ignored} of {total}")
    terminalreporter.write_line(f"notebook cells compared with a margin: {near} of {total}")
