"""Checks of the exercises on flow matching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from cmlearn.exercises.checking import Check, call, expect, expect_shape
from cmlearn.exercises.comparing import expect_array, expect_sizes, expect_value


def check_clean_picture(answer: Any) -> None:
    """`clean_picture(x_t, t, velocity)` returns the clean pictures, (B, 3, H, W)."""
    rng = torch.Generator().manual_seed(0)
    picture, noise = torch.randn(2, 2, 3, 4, 5, generator=rng)
    t = torch.tensor([0.2, 0.7])
    far = t.view(-1, 1, 1, 1)
    x_t, velocity = far * picture + (1 - far) * noise, picture - noise
    found = call(answer, x_t, t, velocity)
    expect_shape(found, tuple(picture.shape), "(B, 3, H, W)")
    expect(
        not torch.allclose(found, noise, atol=1e-4),
        "That is the noise, the other end of the line.",
    )
    expect(
        not torch.allclose(found, x_t + velocity, atol=1e-4),
        "You go on for a whole unit of time. How much time is left at t?",
    )
    expect(
        torch.allclose(found, picture, atol=1e-4),
        "Where the velocity is exact, the result has to be the picture x. Yours is not.",
    )


def check_patches(answer: Any) -> None:
    """`cut_patches(images, size)` returns patches, (B, N, 3·size²), row by row."""
    images = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    grid = images.reshape(2, 3, 3, 2, 3, 2)  # (B, C, row of patches, y, column of patches, x)
    wanted = grid.permute(0, 2, 4, 1, 3, 5).reshape(2, 9, 12)
    expect_array(
        call(answer, images, 2),
        wanted,
        "(B, N, values)",
        {
            "Reshape alone cuts rows of pixels, not squares.": images.reshape(2, 9, 12),
            "The patches go down the columns. They should go along the rows.": (
                grid.permute(0, 4, 2, 1, 3, 5).reshape(2, 9, 12)
            ),
            "In a patch, the three colours of a pixel stand together. Colour comes first.": (
                grid.permute(0, 2, 4, 3, 5, 1).reshape(2, 9, 12)
            ),
            "Rows and columns are swapped within each patch.": (
                grid.permute(0, 2, 4, 1, 5, 3).reshape(2, 9, 12)
            ),
            "Your patches are made of pixels that lie far apart, not side by side.": (
                images.reshape(2, 3, 2, 3, 2, 3).permute(0, 3, 5, 1, 2, 4).reshape(2, 9, 12)
            ),
        },
        "Each patch is a square of neighbouring pixels: all its red values, then green, then blue.",
    )


def check_weights_shape(answer: Any) -> None:
    """The shape of the attention weights on patches and words."""
    expect_sizes(
        answer,
        (2, 6, 64, 76),
        {
            "Words have keys and values here, but no queries.": (2, 6, 76, 76),
            "Patches attend to words, too.": (2, 6, 64, 64),
            "Patches attend to each other, too, not to words alone.": (2, 6, 64, 12),
            "Rows are queries, columns are keys; you swapped them.": (2, 6, 76, 64),
            "The patches lie in rows and columns. How many are there in all?": (2, 6, 8, 20),
            "That is a sticker of 32 × 32. This picture is larger.": (2, 6, 16, 28),
        },
        "Pictures, heads, queries, keys. Which tokens have queries, and which have keys?",
    )


def check_early_share(answer: Any) -> None:
    """The share of a logit-normal's times below a half."""
    expect_value(
        answer,
        float(torch.special.ndtr(torch.tensor(1.0))),
        {
            "That would be uniform times. Ours lean to one side.": 0.5,
            "That is the median time. Which share lies below 0.5?": 0.31,
            "That is the share above 0.5.": 0.1587,
            "The deviation is not 1. Divide by TIME_SPREAD.": 0.7881,
            "Give a share from 0 to 1.": 84.13,
        },
        "Times below 0.5 have a logit below 0. How often is a normal number of ours below 0?",
        within=0.015,
    )


def check_error_weight(answer: Any) -> None:
    """How many times more an error weighs in the loss at t = 0.99 than at t = 0."""
    expect_value(
        answer,
        400.0,
        {
            "1 − t has a lower bound in the code.": 10_000.0,
            "The error is divided first, and squared after it.": 20.0,
            "1 − t has a lower bound, and the quotient is squared.": 100.0,
            "That is how many times less it weighs at t = 0.": 1 / 400,
        },
        "Write down the factor before the squared error at both times. What is their quotient?",
    )


def check_word_guidance(answer: Any) -> None:
    """`by_words(null, kind, colour, kind_weight, colour_weight)` adds two guidances."""
    null, kind, colour = torch.randn(3, 2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    wanted = null + 2.0 * (kind - null) + 0.5 * (colour - null)
    expect_array(
        call(answer, null, kind, colour, 2.0, 0.5),
        wanted,
        "(B, 3, H, W)",
        {
            "The two weights are swapped.": null + 0.5 * (kind - null) + 2.0 * (colour - null),
            "The null prediction itself is missing; you have the directions alone.": wanted - null,
            "The null prediction is there twice: once is enough.": wanted + null,
            "Both directions start from the null prediction, not from each other.": (
                null + 2.0 * (kind - null) + 0.5 * (colour - kind)
            ),
            "A direction is a difference from the null prediction.": (
                null + 2.0 * kind + 0.5 * colour
            ),
        },
        "Start at the null prediction; add each word's direction, times its weight.",
    )


def check_heun(answer: Any) -> None:
    """`heun(predict, noise, steps)` integrates by Heun's method, with Euler's last step."""

    def predict(x: Tensor, t: float) -> Tensor:
        return torch.tanh(1.5 * x) + t * t

    noise = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    found = call(answer, predict, noise, 4)
    expect_shape(found, tuple(noise.shape), "(B, 3, H, W)")
    by_zero = "At t = 1 the velocity divides by zero. End with a plain step of Euler's."
    expect(found.isfinite().all(), by_zero)
    expect_array(
        found,
        _integrate(predict, noise, lambda v, x, moved, after: (v + after(moved)) / 2),
        "(B, 3, H, W)",
        {
            "That is Euler's method.": _integrate(predict, noise, lambda v, *_: v),
            "The second prediction is made at the old x. Make it where the step ended.": (
                _integrate(predict, noise, lambda v, x, moved, after: (v + after(x)) / 2)
            ),
            "You go on with the second velocity alone. Take the mean of both.": (
                _integrate(predict, noise, lambda v, x, moved, after: after(moved))
            ),
            "You add both velocities. Take their mean.": (
                _integrate(predict, noise, lambda v, x, moved, after: v + after(moved))
            ),
        },
        "Step, predict again at the later time, go back, and step with the mean of both.",
    )


def _integrate(
    predict: Callable[[Tensor, float], Tensor],
    x: Tensor,
    mix: Callable[..., Tensor],
    steps: int = 4,
) -> Tensor:
    for step in range(steps):
        t, later = step / steps, (step + 1) / steps

        def after(at: Tensor, later: float = later) -> Tensor:
            return (predict(at, later) - at) / (1 - later)

        velocity = (predict(x, t) - x) / (1 - t)
        moved = x + velocity / steps
        x = moved if step == steps - 1 else x + mix(velocity, x, moved, after) / steps
    return x


CHECKS: dict[str, Check] = {
    "flow.clean_picture": check_clean_picture,
    "flow.patches": check_patches,
    "flow.weights_shape": check_weights_shape,
    "flow.early_share": check_early_share,
    "flow.error_weight": check_error_weight,
    "flow.word_guidance": check_word_guidance,
    "flow.heun": check_heun,
}
