"""Typical wrong answers to the exercises on recurrent networks and attention."""

from __future__ import annotations

import math
from typing import Any

import torch


def step(mix, proposal=lambda x, h, f, w, u: torch.tanh(x @ w.T + (f * h) @ u.T), gate=None):
    def minimal_step(x, h, w_f, u_f, w_n, u_n):
        f = (gate or torch.sigmoid)(x @ w_f.T + h @ u_f.T)
        return mix(f, h, proposal(x, h, f, w_n, u_n))

    return minimal_step


def right_mix(f, h, n):
    return (1 - f) * h + f * n


def length(gradients):
    return sum(each.square().sum() for each in gradients).sqrt()


def scaled(factor):
    return lambda gradients, longest: [each * factor(gradients, longest) for each in gradients]


def moving(measure):
    return lambda logits, others: measure(logits.softmax(2), others.softmax(2))


def weights(finish, bend=torch.tanh, use_state=True):
    def additive_weights(state, cells, w, u, v):
        return finish(bend(use_state * (state @ w.T)[:, None] + cells @ u.T) @ v)

    return additive_weights


def in_box(maps, boxes):
    return (maps * boxes).sum((1, 2)) / maps.sum((1, 2))


def one_peak(maps, boxes):
    return boxes.reshape(len(boxes), -1)[:, maps.max(0).argmax()].mean()


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "attention.minimal_step": [
        (step(lambda f, h, n: f * h + (1 - f) * n), "swapped"),
        (step(right_mix, lambda x, h, f, w, u: torch.tanh(x @ w.T + h @ u.T)), "f ⊙ h, not h"),
        (
            step(right_mix, lambda x, h, f, w, u: torch.tanh(x @ w.T + f * (h @ u.T))),
            "before U does",
        ),
        (step(right_mix, gate=lambda x: x), "no sigmoid"),
        (step(right_mix, lambda x, h, f, w, u: x @ w.T + (f * h) @ u.T), "no tanh"),
        (step(lambda f, h, n: n), "proposal alone"),
    ],
    "attention.forget_bias": [
        (0.5 ** (1 / 60), "lets pass"),
        (0.0, "single step"),
        (math.log(119), "multiply"),
        (-4.455, "closes the gate"),
        (3.0, "Sixty equal factors"),
    ],
    "attention.clipped": [
        (lambda gs, longest: [g * min(1, longest / g.norm()) for g in gs], "share a factor"),
        (lambda gs, longest: [g.clamp(-longest, longest) for g in gs], "Single numbers"),
        (scaled(lambda gs, longest: longest / length(gs) ** 2), "Where is the root"),
        (scaled(lambda gs, longest: 1 / length(gs)), "length is 1"),
        (scaled(lambda gs, longest: longest / length(gs)), "short enough"),
        (lambda gs, longest: gs, "Nothing was shortened"),
    ],
    "attention.moved": [
        (moving(lambda own, other: (own - other).abs().sum(2).mean(0)), "count it twice"),
        (lambda a, b: (a - b).abs().sum(2).mean(0) / 2, "compare logits"),
        (
            lambda a, b: (a.softmax(1) - b.softmax(1)).abs().sum(2).mean(0) / 2,
            "wrong axis",
        ),
        (moving(lambda own, other: (own - other).abs().mean((0, 2)) / 2), "over the vocabulary"),
        (moving(lambda own, other: (own - other).sum(2).mean(0) / 2), "cancel"),
        (moving(lambda own, other: (own - other).abs().sum(2) / 2), "shape"),
    ],
    "attention.additive": [
        (weights(lambda scores: scores), "Those are scores"),
        (weights(lambda scores: scores.softmax(0)), "over the pictures"),
        (weights(lambda scores: scores.softmax(1), bend=lambda x: x), "Where is the tanh"),
        (weights(lambda scores: scores.softmax(1), use_state=False), "lack the state"),
        (weights(lambda scores: scores / scores.sum(1, keepdim=True)), "divided by their sum"),
    ],
    "attention.pointing": [
        (lambda maps, boxes: in_box(maps, boxes).mean(), "add up the weight"),
        (lambda maps, boxes: (in_box(maps, boxes) > 0.5).mean(), "most of the weight"),
        (lambda maps, boxes: boxes.mean(), "what luck finds"),
        (one_peak, "Each map has its own"),
    ],
    "attention.product": [
        (lambda vision, language, weight: vision * language**weight, "do not sum to one"),
        (
            lambda vision, language, weight: torch.softmax(vision + weight * language, 1),
            "Multiply vision",
        ),
        (
            lambda vision, language, weight: (vision + weight * language) / (1 + weight),
            "sum of experts",
        ),
        (
            lambda vision, language, weight: (
                language * vision**weight / (language * vision**weight).sum(1, keepdim=True)
            ),
            "exponent of vision",
        ),
        (
            lambda vision, language, weight: (
                weight * vision * language / (weight * vision * language).sum(1, keepdim=True)
            ),
            "has to be an exponent",
        ),
    ],
}
