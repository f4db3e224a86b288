"""Checks of the exercises on flow matching."""

from __future__ import annotations

from typing import Any

import torch

from cmlearn.exercises.checking import Check, call, expect, expect_shape


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


CHECKS: dict[str, Check] = {"flow.clean_picture": check_clean_picture}
