"""Typical wrong answers to the exercises on BERT."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


def backwards(allowed, scale=0.5, dim=-1, late=False):
    def attend_backwards(queries, keys, values):
        scores = queries @ keys.transpose(-1, -2) * scale
        mask = allowed(torch.ones(scores.shape[-2:])).bool()
        if late:
            return (scores.softmax(dim) * mask) @ values
        return scores.masked_fill(~mask, -torch.inf).softmax(dim) @ values

    return attend_backwards


def gaps(masked, targets):
    def with_gaps(tokens, chosen):
        hidden = masked(tokens, chosen)
        inputs = tokens.masked_fill(hidden, 103)
        return inputs, targets(tokens, inputs, hidden)

    return with_gaps


def all_chosen(tokens, chosen):
    return chosen


def no_padding(tokens, chosen):
    return chosen & (tokens != 0)


def words_only(tokens, chosen):
    return chosen & (tokens != 0) & (tokens != 101) & (tokens != 102)


def hidden_only(tokens, inputs, hidden):
    return tokens.masked_fill(~hidden, -100)


def at_offset(take):
    return lambda weights, offset: take(weights.diagonal(offset, dim1=2, dim2=3), weights)


def alike(scale, axis=1):
    return lambda queries, captions: (scale(queries) @ scale(captions).T).argmax(axis)


def rows_of_length_one(x):
    return F.normalize(x, dim=1)


def scaled(mean, std):
    return lambda x: (x - mean(x)) / std(x)


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "bert.batch_shape": [
        ((3, 6), "[CLS] and [SEP] are tokens, too"),
        ((3, 5), "Some words have several pieces"),
        ((8, 3), "captions are the rows"),
        ((3, 8, 384), "3 dimensions"),
        (24, "a tuple"),
    ],
    "bert.causal_attention": [
        (backwards(torch.triu), "wrong way round"),
        (backwards(lambda ones: ones.tril(-1)), "may attend to itself"),
        (backwards(lambda ones: ones), "no effect"),
        (backwards(torch.tril, late=True), "before the softmax"),
        (backwards(torch.tril, scale=1.0), "root of d"),
        (backwards(torch.tril, dim=-2), "wrong axis"),
    ],
    "bert.layer_norm": [
        (scaled(lambda x: x.mean(), lambda x: x.std(correction=0)), "yours are the batch's"),
        (
            scaled(lambda x: x.mean(1, True), lambda x: x.std(1, correction=0, keepdim=True)),
            "tokens of a caption",
        ),
        (
            scaled(lambda x: x.mean(0, True), lambda x: x.std(0, correction=0, keepdim=True)),
            "over the batch",
        ),
        (
            scaled(lambda x: x.mean(-1, True), lambda x: x.var(-1, correction=0, keepdim=True)),
            "Where is the root",
        ),
        (scaled(lambda x: x.mean(-1, True), lambda x: x.std(-1, keepdim=True)), "D − 1"),
        (lambda x: x - x.mean(-1, True), "The mean is 0 now"),
    ],
    "bert.masked_tokens": [
        (gaps(all_chosen, hidden_only), "hide padding"),
        (gaps(no_padding, hidden_only), "hide [CLS] or [SEP]"),
        (gaps(words_only, lambda tokens, inputs, hidden: tokens), "left in view are targets"),
        (
            gaps(words_only, lambda tokens, inputs, hidden: inputs.masked_fill(~hidden, -100)),
            "come from the inputs",
        ),
        (
            gaps(words_only, lambda tokens, inputs, hidden: tokens.masked_fill(hidden, -100)),
            "wrong way round",
        ),
        (lambda tokens, chosen: (tokens, tokens), "still in view"),
        (lambda tokens, chosen: tokens.masked_fill(chosen, 103), "Return inputs and targets"),
    ],
    "bert.head_offset": [
        (lambda w, offset: w.diagonal(-offset, dim1=2, dim2=3).mean(-1), "swapped them"),
        (at_offset(lambda line, weights: line.sum(-1) / weights.shape[-1]), "Leave them out"),
        (at_offset(lambda line, weights: line.amax(-1)), "largest weight"),
        (at_offset(lambda line, weights: line.mean()), "(layers, heads)"),
        (lambda w, offset: w.roll(-offset, 3).diagonal(dim1=2, dim2=3).mean(-1), "wrap around"),
    ],
    "bert.wrong_line": [
        (2, "Line 2 is right"),
        (3, "Line 3 is right"),
        (5, "the right count"),
        (7, "from 1 to 5"),
        ("present.shape[1]", "Return a number"),
    ],
    "bert.search": [
        (alike(lambda x: x), "Long vectors win"),
        (alike(rows_of_length_one, axis=0), "query for each caption"),
        (lambda q, c: (rows_of_length_one(q) @ rows_of_length_one(c).T).amax(1), "Return rows"),
        (lambda q, c: (rows_of_length_one(q) @ rows_of_length_one(c).T).argmin(1), "least similar"),
        (lambda queries, captions: torch.cdist(queries, captions).argmin(1), "not distances"),
    ],
    "bert.standardise": [
        (
            scaled(lambda x: x.mean((0, 1)), lambda x: x.flatten(0, 1).std(0, correction=0)),
            "Padding takes part",
        ),
        (
            scaled(lambda x: x[(x != 0).any(2)].mean(0), lambda x: x[(x != 0).any(2)].std(0)),
            "stay zero",
        ),
        (lambda x: F.layer_norm(x, (3,)), "Each of the D numbers"),
        (lambda x: x * 1.0, "mean 0 and deviation 1"),
    ],
}
