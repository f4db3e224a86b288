"""Checks of the exercises on the content studio."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from cmlearn.exercises.checking import Check, call, expect, expect_number, expect_shape


def check_changed_area(answer: Any) -> None:
    """`changed_area(before, after, least)` returns the share of pixels that changed, 0 to 1."""
    before = np.full((2, 5, 3), 100, np.uint8)
    after = before.copy()
    after[0, 0] = (60, 100, 100)  # darker in one channel
    after[0, 1] = (160, 160, 100)
    after[1, 2] = (110, 110, 110)  # less than `least`
    found = call(answer, before, after, 32)
    wrap = (before - after).max(axis=2)
    for wrong, message in (
        (0.3, "uint8 has no negative numbers: 100 - 110 wraps round to 246. Convert first."),
        (float((wrap > 32).mean()), "uint8 has no negative numbers. Convert before you subtract."),
        (0.1, "A pixel that gets darker has changed as well, or one channel alone is enough."),
        (3 / 30, "Count pixels, not channels."),
        (2.0, "Return a share from 0 to 1, not a number of pixels."),
    ):
        number = np.asarray(found)
        expect(number.shape != () or abs(float(number) - wrong) > 1e-6, message)
    expect_number(found, 0.2, "2 of these 10 pixels changed by more than `least` in some channel.")


def check_kept_share(answer: Any) -> None:
    """`kept_share(before, after)` returns the share of the claims that held and still hold."""
    before = {"house": True, "red house": True, "tree": True, "night": True, "yellow tree": False}
    after = {"house": True, "blue house": True, "tree": False, "night": True, "yellow tree": True}
    found = call(answer, before, after)
    number = float(found) if np.ndim(found) == 0 else -1.0
    for wrong, message in (
        (3 / 4, "“yellow tree” did not hold before, so there was nothing to keep."),
        (2 / 4, "Only claims that both sentences make count: “red house” is not kept on purpose."),
        (4 / 5, "“blue house” is a new claim. Count only those that both sentences make."),
        (2 / 5, "Divide by the claims that held before and that both sentences make."),
        (2.0, "Return a share from 0 to 1."),
    ):
        expect(abs(number - wrong) > 1e-6, message)
    expect_number(found, 2 / 3, "“house” and “night” were kept, “tree” was not.")


def check_mix_predictions(answer: Any) -> None:
    """`mix_predictions(null, first, second, mix, guidance)` returns the guided prediction."""
    null, first, second = torch.randn(3, 2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    found = call(answer, null, first, second, 0.25, 2.0)
    expect_shape(found, tuple(null.shape), "(B, 3, H, W)")

    def same(other: torch.Tensor) -> bool:
        return torch.allclose(torch.as_tensor(found), other, atol=1e-5)

    both = 0.75 * first + 0.25 * second
    swapped = 0.25 * first + 0.75 * second
    expect(not same(both), "Guidance is missing: with 1 it changes nothing, and here it is 2.")
    expect(not same(null + 2 * (swapped - null)), "At mix 0 the first sentence has to be drawn.")
    expect(not same(2 * both), "Guidance starts at the unconditional prediction `null`.")
    expect(
        not same(both + 2 * (both - null)),
        "Start at `null`, and go `guidance` times the way to the mixed prediction.",
    )
    wanted = null + 2 * (both - null)
    expect(same(wanted), "At guidance 1 the result has to be the weighted mean of both.")


def check_chosen_score(answer: Any) -> None:
    """`chosen_score(chooser, reporter)` returns the share that the reporter finds right."""
    chooser = np.array([[0, 1, 1], [0, 0, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0]], bool)
    reporter = np.array([[1, 0, 1], [1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]], bool)
    found = call(answer, chooser, reporter)
    number = float(found) if np.ndim(found) == 0 else -1.0
    for wrong, message in (
        (0.8, "That is what the chooser says of its own choice. Let the other one report."),
        (1.0, "You let the reporter choose: it may see only the chosen sample."),
        (float(reporter.mean()), "That is the mean over all samples, as if nothing was chosen."),
        (3.0, "Return a share from 0 to 1."),
        (0.4, "Where the chooser accepts none, the first sample is shown, and it counts."),
    ):
        expect(abs(number - wrong) > 1e-6, message)
    expect_number(found, 0.6, "Take the first sample that the chooser accepts, else sample 0.")


def check_farthest_first(answer: Any) -> None:
    """`farthest_first(distance)` returns an order of the rows of an (N, N) matrix of distances."""
    at = np.array([0.0, 1.0, 9.0, 10.0, 5.0])
    distance = np.abs(at[:, None] - at)
    found = [int(each) for each in call(answer, distance)]
    expect(sorted(found) == list(range(5)), "The order names each of the pictures 0 to 4 once.")
    expect(found[0] == 0, "Picture 0 stays first.")
    total = sorted(range(1, 5), key=lambda i: -distance[0, i])
    expect(found[1:] != total, "You compare with picture 0 only. Compare with all that are chosen.")
    expect(
        found[1:] != total[::-1], "You take the nearest. The next picture should differ the most."
    )
    expect(
        found in ([0, 3, 4, 1, 2], [0, 3, 4, 2, 1]),
        "A picture's distance to those chosen is that to the *nearest* of them.",
    )


CHECKS: dict[str, Check] = {
    "studio.changed_area": check_changed_area,
    "studio.kept_share": check_kept_share,
    "studio.mix_predictions": check_mix_predictions,
    "studio.chosen_score": check_chosen_score,
    "studio.farthest_first": check_farthest_first,
}
