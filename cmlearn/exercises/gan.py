"""Checks of the exercises on generative adversarial networks."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from cmlearn.exercises.checking import Check, call, expect, expect_number, expect_shape

REAL, FAKE = torch.tensor([3.0, 0.5, -1.0, 0.0]), torch.tensor([-2.0, -0.5, 1.0, -3.0])


def check_hinge(answer: Any) -> None:
    """`hinge(real, fake)` returns the discriminator's hinge loss, ()."""
    found = call(answer, REAL, FAKE)
    real, fake = F.relu(1 - REAL), F.relu(1 + FAKE)
    expect_shape(found, (), "a single number")
    value = float(found)
    expect(
        abs(value - float(real.sum() + fake.sum())) > 1e-4,
        "That is a sum over the batch: it would double with the batch size.",
    )
    expect(
        abs(value - float((1 - REAL).mean() + (1 + FAKE).mean())) > 1e-4,
        "Scores beyond the margin lower your loss below zero. They should count nothing.",
    )
    swapped = float(F.relu(1 + REAL).mean() + F.relu(1 - FAKE).mean())
    expect(abs(value - swapped) > 1e-4, "Your loss wants low scores for real pictures.")
    expect_number(value, float(real.mean() + fake.mean()), "The value is another one.")


def check_match(answer: Any) -> None:
    """`pair_match(embedding, sentence)` returns the scaled inner products, (B,)."""
    embedding, sentence = torch.randn(2, 5, 9, generator=torch.Generator().manual_seed(0))
    found = call(answer, embedding, sentence)
    all_pairs = tuple(getattr(found, "shape", ())) == (5, 5)
    expect(not all_pairs, "You compare every picture with every caption, not with its own alone.")
    expect_shape(found, (5,), "(B,)")
    products = (embedding * sentence).sum(dim=1)
    expect(not torch.allclose(found, products, atol=1e-4), "The scale is missing.")
    expect(not torch.allclose(found, products / 9, atol=1e-4), "You divide by d itself.")
    expect(torch.allclose(found, products / 3, atol=1e-4), "These are not the inner products.")


def check_wrong_captions(answer: Any) -> None:
    """`wrong_captions(tokens)` returns moved captions (B, T) and which are wrong, (B,) bool."""
    tokens = torch.tensor([[1, 5, 2], [1, 5, 2], [1, 6, 2], [1, 6, 3]])
    found = call(answer, tokens)
    expect(
        isinstance(found, tuple) and len(found) == 2,
        "Return two things: the moved captions, and which of them are wrong.",
    )
    moved, wrong = found
    expect_shape(moved, (4, 3), "(B, T)")
    across = torch.equal(moved, tokens.roll(1, dims=1))
    expect(not across, "You move the words within a caption. Move whole captions, the rows.")
    expect(torch.equal(moved, tokens.roll(1, dims=0)), "Row 0 should have the caption of the last.")
    expect_shape(wrong, (4,), "(B,), one for each caption")
    every = (moved != tokens).all(dim=1)
    expect(
        not torch.equal(wrong, every),
        "Two captions may share some words, and still be different captions.",
    )
    expect(bool(wrong.any()) and not bool(wrong.all()), "Row 1 gets a caption equal to its own.")
    right = torch.tensor([True, False, True, True])
    expect(torch.equal(wrong.bool(), right), "Not all of these are wrong, or not only these.")


def check_translate(answer: Any) -> None:
    """`moved(images, down, right)` moves pictures and repeats their edges."""
    images = torch.arange(2 * 3 * 6 * 7).float().reshape(2, 3, 6, 7)
    found = call(answer, images, 2, -1)
    expect_shape(found, tuple(images.shape), "(B, C, H, W), as they came")
    padded = F.pad(images, (3, 3, 3, 3), mode="replicate")

    def cut(row: int, column: int) -> torch.Tensor:
        return padded[:, :, row : row + 6, column : column + 7]

    expect(not torch.equal(found, cut(5, 2)), "Your pictures move up and left where down is asked.")
    rolled = torch.roll(images, (2, -1), (2, 3))
    expect(not torch.equal(found, rolled), "What leaves at one edge comes back at the other.")
    expect(not torch.equal(found, cut(4, 1)), "You mixed up rows and columns.")
    black = F.pad(images, (3, 3, 3, 3))[:, :, 1:7, 4:11]
    expect(not torch.equal(found, black), "New pixels are black. They should repeat the edge.")
    expect(
        torch.equal(found, cut(1, 4)),
        "Moved by 2 down and 1 to the left, the picture is another one.",
    )


def check_average(answer: Any) -> None:
    """`averaged(average, weight, beta)` returns the new average."""
    average, weight = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -2.0])
    found = call(answer, average, weight, 0.75)
    expect_shape(found, (2,), "that of the weights")
    swapped = 0.25 * average + 0.75 * weight
    expect(
        not torch.allclose(found, swapped),
        "Your average follows the newest weights closely. β belongs to what was there before.",
    )
    summed = 0.75 * average + weight
    expect(not torch.allclose(found, summed), "The two shares have to add up to 1.")
    expect(torch.allclose(found, 0.75 * average + 0.25 * weight), "The value is another one.")


CHECKS: dict[str, Check] = {
    "gan.hinge": check_hinge,
    "gan.match": check_match,
    "gan.wrong_captions": check_wrong_captions,
    "gan.translate": check_translate,
    "gan.average": check_average,
}
