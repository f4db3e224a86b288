"""Typical wrong answers to the exercises, each with words of the message that it must get."""

from __future__ import annotations

from typing import Any

# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "flow.clean_picture": [
        (lambda x_t, t, velocity: x_t + velocity, "whole unit of time"),
        (lambda x_t, t, velocity: x_t - t.view(-1, 1, 1, 1) * velocity, "noise"),
        (lambda x_t, t, velocity: x_t + t.view(-1, 1, 1, 1) * velocity, "has to be the picture"),
        (lambda x_t, t, velocity: (x_t + velocity).mean(), "shape"),
    ],
}
