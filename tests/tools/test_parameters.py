"""Tests of tools.parameters."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools.parameters import parameters_of, set_parameters


def notebook(source: str):
    cells = [new_code_cell("x = 1"), new_code_cell(source, metadata={"tags": ["parameters"]})]
    return new_notebook(cells=cells)


def test_the_names_in_the_cell_are_the_parameters():
    assert parameters_of(notebook("A = 1\nB, C = 2, 3  # two\nD: int = 4")) == ("A", "B", "C")
    assert parameters_of(new_notebook()) == ()


def test_values_are_set_after_those_that_ship():
    toy = notebook("DATA = None\nSTEPS = 500")
    set_parameters(toy, {"DATA": "coco:/it's here", "STEPS": (1, 2)}, "00_toy")
    values: dict[str, object] = {}
    exec(toy.cells[1].source, values)
    assert (values["DATA"], values["STEPS"]) == ("coco:/it's here", (1, 2))


def test_a_parameter_that_is_none_is_named():
    with pytest.raises(ValueError, match="00_toy has no parameter 'LIMIT'; it has STEPS"):
        set_parameters(notebook("STEPS = 500"), {"LIMIT": 3}, "00_toy")
    with pytest.raises(ValueError, match="it has none"):
        set_parameters(new_notebook(), {"LIMIT": 3}, "00_toy")
