"""Compares an answer with the right one, and with what typical mistakes would give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmlearn.exercises.checking import close, expect, expect_close, expect_number, expect_shape


def expect_value(
    value: Any, wanted: float, mistakes: Mapping[str, float], otherwise: str, within: float = 1e-3
) -> None:
    """Raise `MistakeError` unless a value is one number, and near the wanted one.

    Args:
        value: what the learner's code returned: a number, or an array or tensor with one element.
        wanted: the right number.
        mistakes: what to say → the number that this mistake gives.
        otherwise: what to say of any other number.
        within: the allowed difference, relative where the number is above 1.
    """
    named = [text for text, wrong in mistakes.items() if close(value, wrong, within)]
    expect_number(value, wanted, [*named, otherwise][0], within)


def expect_array(
    value: Any,
    wanted: Any,
    meaning: str,
    mistakes: Mapping[str, Any],
    otherwise: str,
    within: float = 1e-4,
) -> None:
    """Raise `MistakeError` unless an array or a tensor is the wanted one.

    Args:
        value: what the learner's code returned.
        wanted: the right array or tensor.
        meaning: its dimensions in words, such as "(pictures, tokens)".
        mistakes: what to say → the array or tensor that this mistake gives.
        otherwise: what to say of any other one of the right shape.
        within: the allowed difference of each element, relative where it is above 1.
    """
    expect_shape(value, tuple(wanted.shape), meaning)
    pairs = [(wrong, text) for text, wrong in mistakes.items()]
    expect_close(value, wanted, otherwise, pairs, within)


def expect_sizes(
    value: Any, wanted: tuple[int, ...], mistakes: Mapping[str, tuple[int, ...]], otherwise: str
) -> None:
    """Raise `MistakeError` unless a value is the wanted shape.

    Args:
        value: the learner's answer: a tuple, a list or a `torch.Size`.
        wanted: the right shape.
        mistakes: what to say → the shape that this mistake gives.
        otherwise: what to say of any other shape of as many dimensions.
    """
    expect(isinstance(value, tuple | list), f"Write a tuple such as (5, 3), not {value!r}.")
    sizes = tuple(value)
    named = [text for text, wrong in mistakes.items() if sizes == wrong]
    count = f"Your shape has {len(sizes)} dimensions; the question names {len(wanted)}."
    expect(len(sizes) == len(wanted) or named, count)
    expect(sizes == wanted, [*named, otherwise][0])
