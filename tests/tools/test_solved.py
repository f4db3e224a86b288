"""Tests of tools.solved."""

from __future__ import annotations

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cmlearn.exercises import check
from tools import tidy
from tools.folders import find_notebooks
from tools.solved import exercises_of, for_nbgrader, solved, table, write_solved

TEXT = "### Your turn · x\n\n*Medium, 5 minutes.* Write it."
STARTER = 'def share(claims): ...\n\n\ncheck("start.share_all_true", share)'
RIGHT = "def share(claims):\n    return np.mean([all(row) for row in claims])"
FOLDED = f"<details><summary>Solution</summary>\n\n```python\n{RIGHT}\n```\n\n</details>"


def toy(text=TEXT, starter=STARTER, folded=FOLDED):
    cells = [
        new_code_cell("import numpy as np\n\nfrom cmlearn.exercises import check"),
        new_markdown_cell(text),
        new_code_cell(starter, metadata={"tags": ["exercise"]}, execution_count=2),
        new_markdown_cell(folded),
        new_code_cell("print(1)", outputs=[new_output("stream", text="1\n")], execution_count=3),
    ]
    return new_notebook(cells=cells)


def run(notebook) -> dict[str, object]:
    namespace: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
    return namespace


def released(notebook):
    """What a student gets: `nbgrader generate_assignment` cuts the solution regions out."""
    for cell in notebook.cells:
        cell.source = re.sub(
            r"### BEGIN SOLUTION.*?### END SOLUTION", "# ", cell.source, flags=re.DOTALL
        )
    return notebook


def test_the_solved_copy_is_right_and_has_no_folded_solution(capsys):
    copy = solved(toy())
    run(copy)
    assert capsys.readouterr().out == "start.share_all_true: right.\n1\n"
    assert [cell.cell_type for cell in copy.cells] == ["code", "markdown", "code", "code"]
    assert "..." not in copy.cells[2].source
    assert all(not c.outputs and c.execution_count is None for c in copy.cells if "outputs" in c)


def test_copies_leave_the_notebook_as_it_was():
    notebook = toy()
    solved(notebook)
    for_nbgrader(notebook)
    assert [c.source for c in notebook.cells] == [c.source for c in toy().cells]
    assert notebook.cells[4].outputs and notebook.cells[4].execution_count == 3


def test_the_teachers_copy_for_nbgrader_passes_its_own_grading():
    run(for_nbgrader(toy()))


def test_what_students_get_is_open_and_fails_until_it_is_right(capsys):
    student = released(for_nbgrader(toy()))
    assert RIGHT not in "".join(cell.source for cell in student.cells)
    with pytest.raises(AssertionError, match=r"open\."):
        run(student)
    assert "start.share_all_true: open." in capsys.readouterr().out
    student.cells[2].source = student.cells[2].source.replace("...", "return 1.0")
    with pytest.raises(AssertionError, match=r"not yet\."):
        run(student)
    student.cells[2].source = RIGHT
    run(student)


def test_nbgrader_finds_an_answer_and_a_graded_cell():
    copy = for_nbgrader(toy())
    answer, graded = (cell.metadata["nbgrader"] for cell in copy.cells[2:4])
    assert answer["solution"] and not answer["grade"] and not answer["locked"]
    assert graded["grade"] and graded["locked"] and graded["points"] == 2
    assert re.fullmatch(r"[\w-]+", answer["grade_id"]) and answer["grade_id"] != graded["grade_id"]


def test_the_table_counts_exercises_minutes_and_points(tmp_path):
    notebook = toy()
    notebook.cells += toy(text=TEXT.replace("Medium, 5", "Hard, 20")).cells
    tidy.write(notebook, tmp_path / "00_toy.ipynb")
    assert table([tmp_path / "00_toy.ipynb"]).splitlines()[1].split() == ["00_toy", "2", "25", "5"]


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ({"text": "### Your turn"}, "no level before it"),
        ({"starter": "def share(claims): ..."}, "no check in it"),
        ({"folded": "Next."}, "no solution after it"),
    ],
)
def test_an_exercise_that_is_not_whole_is_named(spoilt, message):
    with pytest.raises(ValueError, match=f"cell 2, tagged 'exercise', has {message}"):
        exercises_of(toy(**spoilt))


@pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
def test_every_exercise_of_the_course_is_written_whole(path, tmp_path):
    notebook = tidy.read(path)
    exercises = exercises_of(notebook)
    files = [str(f.relative_to(tmp_path)) for f in write_solved([path], tmp_path)]
    source = f"nbgrader/source/{path.stem}/{path.name}"
    assert files == [
        f"solved/{path.name}",
        *([source] if exercises else []),
        "nbgrader/nbgrader_config.py",
    ]
    for exercise in exercises:
        namespace = {"check": check}
        exec(exercise.starter, namespace)  # binds what is checked
        eval(exercise.answer, namespace)
    if exercises:
        copy = tidy.read(tmp_path / source)
        graded = [c.metadata["nbgrader"] for c in copy.cells if "nbgrader" in c.metadata]
        assert len({each["grade_id"] for each in graded}) == len(graded) == 2 * len(exercises)
        assert sum(c.source.count("### BEGIN SOLUTION") for c in copy.cells) == len(exercises)
