"""Checks of the exercises on visual question answering."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch

from cmlearn.exercises.checking import Check, call, expect, expect_number, expect_shape


def check_compare(answer: Any) -> None:
    """`compare(how, first, second)` answers "more", "fewer" and "as many" by yes or no."""
    given = call(answer, "more", 2, 1)
    expect(isinstance(given, str), f'Return "yes" or "no", not {type(given).__name__}.')
    expect(given in ("yes", "no"), f'Return "yes" or "no", not {given!r}.')
    truth = {"more": int.__gt__, "fewer": int.__lt__, "as many": int.__eq__}
    for how, holds in truth.items():
        for first, second in ((2, 1), (1, 2), (1, 1), (0, 0)):
            wanted = "yes" if holds(first, second) else "no"
            expect(
                call(answer, how, first, second) == wanted,
                f"Are there {how}, with {first} of the first and {second} of the second?",
            )


def check_reason(answer: Any) -> None:
    """`reason(number, kind)` says why there is no one thing, and "" where there is."""
    one, none, two = (call(answer, number, "boat") for number in (1, 0, 2))
    expect(all(isinstance(r, str) for r in (one, none, two)), "Return a string in each case.")
    expect(one == "", "With exactly one boat, the question can be answered.")
    expect(none != "", "With no boat, there is nothing to ask about.")
    expect(two != "", "With two boats, which one is meant?")
    expect(none != two, "None and two are different reasons: a reader wants to know which.")
    expect("no boat" in none, 'With no boat, the words "no boat" belong into the reason.')
    expect("kite" in call(answer, 0, "kite"), "Name the kind that was asked about.")
    expect("2 boats" in two or "two boats" in two, 'Say how many there are: "two boats".')


def check_balance(answer: Any) -> None:
    """`balance(answers)` returns the positions of as many of each answer as possible."""
    answers = ["no"] * 5 + ["yes"] * 2 + ["no"] + ["yes"]
    kept = call(answer, answers)
    expect(isinstance(kept, list), f"Return a list of positions, not {type(kept).__name__}.")
    expect(
        all(isinstance(n, int) and 0 <= n < len(answers) for n in kept),
        "Return positions in the list of answers, not the answers.",
    )
    expect(len({*kept}) == len(kept), "A position is there twice.")
    counts = Counter(answers[n] for n in kept)
    expect(len(counts) == 2, "One of the two answers is missing.")
    expect(counts["yes"] == counts["no"], "The two answers are not equally frequent.")
    expect(counts["yes"] == 3, "You leave more out than you have to.")


def check_film(answer: Any) -> None:
    """`film(features, scale, shift)` scales and shifts the channels of all cells."""
    rng = torch.Generator().manual_seed(0)
    features = torch.randn(2, 6, 4, generator=rng)
    scale, shift = torch.randn(2, 2, 4, generator=rng)
    found = call(answer, features, scale, shift)
    expect_shape(found, (2, 6, 4), "(images, cells, channels)")
    plain = features * scale.unsqueeze(1) + shift.unsqueeze(1)
    expect(
        not torch.allclose(found, plain, atol=1e-5),
        "With a scale of zero, your features vanish. They should stay as they are.",
    )
    wanted = features * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)
    expect(
        not torch.allclose(found, wanted - shift.unsqueeze(1), atol=1e-5), "The shift is missing."
    )
    expect(
        torch.allclose(found, wanted, atol=1e-5),
        "Each image has its own scale and shift, the same in all of its cells.",
    )


def check_majority(answer: Any) -> None:
    """`majority(known, asked)` is the share of the asked answers that the commonest known gets."""
    known, asked = ["red", "red", "blue"], ["blue", "red", "green", "blue"]
    share = call(answer, known, asked)
    messages = {0.5: "You guess the commonest of the asked answers, which a guesser cannot see."}
    for wrong, message in messages.items():
        expect(share != wrong, message)
    expect(share != 1, "That is the number of right guesses; return a share.")
    expect_number(share, 0.25, "How many of the asked answers does one fixed guess get?")


CHECKS: dict[str, Check] = {
    "vqa.compare": check_compare,
    "vqa.reason": check_reason,
    "vqa.balance": check_balance,
    "vqa.film": check_film,
    "vqa.majority": check_majority,
}
