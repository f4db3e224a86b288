"""`check`: tells a learner whether an answer is right, and if not, what is wrong with it."""

from __future__ import annotations

import copy
import dis
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np

Check = Callable[[Any], None]  # returns if the answer is right; otherwise raises one of the below


class UnansweredError(Exception):
    """The answer has not been written yet."""


class MistakeError(Exception):
    """The answer is wrong; the message says what is wrong with it, not what would be right."""


def check(name: str, answer: Any) -> None:
    """Print whether the answer to an exercise is right, still open, or wrong and why.

    It never raises, so that a notebook with open exercises runs to its end.

    Args:
        name: of the exercise, such as "vqa.count".
        answer: the learner's function or value; `...` and None count as not written yet.
    """
    print(f"{name}: {verdict(name, answer)}")


def verdict(name: str, answer: Any) -> str:
    """Return what `check` prints after the name of the exercise."""
    from cmlearn.exercises.registry import CHECKS

    if name not in CHECKS:
        near = get_close_matches(name, CHECKS, n=1)
        return "there is no such exercise" + (f"; did you mean {near[0]!r}?" if near else "")
    try:
        if answer is None or answer is ...:
            raise UnansweredError
        CHECKS[name](answer)
    except UnansweredError:
        return "open. Replace the three dots, then run this cell again."
    except MistakeError as mistake:
        return f"not yet. {mistake}"
    except Exception as error:
        return f"not yet. It stopped with {type(error).__name__}: {error}"
    return "right."


def expect(condition: object, message: str) -> None:
    """Raise `MistakeError` with this message unless the condition holds."""
    if not bool(condition):
        raise MistakeError(message)


def call(function: Any, *arguments: Any, **named: Any) -> Any:
    """Call a learner's function on copies of the arguments, and return what it returns.

    Raises:
        UnansweredError: it is not written yet.
        MistakeError: it is no function, or returns nothing although it is written.
    """
    expect(callable(function), f"Pass the function itself, not {type(function).__name__}.")
    copies = copy.deepcopy((arguments, named))
    result = function(*copies[0], **copies[1])
    if result is ... or (result is None and is_stub(function)):
        raise UnansweredError
    expect(result is not None, "It returns nothing: is a `return` missing?")
    return result


def is_stub(function: Any) -> bool:
    """Return whether a function has no code: `def f(x): ...`, with or without a docstring."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_name == "<lambda>":  # `lambda: None` is written
        return False
    return all(
        step.opname in ("RESUME", "NOP", "RETURN_VALUE")
        or (step.opname in ("LOAD_CONST", "RETURN_CONST") and step.argval is None)
        for step in dis.get_instructions(code)
    )


def expect_number(value: Any, wanted: float, message: str, within: float = 1e-4) -> None:
    """Raise `MistakeError` unless a value is one number, and near the wanted one.

    Args:
        value: what the learner's code returned: a number, or an array or tensor with one element.
        wanted: the right number.
        message: what is wrong if the number is another.
        within: the allowed difference, relative where the number is above 1.
    """
    shape = tuple(getattr(value, "shape", ()))
    expect(shape in ((), (1,)), f"Return one number; yours has the shape {shape}.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise MistakeError(f"Return a number, not {type(value).__name__}.") from None
    expect(abs(number - wanted) <= within * max(1.0, abs(wanted)), message)


def expect_shape(value: Any, wanted: tuple[int, ...], meaning: str) -> None:
    """Raise `MistakeError` unless an array or a tensor has the wanted shape.

    Args:
        value: what the learner's code returned.
        wanted: the right shape.
        meaning: its dimensions in words, such as "(pictures, tokens)".
    """
    expect(hasattr(value, "shape"), f"Return a tensor, not {type(value).__name__}.")
    shape = tuple(value.shape)
    expect(shape == wanted, f"The shape {meaning} would be {wanted} here; yours is {shape}.")


def expect_close(
    value: Any,
    wanted: Any,
    otherwise: str,
    mistakes: Iterable[tuple[Any, str]] = (),
    within: float = 1e-4,
) -> None:
    """Raise `MistakeError` unless a value is near the wanted one, number by number.

    Args:
        value: what the learner's code returned: a number, an array, a tensor or a list of numbers.
        wanted: the right value.
        otherwise: what is wrong if the value is that of no known mistake.
        mistakes: pairs of the value that a typical mistake gives and of the message that names it.
        within: the allowed difference, relative where a number is above 1.
    """
    if close(value, wanted, within):
        return
    for wrong, message in mistakes:
        expect(not close(value, wrong, within), message)
    raise MistakeError(otherwise)


def close(value: Any, wanted: Any, within: float = 1e-4) -> bool:
    """Return whether two values have one shape and nearly the same numbers, NaN equal to NaN."""
    try:
        found, right = numbers(value), numbers(wanted)
    except (TypeError, ValueError, RuntimeError):  # RuntimeError: torch's for tensors without data
        return False
    return found.shape == right.shape and np.allclose(found, right, within, within, equal_nan=True)


def numbers(value: Any) -> np.ndarray:
    """Return numbers, an array, a tensor or a list of numbers as a float64 array."""
    if isinstance(value, list | tuple):
        value = [numbers(each) for each in value]  # tensors, perhaps with a gradient
    elif hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value, dtype=np.float64)
