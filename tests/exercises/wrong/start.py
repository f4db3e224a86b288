"""Typical wrong answers to the exercises of the first notebook."""

from __future__ import annotations

from typing import Any

import numpy as np

from cmlearn.training import seeded_generator


def one_generator(draw, sentences, seed):
    generator = seeded_generator(seed)
    return [draw(sentence, generator) for sentence in sentences]


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "start.shape": [
        ((5, 64, 64, 3), "not sentences"),
        ((15, 3, 64, 64), "colours come last"),
        ((3, 64, 64, 3), "one behind the other"),
        ((15, 32, 32, 3), "pixels high and wide"),
        ((15, 64, 64), "four axes"),
        (15, "in brackets"),
    ],
    "start.draw_alike": [
        (one_generator, "after it has been used once"),
        (
            lambda draw, s, seed: [draw(x, seeded_generator(n)) for n, x in enumerate(s)],
            "different",
        ),
        (lambda draw, s, seed: [draw(x, seeded_generator(0)) for x in s], "seed that is given"),
        (lambda draw, s, seed: draw(s[0], seeded_generator(seed)), "a list"),
        (lambda draw, s, seed: [draw(s[0], seeded_generator(seed))], "Three sentences went in"),
    ],
    "start.claims": [
        (2, "things alone"),
        (6, "of the hour"),
        (8, "to both things"),
        (11, "which of them could be false"),
    ],
    "start.false_relation": [
        ("a red car left of a green tree", "Every claim of it is true"),
        ("a blue car left of a tree", "about a colour"),
        ("a blue car right of a tree", "More than one claim is false: blue car"),
        ("a car right of a tree", "no colour"),
        ("a scarlet car right of a tree", "not known: scarlet"),
        ("a red car right of", "name both"),
        ("the", "claims nothing"),
    ],
    "start.share_all_true": [
        (lambda claims: np.mean([c for row in claims for c in row]), "You count claims"),
        (lambda claims: np.mean([np.mean(row) for row in claims]), "right, or it is not"),
        (lambda claims: np.mean([any(row) for row in claims]), "not enough"),
        (lambda claims: 100 * np.mean([all(row) for row in claims]), "per cent"),
        (lambda claims: sum(all(row) for row in claims), "how many pictures"),
        (lambda claims: np.mean([not all(row) for row in claims]), "with a false claim"),
    ],
}
