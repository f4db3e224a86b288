"""Checks of the exercises on word vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from cmlearn.exercises.checking import (
    Check,
    call,
    close,
    expect,
    expect_close,
    expect_shape,
)


def check_pairs(answer: Any) -> None:
    """`pairs_of(tokens, window)` lists each (word, context) pair of a sentence."""
    tokens, window = ["a", "red", "kite", "over", "snow"], 2
    found = call(answer, tokens, window)
    expect(isinstance(found, list | tuple), f"Return a list, not {type(found).__name__}.")
    expect(all(len(pair) == 2 for pair in found), "Each pair is a word and one context.")
    pairs = {tuple(pair) for pair in found}
    expect(not any(word == context for word, context in pairs), "A word is not its own context.")
    expect(
        ("a", "snow") not in pairs,
        "The first word has the last one as a context: a negative index counts from the end.",
    )
    far = {("a", "over"), ("a", "snow")} & pairs
    expect(not far, "The window reaches too far.")
    expect(("kite", "snow") in pairs, "The window does not reach as far as it should.")
    expect(("kite", "red") in pairs, "Contexts stand on both sides of a word.")
    expect(len(found) == len(pairs) == 14, "Each pair comes once in this sentence.")


def check_start_loss(answer: Any) -> None:
    """`loss` is that of one pair with five chance words while all scores are zero."""
    expect_close(
        answer,
        6 * math.log(2),
        "How large is σ(0)? And how many terms does the loss have?",
        [
            (0, "A score of zero means a probability of one half, and that is a surprise."),
            (math.log(2), "That is one term. Which others does the loss have?"),
            (5 * math.log(2), "Count the terms again: true contexts, and chance words."),
            (2 * math.log(2), "The chance words are summed, not averaged."),
            (6, "That is in bits. The loss takes the natural logarithm."),
            (3, "You added probabilities. The loss adds their logarithms."),
            (-6 * math.log(2), "The sign is turned: a loss is minus the logarithm."),
        ],
        within=0.005,
    )


def check_noise(answer: Any) -> None:
    """`noise_probabilities(counts)` are the chances of words to be drawn as negatives, (V,)."""
    counts = np.array([16.0, 0.0, 81.0, 1.0])
    found = call(answer, counts)
    expect_shape(found, (4,), "(words,)")
    total = float(np.asarray(found).sum())
    expect(abs(total - 1) < 1e-4, f"Probabilities sum to 1; yours sum to {total:.2f}.")
    expect_close(
        found,
        np.array([8.0, 0.0, 27.0, 1.0]) / 36,
        "Raise each count to the power ¾, then divide by the sum.",
        [
            (counts / counts.sum(), "Those are proportional to the counts themselves."),
            ([1 / 4] * 4, "All words have the same chance; frequent ones should have more."),
            (
                counts**0.25 / (counts**0.25).sum(),
                "The power is too small: frequent words should come oftener than that.",
            ),
        ],
    )


def check_nearest(answer: Any) -> None:
    """`nearest_rows(table, row, count)` are the rows with the largest cosine to one row."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(7, 4))
    directions[5] = directions[2] + 0.1
    directions[0] = directions[2] + 0.3
    directions[3] = directions[2] + 0.9
    table = directions * np.array([1, 9, 1, 30, 9, 0.1, 0.2]).reshape(-1, 1)
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    cosines = unit @ unit[2]
    order = np.argsort(-cosines)
    dots = np.argsort(-(table @ table[2]))
    distances = np.argsort(np.linalg.norm(table - table[2], axis=1))
    found = call(answer, table, 2, 3)
    expect_shape(np.asarray(found), (3,), "(count,)")
    expect_close(
        found,
        order[order != 2][:3],
        "Sort the rows by their cosine to the asked row, the largest first.",
        [
            (order[:3], "The first neighbour is the word itself."),
            (order[::-1][:3], "Those are the rows that are least alike."),
            (dots[dots != 2][:3], "The longest vectors win: divide by the lengths first."),
            (dots[:3], "The longest vectors win: divide by the lengths first."),
            (distances[distances != 2][:3], "Those have the smallest distance, not angle."),
            (np.sort(-cosines)[1:4] * -1, "Return the rows, not their cosines."),
        ],
    )


def check_analogy(answer: Any) -> None:
    """`analogy_row(unit, a, b, c)` is the row nearest to b - a + c, but none of the three."""
    e = np.eye(5)
    # man, king, woman, queen; what man + king - woman would find; what man - king + woman would
    rows = [e[0], e[0] + e[1], e[2], e[1] + e[2] + 1.5 * e[3], e[0] - e[1] + e[3]]
    table = np.stack([*rows, e[0] - e[1] + e[2]])
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    found = call(answer, unit, 0, 1, 2)
    expect(close(found, np.asarray(found).ravel()[0]), "Return one row, a single number.")
    expect(
        int(found) not in (0, 1, 2),
        "The answer is one of the three words of the question. Rule these out.",
    )
    expect(int(found) != 5, "You add a and subtract b; the question moves the other way.")
    expect(int(found) == 3, "Another row is nearer to b - a + c.")
    swapped = call(answer, unit[::-1].copy(), 5, 4, 3)
    expect(int(swapped) == 2, "With the rows in another order, the answer is another word.")


def check_mean_vectors(answer: Any) -> None:
    """`mean_vectors(table, tokens)` are the means of the known words of captions, (B, D)."""
    table = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    table[:2] = 0  # <pad> and <unk>
    tokens = torch.tensor([[2, 3, 0, 0], [1, 1, 0, 0], [4, 5, 2, 3], [1, 4, 0, 0]])
    found = call(answer, table, tokens)
    expect_shape(found, (4, 3), "(B, D)")
    expect(
        not found[1].isnan().any(),
        "A caption without a known word became nan. Zero words were divided by zero.",
    )
    vectors = table[tokens]
    known = (tokens > 1).sum(dim=1, keepdim=True)
    words = (tokens > 0).sum(dim=1, keepdim=True)
    total = vectors.sum(dim=1)
    expect_close(
        found,
        total / known.clamp(min=1),
        "Sum the vectors of the known words, and divide by how many there are.",
        [
            (total, "That is the sum. Longer captions get longer vectors."),
            (vectors.mean(dim=1), "You divide by the length of the batch: padding counts."),
            (total / words.clamp(min=1), "Unknown words count as words with a vector of zeros."),
            (
                F.normalize(total, dim=1),
                "The vectors have length 1. Where did the division by a count go?",
            ),
        ],
    )


CHECKS: dict[str, Check] = {
    "word2vec.pairs": check_pairs,
    "word2vec.start_loss": check_start_loss,
    "word2vec.noise": check_noise,
    "word2vec.nearest": check_nearest,
    "word2vec.analogy": check_analogy,
    "word2vec.mean_vectors": check_mean_vectors,
}
