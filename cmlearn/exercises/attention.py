"""Checks of the exercises on recurrent networks and attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cmlearn.exercises.checking import Check, call, expect, expect_shape
from cmlearn.exercises.comparing import expect_array, expect_value


def check_minimal_step(answer: Any) -> None:
    """`minimal_step(x, h, w_f, u_f, w_n, u_n)` returns the next state, (B, hidden)."""
    rng = _rng()
    x, h = torch.randn(2, 3, generator=rng), torch.randn(2, 4, generator=rng)
    w_f, w_n = torch.randn(2, 4, 3, generator=rng)
    u_f, u_n = torch.randn(2, 4, 4, generator=rng)
    raw = x @ w_f.T + h @ u_f.T
    f = raw.sigmoid()
    new = (x @ w_n.T + (f * h) @ u_n.T).tanh()
    plain = (x @ w_n.T + h @ u_n.T).tanh()
    late = (x @ w_n.T + f * (h @ u_n.T)).tanh()
    expect_array(
        call(answer, x, h, w_f, u_f, w_n, u_n),
        (1 - f) * h + f * new,
        "(B, hidden)",
        {
            "Old and new are swapped: where f is 0, the old state stays.": f * h + (1 - f) * new,
            "The proposal n should see f ⊙ h, not h.": (1 - f) * h + f * plain,
            "In the proposal, f multiplies h before U does, not after.": (1 - f) * h + f * late,
            "The gate is no sigmoid, so it leaves the range from 0 to 1.": (
                (1 - raw) * h + raw * (x @ w_n.T + (raw * h) @ u_n.T).tanh()
            ),
            "The proposal n has no tanh.": (1 - f) * h + f * (x @ w_n.T + (f * h) @ u_n.T),
            "That is the proposal alone; the gate should mix it with the old state.": new,
        },
        "One of the three equations is not as it stands above.",
    )


def check_forget_bias(answer: Any) -> None:
    """The bias with which a cell keeps half of its content over sixty steps."""
    gate = 0.5 ** (1 / 60)
    expect_value(
        answer,
        math.log(gate / (1 - gate)),
        {
            "That is what the gate lets pass. Which bias gives it?": gate,
            "With that bias half is lost in a single step.": 0.0,
            "The losses do not add up, they multiply.": math.log((1 - 1 / 120) / (1 / 120)),
            "The sign is the wrong way round: this closes the gate.": math.log((1 - gate) / gate),
            "The logarithm is not the inverse of a sigmoid. What is?": math.log(gate),
        },
        "Sixty equal factors give a half. Find the factor, then the bias whose sigmoid it is.",
        within=5e-3,
    )


def check_clipped(answer: Any) -> None:
    """`clipped(gradients, longest)` returns gradients whose common length is at most `longest`."""
    gradients = [torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([12.0])]  # length 13
    joined = torch.cat([each.flatten() for each in gradients])
    scale = 2.6 / 13
    found = _flat(call(answer, gradients, 2.6), gradients)
    parts = torch.cat([each.flatten() * min(1, 2.6 / each.norm().item()) for each in gradients])
    expect_array(
        found,
        joined * scale,
        "(numbers,)",
        {
            "Each tensor is shortened by itself, so the direction changes. They share a factor.": (
                parts
            ),
            "Single numbers are cut off, so the direction changes. Scale all by one factor.": (
                joined.clamp(-2.6, 2.6)
            ),
            "You divide by the squared length. Where is the root?": joined * 2.6 / 169,
            "The length is the root of the sum of squares, not the sum of numbers.": (
                joined * 2.6 / 19
            ),
            "The length is 1 now, whatever `longest` is.": joined / 13,
            "Nothing was shortened.": joined,
        },
        "All numbers together should have the length `longest`, in the old direction.",
    )
    kept = _flat(call(answer, gradients, 20.0), gradients)
    message = "Gradients that are short enough should stay as they are; yours were scaled."
    expect(torch.allclose(kept, joined, atol=1e-4), message)


def _flat(found: Any, gradients: list[Tensor]) -> Tensor:
    expect(isinstance(found, list | tuple), "Return a list of tensors.")
    expect(len(found) == len(gradients), "Return as many tensors as there were.")
    for each, gradient in zip(found, gradients, strict=True):
        expect_shape(each, tuple(gradient.shape), "of a gradient")
    return torch.cat([each.flatten() for each in found])


def check_moved(answer: Any) -> None:
    """`moved(logits, others)` returns how much probability moves at each position, (T,)."""
    rng = _rng()
    logits, others = 2 * torch.randn(2, 3, 4, 5, generator=rng)  # (B, T, V) each
    own, other = logits.softmax(2), others.softmax(2)
    gap = (own - other).abs()
    expect_array(
        call(answer, logits, others),
        gap.sum(2).mean(0) / 2,
        "(T,)",
        {
            "What leaves one word arrives at another: you count it twice.": gap.sum(2).mean(0),
            "You compare logits. Turn them into probabilities first.": (
                (logits - others).abs().sum(2).mean(0) / 2
            ),
            "Your softmax goes along the wrong axis: the words of a position sum to one.": (
                (logits.softmax(1) - others.softmax(1)).abs().sum(2).mean(0) / 2
            ),
            "You take the mean over the vocabulary. Probability adds up.": gap.mean((0, 2)) / 2,
            "Gains and losses cancel. Take absolute values first.": torch.zeros(4),
            "The mean over captions comes last, or their differences cancel.": (
                (own.mean(0) - other.mean(0)).abs().sum(1) / 2
            ),
        },
        "Half of the summed absolute differences, then the mean over the captions.",
    )


def check_additive(answer: Any) -> None:
    """`additive_weights(state, cells, w, u, v)` returns attention weights, (B, cells)."""
    rng = _rng()
    state, cells = torch.randn(2, 3, generator=rng), torch.randn(2, 5, 4, generator=rng)
    w, u = torch.randn(6, 3, generator=rng), torch.randn(6, 4, generator=rng)
    v = torch.randn(6, generator=rng)
    inside = (state @ w.T)[:, None] + cells @ u.T  # (B, cells, 6)
    scores = inside.tanh() @ v
    expect_array(
        call(answer, state, cells, w, u, v),
        scores.softmax(1),
        "(B, cells)",
        {
            "Those are scores. Make weights of them that sum to one.": scores,
            "The softmax goes over the pictures. Each picture's weights sum to one.": (
                scores.softmax(0)
            ),
            "Where is the tanh? Without it the state has no effect on the weights.": (
                (inside @ v).softmax(1)
            ),
            "Your scores lack the state: the weights are the same for every word.": (
                ((cells @ u.T).tanh() @ v).softmax(1)
            ),
            "Scores are divided by their sum. They may be negative: take the softmax.": (
                scores / scores.sum(1, keepdim=True)
            ),
        },
        "The score of a cell is v · tanh(W s + U c). Then a softmax over the cells.",
    )


def check_pointing(answer: Any) -> None:
    """`pointing_share(maps, boxes)` returns the share of maps with their peak in the box."""
    maps = np.random.default_rng(2).random((12, 3, 4))
    boxes = np.zeros((12, 3, 4), bool)
    boxes[:, :2, 1:3] = True
    boxes[8:, 2, 0] = True
    flat, inside = maps.reshape(12, -1), boxes.reshape(12, -1)
    hits = inside[np.arange(12), flat.argmax(1)]
    weight = (flat * inside).sum(1) / flat.sum(1)
    expect_value(
        call(answer, maps, boxes),
        hits.mean(),
        {
            "You add up the weight in the box. Only the peak counts here.": weight.mean(),
            "You ask for most of the weight. Only the peak counts here.": (weight > 0.5).mean(),
            "That is the number of hits. Divide by the number of maps.": float(hits.sum()),
            "That is the share of cells in a box, which is what luck finds.": inside.mean(),
            "You find one peak for all maps together. Each map has its own.": (
                inside[:, flat.max(0).argmax()].mean()
            ),
        },
        "For each map: is the cell with the most weight one of the box's?",
    )


def check_product(answer: Any) -> None:
    """`product(vision, language, weight)` returns the product of experts, (B, V)."""
    rng = _rng()
    vision, language = torch.randn(2, 3, 5, generator=rng).softmax(-1)
    expect_shape(call(answer, vision, language, 0.0), (3, 5), "(B, V)")
    for weight in (0.5, 2.0):
        raw = vision * language**weight
        expect_array(
            call(answer, vision, language, weight),
            raw / raw.sum(1, keepdim=True),
            "(B, V)",
            {
                "The probabilities of a row do not sum to one.": raw,
                "Your λ is an exponent of vision; it belongs to language.": _normalised(
                    language * vision**weight
                ),
                "That is a sum of experts. A product lets either of them veto a word.": _normalised(
                    vision + weight * language
                ),
                "A factor is gone after the division. λ has to be an exponent.": _normalised(
                    vision * language
                ),
                "You divide by the sum over the batch. Each row sums to one.": raw / raw.sum(0),
            },
            "Multiply vision by language to the power λ, then divide each row by its sum.",
        )


def _normalised(raw: Tensor) -> Tensor:
    return raw / raw.sum(1, keepdim=True)


def _rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


CHECKS: dict[str, Check] = {
    "attention.minimal_step": check_minimal_step,
    "attention.forget_bias": check_forget_bias,
    "attention.clipped": check_clipped,
    "attention.moved": check_moved,
    "attention.additive": check_additive,
    "attention.pointing": check_pointing,
    "attention.product": check_product,
}
