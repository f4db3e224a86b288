"""Writes copies of the notebooks for teachers: with the solutions filled in, and for nbgrader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools import tidy
from tools.folders import check_writable

EXERCISE = "exercise"  # tag of a starter cell
SOLUTION = re.compile(r"<details><summary>Solution</summary>\s*```python\n(.*?)\n```", re.DOTALL)
CHECK = re.compile(r'^check\("([\w.]+)", (.+)\)$', re.MULTILINE)
LEVEL = re.compile(r"\*(Easy|Medium|Hard), (\d+) minutes\.\*")
POINTS = {"Easy": 1, "Medium": 2, "Hard": 3}
# nbgrader puts its stub where the solution stood, below the starter.
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "cmlearn"
c.ClearSolutions.code_stub = {"python": "# Replace the three dots above."}
c.ExecutePreprocessor.timeout = 900  # seconds for one cell; the longest trains for some minutes
"""


@dataclass(frozen=True)
class Exercise:
    """An exercise of a notebook.

    Attributes:
        cell: index of the starter cell.
        name: what `check` knows it by, such as "flow.clean_picture".
        answer: the expression that is checked, such as "clean_picture".
        starter: code of the starter cell, without the check.
        solution: code that answers it.
        minutes: how long it takes, as the notebook says.
        points: what it is worth, by its level.
    """

    cell: int
    name: str
    answer: str
    starter: str
    solution: str
    minutes: int
    points: int

    @property
    def check(self) -> str:
        """The line that tells whether the answer is right."""
        return f'check("{self.name}", {self.answer})'


def exercises_of(notebook: NotebookNode) -> list[Exercise]:
    """Return the exercises of a notebook, in order.

    Raises:
        ValueError: a starter cell has no check, no level before it, or no solution after it.
    """
    tagged = [n for n, c in enumerate(notebook.cells) if EXERCISE in c.metadata.get("tags", [])]
    return [_exercise(notebook.cells, n) for n in tagged]


def _exercise(cells: Sequence[NotebookNode], n: int) -> Exercise:
    around = [cells[i].source if 0 <= i < len(cells) else "" for i in (n - 1, n, n + 1)]
    level, check, solution = (
        pattern.search(text) for pattern, text in zip((LEVEL, CHECK, SOLUTION), around, strict=True)
    )
    if not (level and check and solution):
        found = {"level before it": level, "check in it": check, "solution after it": solution}
        missing = ", ".join(name for name, match in found.items() if not match)
        raise ValueError(f"cell {n}, tagged {EXERCISE!r}, has no {missing}")
    starter = around[1][: check.start()].rstrip()
    minutes, points = int(level[2]), POINTS[level[1]]
    return Exercise(n, check[1], check[2], starter, solution[1], minutes, points)


def solved(notebook: NotebookNode) -> NotebookNode:
    """Return a copy whose starter cells are answered, without outputs and folded solutions."""
    return _copy(notebook, lambda e: [_code(f"{e.solution}\n\n\n{e.check}", {"tags": [EXERCISE]})])


def for_nbgrader(notebook: NotebookNode) -> NotebookNode:
    """Return a copy as nbgrader takes it: a solution region and a graded cell for each exercise.

    `nbgrader generate_assignment` cuts the region out, and the starter is left. The graded cell
    asserts what `check` says of the answer.
    """
    return _copy(notebook, lambda e: [_answer_cell(e), _graded_cell(e)])


def _copy(
    notebook: NotebookNode, replace: Callable[[Exercise], list[NotebookNode]]
) -> NotebookNode:
    exercises = {exercise.cell: exercise for exercise in exercises_of(notebook)}
    copy = tidy.tidy(notebook)
    cells: list[NotebookNode] = []
    for n, cell in enumerate(copy.cells):
        if n in exercises:
            cells += replace(exercises[n])
        elif n - 1 not in exercises:  # what follows a starter is its folded solution
            cells.append(cell)
    copy.cells = cells
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return tidy.tidy(copy)


def _answer_cell(exercise: Exercise) -> NotebookNode:
    """The starter, then the solution between nbgrader's marks, then the check."""
    region = f"### BEGIN SOLUTION\n{exercise.solution}\n### END SOLUTION"
    source = "\n\n\n".join([exercise.starter, region, exercise.check])
    return _code(source, {"tags": [EXERCISE], "nbgrader": _grading(exercise.name, solution=True)})


def _graded_cell(exercise: Exercise) -> NotebookNode:
    found = f'verdict("{exercise.name}", {exercise.answer})'
    source = (
        f"from cmlearn.exercises.checking import verdict\n\nassert {found} == 'right.', {found}"
    )
    grading = _grading(f"{exercise.name}.graded", points=exercise.points, grade=True, locked=True)
    return _code(source, {"nbgrader": grading})


def _grading(name: str, **named: object) -> dict[str, object]:
    """nbgrader's own record of a cell, schema 3; its ids have neither dots nor blanks."""
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"schema_version": 3, "grade_id": name.replace(".", "-"), **flags, **named}


def _code(source: str, metadata: dict[str, object]) -> NotebookNode:
    return new_code_cell(source, metadata=metadata)


def table(paths: Sequence[Path]) -> str:
    """Return a row for each notebook: how many exercises, how many minutes, how many points."""
    rows = [f"{'notebook':26}exercises  minutes  points"]
    for path in paths:
        found = exercises_of(tidy.read(path))
        minutes, points = sum(e.minutes for e in found), sum(e.points for e in found)
        rows.append(f"{path.stem:26}{len(found):9}{minutes:9}{points:8}")
    return "\n".join(rows)


def write_solved(paths: Iterable[Path], folder: Path) -> list[Path]:
    """Write both copies of notebooks.

    Args:
        paths: the notebooks.
        folder: gets `solved/` and `nbgrader/`, a course directory with `source/` and a
            configuration. Notebooks without an exercise are no assignment.

    Returns:
        The files that were written.

    Raises:
        ValueError: an exercise is not whole.
        OSError: the folder cannot be written.
    """
    course = folder / "nbgrader"
    check_writable([folder / "solved", course])
    written = []
    for path in paths:
        notebook = tidy.read(path)
        copies = {folder / "solved" / path.name: solved(notebook)}
        if exercises_of(notebook):
            copies[course / "source" / path.stem / path.name] = for_nbgrader(notebook)
        for target, copy in copies.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            tidy.write(copy, target)
        written += list(copies)
    (course / "nbgrader_config.py").write_text(CONFIG, "utf-8")
    return [*written, course / "nbgrader_config.py"]
