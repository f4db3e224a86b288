"""Every exercise: its solution passes, typical wrong answers are named, an open one is kind."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from cmlearn.exercises import CHECKS, check
from cmlearn.exercises.checking import verdict
from tests.exercises.wrong_answers import WRONG

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
SOLUTION = re.compile(r"<details><summary>Solution</summary>\s*```python\n(.*?)```", re.DOTALL)
HINTS = 2


def exercises(notebook) -> dict[str, tuple[str, str, str]]:
    """Name → the text before the starter cell, the starter cell, and the text after it."""
    cells = notebook.cells
    return {
        name: (cells[n - 1].source, cell.source, cells[n + 1].source)
        for n, cell in enumerate(cells)
        if "exercise" in cell.metadata.get("tags", [])
        for name in re.findall(r'check\("([\w.]+)"', cell.source)
    }


OF_NOTEBOOK = {path.stem: nbformat.read(path, as_version=4) for path in NOTEBOOKS}
ALL = [(stem, name) for stem, notebook in OF_NOTEBOOK.items() for name in exercises(notebook)]


def imported(notebook) -> dict[str, object]:
    """What the imports of a notebook bind. A solution needs no other cell."""
    namespace: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            nodes = ast.parse(re.sub(r"(?m)^[%!].*$", "pass", cell.source)).body
            kept = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
            exec(compile(ast.Module(kept, []), "imports", "exec"), namespace)
    return namespace


@pytest.mark.parametrize(("stem", "name"), ALL)
def test_the_solution_passes(stem, name, capsys):
    notebook = OF_NOTEBOOK[stem]
    _, starter, after = exercises(notebook)[name]
    [solution] = SOLUTION.findall(after)
    namespace = imported(notebook)
    exec(solution, namespace)
    exec(
        "\n".join(re.findall(r"^check\(.*\)$", starter, re.MULTILINE)), namespace | {"check": check}
    )
    assert capsys.readouterr().out == f"{name}: right.\n"


@pytest.mark.parametrize(("stem", "name"), ALL)
def test_an_exercise_has_a_level_minutes_and_two_hints(stem, name):
    before, starter, _ = exercises(OF_NOTEBOOK[stem])[name]
    assert re.search(r"^#+ Your turn\b", before, re.MULTILINE)
    assert re.search(r"\*(Easy|Medium|Hard), \d+ minutes\.\*", before)
    assert before.count("<details><summary>Hint") == HINTS
    assert "..." in starter


@pytest.mark.parametrize(("stem", "name"), ALL)
def test_the_notebook_shows_the_exercise_open(stem, name):
    [output] = [
        cell.outputs
        for cell in OF_NOTEBOOK[stem].cells
        if cell.cell_type == "code" and f'check("{name}"' in cell.source
    ]
    assert f"{name}: open." in output[0].text


def test_every_check_belongs_to_one_exercise():
    assert sorted(name for _, name in ALL) == sorted(CHECKS)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_three_typical_wrong_answers_are_named(name):
    assert len(WRONG[name]) >= 3
    for answer, words in WRONG[name]:
        said = verdict(name, answer)
        assert said.startswith("not yet. ") and words in said


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_no_answer_makes_a_check_raise(name):
    def stops(*args):
        raise KeyError("x")

    for answer in ("text", -1, [], stops, lambda *args: "text", lambda *args: [], lambda: 1):
        assert verdict(name, answer).startswith("not yet. ")
    for answer in (None, ..., lambda *args: None):
        assert verdict(name, answer).startswith(("open. ", "not yet. "))


def test_an_unknown_exercise_is_answered_with_the_nearest(capsys):
    check("flow.clean_pictures", 1)
    assert "did you mean 'flow.clean_picture'?" in capsys.readouterr().out
