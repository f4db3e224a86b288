"""Typical wrong answers to the exercises on word vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch


def pairs(tokens, window, sides=(-1, 1), itself=False, wrap=False, further=0):
    steps = [side * n for side in sides for n in range(1, window + further + 1)]
    steps += [0] if itself else []
    steps_in = range(len(tokens))
    return [
        (tokens[i], tokens[i + step])
        for i in steps_in
        for step in steps
        if i + step in steps_in or (wrap and -len(tokens) <= i + step < 0)
    ]


def nearest(table, row, count, itself=False, by="cosine", sign=1):
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    scores = {
        "cosine": unit @ unit[row],
        "dot": table @ table[row],
        "distance": -np.linalg.norm(table - table[row], axis=1),
    }[by]
    order = np.argsort(-sign * scores)
    return (order if itself else order[order != row])[:count]


def analogy(unit, a, b, c, exclude=True, signs=(-1, 1, 1)):
    scores = unit @ (signs[0] * unit[a] + signs[1] * unit[b] + signs[2] * unit[c])
    scores[[a, b, c] if exclude else []] = -np.inf
    return int(scores.argmax())


def means(table, tokens, divide):
    return table[tokens].sum(dim=1) / divide(tokens)


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "word2vec.pairs": [
        (lambda *args: pairs(*args, itself=True), "its own context"),
        (lambda *args: pairs(*args, sides=(1,)), "both sides"),
        (lambda *args: pairs(*args, wrap=True), "negative index"),
        (lambda *args: pairs(*args, further=-1), "does not reach"),
        (lambda *args: pairs(*args, further=1), "too far"),
        (lambda *args: pairs(*args) * 2, "comes once"),
    ],
    "word2vec.start_loss": [
        (0.0, "a surprise"),
        (math.log(2), "one term"),
        (5 * math.log(2), "Count the terms"),
        (2 * math.log(2), "not averaged"),
        (6, "in bits"),
        (-6 * math.log(2), "sign"),
        (1.0, "how many terms"),
    ],
    "word2vec.noise": [
        (lambda counts: counts / counts.sum(), "counts themselves"),
        (lambda counts: counts**0.75, "sum to 1"),
        (lambda counts: (counts / counts.sum()) ** 0.75, "sum to 1"),
        (lambda counts: np.full(4, 0.25), "same chance"),
        (lambda counts: counts**0.25 / (counts**0.25).sum(), "too small"),
        (lambda counts: np.exp(counts - 81) / np.exp(counts - 81).sum(), "power"),
    ],
    "word2vec.nearest": [
        (lambda *args: nearest(*args, itself=True), "the word itself"),
        (lambda *args: nearest(*args, by="dot"), "longest vectors"),
        (lambda *args: nearest(*args, by="distance"), "not angle"),
        (lambda *args: nearest(*args, itself=True, sign=-1), "least alike"),
        (lambda table, row, count: nearest(table, row, 1), "(count,)"),
    ],
    "word2vec.analogy": [
        (lambda *args: analogy(*args, exclude=False), "one of the three"),
        (lambda *args: analogy(*args, signs=(1, -1, 1)), "the other way"),
        (lambda *args: analogy(*args, signs=(1, 1, -1)), "Another row"),
        (lambda *args: 3, "another order"),
    ],
    "word2vec.mean_vectors": [
        (lambda table, tokens: table[tokens].sum(dim=1), "the sum"),
        (lambda table, tokens: table[tokens].mean(dim=1), "padding counts"),
        (lambda *args: means(*args, lambda t: (t > 0).sum(1, keepdim=True)), "Unknown words"),
        (lambda *args: means(*args, lambda t: (t > 1).sum(1, keepdim=True)), "nan"),
        (lambda table, tokens: table[tokens].sum(dim=2), "(B, D)"),
        (
            lambda table, tokens: torch.nn.functional.normalize(table[tokens].sum(dim=1), dim=1),
            "length 1",
        ),
    ],
}
