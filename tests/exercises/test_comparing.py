"""An answer is right, or one of the named mistakes, or wrong in a way of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cmlearn.exercises.checking import MistakeError
from cmlearn.exercises.comparing import expect_array, expect_sizes, expect_value


def message(function, *arguments) -> str:
    try:
        function(*arguments)
    except MistakeError as mistake:
        return str(mistake)
    return "right"


@pytest.mark.parametrize(
    ("value", "said"),
    [(2.5, "right"), (torch.tensor([2.5]), "right"), (6.25, "squared"), (7, "other"), ("2.5x", "")],
)
def test_a_number_is_compared_with_the_right_one_and_the_mistakes(value, said):
    assert said in message(expect_value, value, 2.5, {"squared": 6.25}, "other")


def test_nan_is_no_number():
    assert message(expect_value, np.nan, 2.5, {"squared": 6.25}, "other") == "other"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.tensor([[1.0, 2.0]], requires_grad=True), "right"),
        (np.array([[1, 2]]), "right"),
        (np.array([[2, 1]]), "reversed"),
        (np.array([[0, 1]]), "other"),
        (np.array([[np.nan, 2]]), "other"),
        (np.array([1, 2]), "(rows, numbers)"),
        ([[1, 2]], "list"),
    ],
)
def test_an_array_is_compared_with_the_right_one_and_the_mistakes(value, said):
    wanted, mistakes = np.array([[1.0, 2.0]]), {"reversed": np.array([[2.0, 1.0]])}
    assert said in message(expect_array, value, wanted, "(rows, numbers)", mistakes, "other")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((2, 3), "right"),
        ([2, 3], "right"),
        (torch.Size([2, 3]), "right"),
        ((3, 2), "swapped"),
        ((2,), "1 dimensions"),
        ((2, 4), "other"),
        (6, "a tuple"),
    ],
)
def test_a_shape_is_compared_with_the_right_one_and_the_mistakes(value, said):
    assert said in message(expect_sizes, value, (2, 3), {"swapped": (3, 2)}, "other")
