"""Typical wrong answers to the exercises on the residual network and its features."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


def field(layers, first=1, early=False, backwards=False):
    size, step = first, 1
    for kernel, stride in layers[::-1] if backwards else layers:
        size += (kernel - 1) * (step * stride if early else step)
        step *= stride
    return size


def normalised(x, mean, var, weight, bias, root=True):
    mean, var, weight, bias = (each.view(-1, 1, 1) for each in (mean, var, weight, bias))
    return (x - mean) / (var.sqrt() if root else var) * weight + bias


def maps(grid, weight, bias, share=1.0, shift=1.0):
    return torch.einsum("vd,bdhw->bvhw", weight, grid) * share + bias.view(-1, 1, 1) * shift


def recall(queries, gallery, k, unit=True, largest=True):
    if unit:
        queries, gallery = F.normalize(queries, dim=1), F.normalize(gallery, dim=1)
    near = (queries @ gallery.T).topk(k, dim=1, largest=largest).indices
    return (near == torch.arange(len(queries)).unsqueeze(1)).any(dim=1).double().mean()


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "resnet.output_size": [
        (lambda n, k, s, p: (n + 2 * p - k) // s, "Off by one"),
        (lambda n, k, s, p: (n + p - k) // s + 1, "Both edges"),
        (lambda n, k, s, p: (n - k) // s + 1, "The padding does not"),
        (lambda n, k, s, p: (n + 2 * p - k) / s + 1, "whole number"),
        (lambda n, k, s, p: n + 2 * p - k + 1, "The stride does not"),
        (lambda n, k, s, p: n // s, "just right"),
        (lambda n, k, s, p: n, "How many positions"),
    ],
    "resnet.weights": [
        (18432 + 36864 + 256, "for the shapes differ"),
        (18432 + 36864 + 2048, "two numbers a channel"),
        (18432 + 36864, "Only the two"),
        (18432 + 36864 + 2048 + 256, "norm of its own"),
        (18432 + 36864 + 2048 + 192, "a scale and a shift"),
        (2 * 36864 + 2048 + 384, "go into the first"),
        (18432 + 36864 + 2048 + 384 + 192, "no bias"),
        (57000, "Count both"),
    ],
    "resnet.receptive_field": [
        (lambda layers: field(layers, early=True), "own stride"),
        (lambda layers: 1 + sum(k - 1 for k, _ in layers), "of later layers longer"),
        (lambda layers: max(1, sum(k for k, _ in layers)), "overlap"),
        (lambda layers: field(layers, backwards=True), "from the last"),
        (lambda layers: 1 + sum((k - 1) * s for k, s in layers), "multiply"),
        (lambda layers: field(layers, first=0), "one pixel"),
    ],
    "resnet.batch_norm": [
        (lambda *args: normalised(*args, root=False), "Which root"),
        (lambda x, mean, var, w, b: F.batch_norm(x, mean, var), "are missing"),
        (lambda x, mean, var, w, b: F.batch_norm(x, None, None, w, b, training=True), "train mode"),
        (lambda x, mean, var, w, b: F.batch_norm(x, mean, var, w, -b), "is added"),
        (lambda x, mean, var, w, b: F.batch_norm(x, mean, var, w, w * b), "then the shift"),
        (lambda x, *rest: x.mean(dim=(2, 3)), "(B, C, H, W)"),
        (lambda x, *rest: x, "From each channel"),
    ],
    "resnet.cell_logits": [
        (lambda grid, w, b: maps(grid, w, b, shift=0), "by the bias"),
        (lambda grid, w, b: maps(grid, w, b, share=1 / 12), "already"),
        (lambda grid, w, b: maps(grid, w, b, 1 / 12, 1 / 12), "sum to the logits"),
        (lambda grid, w, b: F.linear(grid.mean(dim=(2, 3)), w, b), "(B, V, H, W)"),
        (lambda grid, w, b: maps(grid.flip(3), w, b), "the cells are not"),
        (lambda grid, w, b: maps(grid, w, b, 2), "not the logit"),
    ],
    "resnet.share_found": [
        (lambda *args: recall(*args, unit=False), "Long vectors win"),
        (lambda queries, gallery, k: recall(queries, gallery, 1), "first place"),
        (lambda queries, gallery, k: recall(queries, gallery, k + 1), "too many"),
        (lambda *args: recall(*args, largest=False), "least alike"),
        (lambda *args: 20 * recall(*args), "Divide by the number of queries"),
        (lambda *args: 100 * recall(*args), "per cent"),
        (lambda queries, gallery, k: queries @ gallery.T, "one number"),
    ],
}
