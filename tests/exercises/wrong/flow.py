"""Typical wrong answers to the exercises on flow matching."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


def squares(order):
    def cut_patches(images, size):
        batch, colours, height, width = images.shape
        grid = images.reshape(batch, colours, height // size, size, width // size, size)
        return grid.permute(order).reshape(batch, -1, colours * size * size)

    return cut_patches


def integrate(mix, euler_last=True):
    def heun(predict, noise, steps):
        x = noise
        for step in range(steps):
            t, later = step / steps, (step + 1) / steps
            velocity = (predict(x, t) - x) / (1 - t)
            moved = x + velocity / steps
            if euler_last and step == steps - 1:
                return moved
            left = 1 - later if euler_last else torch.tensor(1 - later)
            x = x + mix(velocity, x, moved, lambda at: (predict(at, later) - at) / left) / steps  # noqa: B023
        return x

    return heun


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "flow.clean_picture": [
        (lambda x_t, t, velocity: x_t + velocity, "whole unit of time"),
        (lambda x_t, t, velocity: x_t - t.view(-1, 1, 1, 1) * velocity, "noise"),
        (lambda x_t, t, velocity: x_t + t.view(-1, 1, 1, 1) * velocity, "has to be the picture"),
        (lambda x_t, t, velocity: (x_t + velocity).mean(), "shape"),
    ],
    "flow.patches": [
        (lambda images, size: images.reshape(len(images), -1, 3 * size * size), "Reshape alone"),
        (squares((0, 4, 2, 1, 3, 5)), "down the columns"),
        (squares((0, 2, 4, 3, 5, 1)), "Colour comes first"),
        (squares((0, 2, 4, 1, 5, 3)), "swapped within each patch"),
        (lambda images, size: F.unfold(images, size, stride=size), "(B, N, values)"),
    ],
    "flow.weights_shape": [
        ((2, 6, 76, 76), "no queries"),
        ((2, 6, 64, 64), "attend to words, too"),
        ((2, 6, 76, 64), "you swapped them"),
        ((2, 6, 8, 20), "How many are there in all"),
        ((2, 64, 76), "3 dimensions"),
    ],
    "flow.early_share": [
        (0.5, "uniform times"),
        (0.31, "median time"),
        (0.16, "above 0.5"),
        (0.788, "Divide by TIME_SPREAD"),
        (84, "from 0 to 1"),
    ],
    "flow.error_weight": [
        (10_000, "lower bound in the code"),
        (20, "squared after it"),
        (100, "lower bound, and"),
        (0.0025, "times less"),
        (99, "quotient"),
    ],
    "flow.word_guidance": [
        (lambda null, kind, colour, v, w: v * (kind - null) + w * (colour - null), "is missing"),
        (lambda null, kind, colour, v, w: null + v * kind + w * colour, "is a difference"),
        (
            lambda null, kind, colour, v, w: null + v * (kind - null) + w * (colour - kind),
            "not from each other",
        ),
        (
            lambda null, kind, colour, v, w: null + w * (kind - null) + v * (colour - null),
            "swapped",
        ),
    ],
    "flow.heun": [
        (integrate(lambda v, x, moved, after: v), "Euler's method"),
        (integrate(lambda v, x, moved, after: (v + after(x)) / 2), "at the old x"),
        (integrate(lambda v, x, moved, after: (v + after(moved)) / 2, False), "by zero"),
        (integrate(lambda v, x, moved, after: after(moved)), "second velocity alone"),
        (integrate(lambda v, x, moved, after: v + after(moved)), "add both"),
    ],
}
