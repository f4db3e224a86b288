"""Checks of the exercises of the first notebook: shapes, seeds, and what a sentence claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from cmlearn.data.storybook import Scene, Thing, check_claims, parse_caption
from cmlearn.exercises.checking import (
    Check,
    call,
    close,
    expect,
    expect_close,
)

SCENE = Scene("day", "sand", (Thing("car", "red", "big", 0), Thing("tree", "green", "small", 2)))


def check_shape(answer: Any) -> None:
    """`joined` is the shape of five sentences' pictures, three for each, end to end."""
    expect(isinstance(answer, tuple | list), "Write the shape in brackets, such as (2, 3).")
    expect(len(answer) == 4, "A batch of colour pictures has four axes. Which ones?")
    expect_close(
        answer,
        (15, 64, 64, 3),
        "One of the four numbers is wrong. Compare with the shape that the cell above printed.",
        [
            ((5, 64, 64, 3), "The first axis counts pictures, and not sentences."),
            ((15, 3, 64, 64), "In these arrays the colours come last."),
            ((3, 64, 64, 3), "np.concatenate puts the arrays one behind the other."),
            ((15, 32, 32, 3), "How many pixels high and wide is a picture of this section?"),
        ],
    )


def check_draw_alike(answer: Any) -> None:
    """`draw_alike(draw, sentences, seed)` draws each sentence from the same random numbers."""
    expect(callable(answer), f"Pass the function itself, not {type(answer).__name__}.")

    def draw(sentence: str, generator: torch.Generator) -> np.ndarray:
        return len(sentence) + torch.randn(1, 2, generator=generator).numpy()

    sentences = ["a car", "a big car", "a small car"]
    rows = call(answer, draw, sentences, 4)
    expect(isinstance(rows, list | tuple), "Return a list with what was drawn for each sentence.")
    expect(len(rows) == 3, f"Three sentences went in, and {len(rows)} drawings came out.")
    noise = [np.asarray(row) - len(sentence) for row, sentence in zip(rows, sentences, strict=True)]
    expect(noise[0].shape == (1, 2), "Return what `draw` returned, as it is.")
    expect(
        all(close(each, noise[0]) for each in noise),
        "The sentences were drawn from different random numbers. Where does a generator stand "
        "after it has been used once?",
    )
    expected = torch.randn(1, 2, generator=torch.Generator().manual_seed(4)).numpy()
    expect(close(noise[0], expected), "The random numbers are not those of the seed that is given.")


def check_claims_counted(answer: Any) -> None:
    """`number` is how many claims one caption makes."""
    known = {
        2: "Those are the things alone. What is said of them, and of the sky?",
        3: "A claim may be about more than a thing or a colour.",
        4: "A claim may be about more than a thing and its place.",
        5: "A size is a claim too.",
        6: "Did you count what the sentence says of the hour, and of left and right?",
        8: "Does the sentence give a colour to both things?",
    }
    otherwise = "Go through the words one by one: which of them could be false?"
    expect_close(answer, 7, otherwise, known.items())


def check_false_relation(answer: Any) -> None:
    """`sentence` has one false claim of the scene, about a relation, and a colour that is true."""
    expect(isinstance(answer, str), f"Write a sentence in quotes, not {type(answer).__name__}.")
    parsed = parse_caption(answer)
    expect(not parsed.unknown, f"These words are not known: {', '.join(parsed.unknown)}.")
    expect(not parsed.dangling, "A relation stands between two things; name both.")
    claims = check_claims(parsed, SCENE)
    expect(claims, "This sentence claims nothing that could be checked.")
    false = [claim for claim in claims if not claim.true]
    expect(false, "Every claim of it is true.")
    expect(len(false) == 1, f"More than one claim is false: {', '.join(c.text for c in false)}.")
    kind = false[0].kind
    expect(kind == "relation", f"One claim is false, and it is about a {kind}.")
    expect(any(c.kind == "colour" for c in claims), "It names no colour yet.")


def check_share_all_true(answer: Any) -> None:
    """`share_all_true(claims)` is the share of the pictures that have no false claim."""
    claims = [[True, True], [True, False, True, True], [True], [False], [True, True, True]]
    expect_close(
        call(answer, claims),
        0.6,
        "A picture counts if all of its claims are true. Your share is another.",
        [
            (60, "Return a share between 0 and 1, not per cent."),
            (9 / 11, "You count claims. One false claim makes the whole picture wrong."),
            (np.mean([np.mean(row) for row in claims]), "A picture is right, or it is not."),
            (0.8, "One true claim is not enough: all of a picture have to be true."),
            (0.4, "That is the share of the pictures with a false claim."),
            (3, "That is how many pictures are right. Divide by how many there are."),
        ],
    )


CHECKS: dict[str, Check] = {
    "start.shape": check_shape,
    "start.draw_alike": check_draw_alike,
    "start.claims": check_claims_counted,
    "start.false_relation": check_false_relation,
    "start.share_all_true": check_share_all_true,
}
