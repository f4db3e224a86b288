"""Typical wrong answers to the exercises on generative adversarial networks."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


def _cut(images: torch.Tensor, row: int, column: int, mode: str = "replicate") -> torch.Tensor:
    padded = F.pad(images, (3, 3, 3, 3), mode=mode)
    return padded[:, :, row : row + images.shape[2], column : column + images.shape[3]]


WRONG: dict[str, list[tuple[Any, str]]] = {
    "gan.hinge": [
        (lambda real, fake: (F.relu(1 - real) + F.relu(1 + fake)).sum(), "sum over the batch"),
        (lambda real, fake: (1 - real).mean() + (1 + fake).mean(), "below zero"),
        (lambda real, fake: F.relu(1 + real).mean() + F.relu(1 - fake).mean(), "low scores"),
        (lambda real, fake: F.relu(1 - real) + F.relu(1 + fake), "shape"),
    ],
    "gan.match": [
        (lambda embedding, sentence: embedding @ sentence.T, "every caption"),
        (lambda embedding, sentence: (embedding * sentence).sum(dim=1), "scale"),
        (lambda embedding, sentence: (embedding * sentence).mean(dim=1), "d itself"),
        (lambda embedding, sentence: (embedding * sentence).sum(dim=0), "shape"),
    ],
    "gan.wrong_captions": [
        (lambda tokens: tokens.roll(1, dims=0), "two things"),
        (
            lambda tokens: (tokens.roll(1, 1), (tokens.roll(1, 1) != tokens).any(1)),
            "whole captions",
        ),
        (lambda tokens: (tokens.roll(1, 0), (tokens.roll(1, 0) != tokens).all(1)), "share some"),
        (lambda tokens: (tokens.roll(1, 0), torch.ones(len(tokens), dtype=torch.bool)), "equal"),
    ],
    "gan.translate": [
        (lambda images, down, right: torch.roll(images, (down, right), (2, 3)), "comes back"),
        (lambda images, down, right: _cut(images, 3 + down, 3 + right), "up and left"),
        (lambda images, down, right: _cut(images, 3 - right, 3 - down), "rows and columns"),
        (lambda images, down, right: _cut(images, 3 - down, 3 - right, "constant"), "black"),
    ],
    "gan.average": [
        (torch.lerp, "follows"),
        (lambda average, weight, beta: beta * average + weight, "add up to 1"),
        (lambda average, weight, beta: (average + weight) / 2, "another one"),
    ],
}
