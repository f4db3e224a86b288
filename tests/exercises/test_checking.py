"""Every exercise: its solution passes, typical wrong answers are named, an open one is kind."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from cmlearn.exercises import CHECKS, check
from cmlearn.exercises.checking import (
    MistakeError,
    UnansweredError,
    call,
    close,
    expect_close,
    verdict,
)
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
def test_the_starter_is_open_as_it_stands(stem, name, capsys):
    _, starter, _ = exercises(OF_NOTEBOOK[stem])[name]
    exec(starter, imported(OF_NOTEBOOK[stem]) | {"check": check})
    assert capsys.readouterr().out.startswith(f"{name}: open.")


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
    for answer in (None, ...):
        assert verdict(name, answer).startswith("open. ")
    assert verdict(name, lambda *args: None).startswith("not yet. ")


def stub(a, *more, key=1, **named): ...


def stub_with_docstring(a):
    """Say what it will do."""
    ...


def starter(a):
    a += 1
    return ...


def without_return(a):
    a += 1


def only_for_some(a):
    return a if a > 5 else None


class Callable:
    def __call__(self, a):
        return None


@pytest.mark.parametrize("function", [stub, stub_with_docstring, starter])
def test_what_is_not_written_is_open(function):
    with pytest.raises(UnansweredError):
        call(function, 1)


@pytest.mark.parametrize(
    "function", [without_return, only_for_some, lambda a: None, print, Callable()]
)
def test_a_written_function_that_returns_nothing_is_named(function, capsys):
    with pytest.raises(MistakeError, match="It returns nothing: is a `return` missing"):
        call(function, 1)


def test_an_unknown_exercise_is_answered_with_the_nearest(capsys):
    check("flow.clean_pictures", 1)
    assert "did you mean 'flow.clean_picture'?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "wanted", "right"),
    [
        (torch.tensor([1.0, 2.0], requires_grad=True), [1, 2], True),
        ([torch.tensor(1.0, requires_grad=True), torch.tensor(2.0)], [1, 2], True),
        ([torch.tensor([1.0, 2.0], requires_grad=True)], [[1, 3]], False),
        (torch.ones(2, device="meta"), [1, 1], False),
        (np.array([1.0, 2.0]), torch.tensor([1.0, 2.1]), False),
        ([1.0, 2.0], [[1.0, 2.0]], False),
        (3, 3.0, True),
        (float("nan"), 1.0, False),
        ([1.0, float("nan")], [1.0, float("nan")], True),
        ("text", 1.0, False),
        ([[1], [2, 3]], 1.0, False),
    ],
)
def test_close_compares_shapes_and_numbers(value, wanted, right):
    assert close(value, wanted) is right


def test_expect_close_names_the_mistake_that_was_made():
    mistakes = [(2.0, "doubled"), (0.5, "halved")]
    expect_close(1.0, 1.0, "other", mistakes)
    for value, message in ((2.0, "doubled"), (0.5, "halved"), (7.0, "other")):
        with pytest.raises(MistakeError, match=message):
            expect_close(value, 1.0, "other", mistakes)


def test_a_mistake_that_happens_to_be_right_is_right():
    expect_close(1.0, 1.0, "other", [(1.0, "a mistake that changes nothing here")])


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_checking_leaves_the_random_numbers_of_the_notebook_alone(name):
    torch.manual_seed(0)
    np.random.seed(0)
    before = torch.get_rng_state(), np.random.get_state()[1]
    for answer, _ in WRONG[name]:
        verdict(name, answer)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()
