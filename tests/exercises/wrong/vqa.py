"""Typical wrong answers to the exercises of the topic vqa."""

from __future__ import annotations

from typing import Any

# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "vqa.compare": [
        (lambda how, first, second: first > second, "not bool"),
        (lambda how, first, second: "yes" if first > second else "no", "Are there fewer"),
        (lambda how, first, second: "more" if first > second else "fewer", "not 'more'"),
        (
            lambda how, first, second: (
                "yes" if (first > second) == (how == "more") and first != second else "no"
            ),
            "as many",
        ),
    ],
    "vqa.reason": [
        (lambda number, kind: f"there is no {kind}", "exactly one boat"),
        (lambda number, kind: "" if number else "there is no boat", "which one is meant"),
        (lambda number, kind: "" if number == 1 else "I cannot tell", "different reasons"),
        (lambda number, kind: {0: "nothing there", 1: ""}.get(number, "2 boats"), '"no boat"'),
    ],
    "vqa.balance": [
        (lambda answers: [a for a in answers if a == "yes"], "not the answers"),
        (lambda answers: [n for n, a in enumerate(answers) if a == "yes"], "is missing"),
        (lambda answers: list(range(len(answers))), "equally frequent"),
        (lambda answers: [0, 5], "more out than"),
    ],
    "vqa.film": [
        (lambda x, scale, shift: x * scale.unsqueeze(1) + shift.unsqueeze(1), "vanish"),
        (lambda x, scale, shift: x * (1 + scale.unsqueeze(1)), "shift is missing"),
        (lambda x, scale, shift: (x * (1 + scale.unsqueeze(1))).mean(1), "shape"),
    ],
    "vqa.majority": [
        (
            lambda known, asked: asked.count(max({*asked}, key=asked.count)) / len(asked),
            "cannot see",
        ),
        (lambda known, asked: asked.count("red"), "number of right guesses"),
        (lambda known, asked: known.count("red") / len(known), "one fixed guess"),
    ],
}
