"""Typical wrong answers to the exercises on captions that an LSTM writes."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


def lstm_step(x, h, c, wx, wh, b, order="ifgo", write=torch.tanh, gate=torch.sigmoid, keep=True):
    parts = dict(zip(order, (x @ wx.T + h @ wh.T + b).chunk(4, dim=1)))
    old = gate(parts["f"]) * c if keep else 0
    c = old + gate(parts["i"]) * write(parts["g"])
    return gate(parts["o"]) * c.tanh(), c


def untanhed(x, h, c, wx, wh, b):
    i, f, g, o = (x @ wx.T + h @ wh.T + b).chunk(4, dim=1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c, c


def mean_nats(logits, targets, **named):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), **named)


def beam_step(scores, log_probs, size, join=torch.add, words=lambda order, v: order % v):
    best, order = join(scores.unsqueeze(1), log_probs).flatten().topk(size)
    return best, order // log_probs.shape[1], words(order, log_probs.shape[1])


def own_best(scores, log_probs, size):
    best, words = (scores.unsqueeze(1) + log_probs).max(dim=1)
    return best, torch.arange(size), words


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "lstm.grid_of": [
        (lambda cells, h, w: cells.reshape(len(cells), -1, h, w), "move no axis"),
        (lambda cells, h, w: cells.transpose(1, 2).reshape(2, -1, w, h), "changed places"),
        (lambda cells, h, w: cells.reshape(len(cells), h, w, -1), "(B, cell_dim, H, W)"),
        (lambda cells, h, w: cells.transpose(1, 2).flip(2).reshape(2, -1, h, w), "other cells"),
    ],
    "lstm.lstm_step": [
        (lambda *args: lstm_step(*args, order="figo"), "Input and forget"),
        (lambda *args: lstm_step(*args, order="ifog"), "last two parts"),
        (lambda *args: lstm_step(*args, keep=False), "forgotten altogether"),
        (lambda *args: lstm_step(*args, write=torch.sigmoid), "through tanh"),
        (lambda *args: lstm_step(*args, gate=torch.tanh), "0 to 1"),
        (lambda *args: lstm_step(*args)[::-1], "return h first"),
        (untanhed, "Before it is shown"),
        (lambda x, h, *rest: lstm_step(x, 0 * h, *rest), "no say"),
        (lambda *args: lstm_step(*args)[0], "two tensors"),
    ],
    "lstm.terms": [
        (13, "decision"),
        (19, "nobody predicts"),
        (24, "padding counts"),
        (3, "number of captions"),
        (15, "one caption"),
    ],
    "lstm.perplexity": [
        (lambda x, y: mean_nats(x, y, ignore_index=0), "One step is missing"),
        (lambda x, y: mean_nats(x, y).exp(), "padding counts"),
        (lambda x, y: mean_nats(x, y, ignore_index=0, reduction="sum").exp(), "not the sum"),
        (lambda x, y: 2 ** mean_nats(x, y, ignore_index=0), "the base"),
        (
            lambda x, y: (mean_nats(x, y, ignore_index=0, reduction="sum") / y.numel()).exp(),
            "divide by it",
        ),
        (lambda x, y: mean_nats(x, y, reduction="none")[y.flatten() != 0].exp().mean(), "then exp"),
        (lambda x, y: (-mean_nats(x, y, ignore_index=0)).exp(), "sign"),
    ],
    "lstm.temperature": [
        (lambda x, t, forbidden: (x / t).softmax(dim=1), "still be drawn"),
        (
            lambda x, t, forbidden: (x / t).softmax(dim=1) * torch.tensor([0, 1, 1, 0, 1, 1]),
            "do not sum to 1",
        ),
        (lambda x, t, bad: (x * t).index_fill(1, torch.tensor(bad), -torch.inf).softmax(1), "low"),
        (lambda x, t, bad: x.index_fill(1, torch.tensor(bad), -torch.inf).softmax(1), "take part"),
        (
            lambda x, t, bad: (x / t).index_fill(1, torch.tensor(bad), 0).softmax(dim=1),
            "like any other",
        ),
        (lambda x, t, bad: (x / t).index_fill(1, torch.tensor(bad), -torch.inf), "Probabilities"),
    ],
    "lstm.beam_step": [
        (own_best, "let all continuations"),
        (lambda scores, log_probs, size: beam_step(0 * scores, log_probs, size), "written before"),
        (lambda *args: beam_step(*args, join=torch.mul), "are added"),
        (lambda *args: beam_step(*args, words=lambda order, v: order), "a column"),
        (lambda *args: beam_step(*args, words=lambda order, v: order // v), "words are not"),
        (lambda scores, log_probs, size: beam_step(scores[:1], log_probs[:1], size), "first beam"),
        (lambda scores, log_probs, size: beam_step(scores, log_probs, 2), "(size,)"),
    ],
}
