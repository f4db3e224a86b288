"""The margin for what training on the spot has printed: near numbers pass, all else does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.nbval_margin import TAG, near

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("all true 18.4 %", "all true 21.1 %"),
        ("test 98 %  novel  57 %", "test 98 %  novel 60 %"),
        ("kl  232   bound  -4038", "kl  204   bound  -4227"),
        ("loss 0.19, CIDEr-D 2.5", "loss 0.15, CIDEr-D 2.4"),
        ("a picture, 9 %", "a picture, 10 %"),
    ],
)
def test_near_numbers_pass(found, wanted):
    assert near(found, wanted)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("all true 90 %", "all true 98 %"),
        ("loss 0.29", "loss 0.19"),
        ("kl 150", "kl 204"),
        ("covers 8 of 8, True", "covers 8 of 8, False"),
        ("test 98 %", "novel 98 %"),
        ("98 %", "98 % 57 %"),
        ("-3 steps", "3 steps"),
        ("steps 12", "steps 6"),
    ],
)
def test_far_numbers_and_other_words_do_not(found, wanted):
    assert not near(found, wanted)


@pytest.mark.parametrize(
    ("tags", "written", "passes", "told"),
    [
        ([TAG], "all true 50 %\n", True, False),
        ([TAG], "all true 52 %\n", True, True),
        ([TAG], "all true 60 %\n", False, False),
        ([], "all true 52 %\n", False, False),
    ],
)
def test_nbval_forgives_tagged_cells_alone_and_tells(tmp_path, tags, written, passes, told):
    cell = new_code_cell("print('all true 50 %')", execution_count=1, metadata={"tags": tags})
    cell.outputs = [new_output("stream", name="stdout", text=written)]
    path = tmp_path / "book.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.nbval_margin", str(path)]
    command += ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-n", "1"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) is passes, ran.stdout
    assert ("near, not the same" in ran.stdout) is told
