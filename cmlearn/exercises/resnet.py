"""Checks of the exercises on the residual network and its features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from cmlearn.exercises.checking import Check, call, expect, expect_close, expect_shape

# Size, kernel, stride and padding of convolutions: the last row loses a column at the edge.
CONVOLUTIONS = ((64, 7, 2, 3), (15, 3, 1, 0), (9, 1, 2, 0), (10, 4, 3, 1))


def check_output_size(answer: Any) -> None:
    """`output_size(size, kernel, stride, padding)` is the side that a convolution leaves."""
    found = [call(answer, *sizes) for sizes in CONVOLUTIONS]

    def sides(rule: Callable[[int, int, int, int], float]) -> list[float]:
        return [rule(*sizes) for sizes in CONVOLUTIONS]

    wanted = [
        F.conv2d(torch.zeros(1, 1, n, n), torch.zeros(1, 1, k, k), None, s, p).shape[-1]
        for n, k, s, p in CONVOLUTIONS
    ]
    expect_close(
        found,
        wanted,
        "How many positions does the kernel find, from the first to the last that fits?",
        [
            (sides(lambda n, k, s, p: (n + 2 * p - k) // s), "Off by one: the first one counts."),
            (sides(lambda n, k, s, p: (n + p - k) // s + 1), "Both edges are padded."),
            (sides(lambda n, k, s, p: (n - k) // s + 1), "The padding does not take part."),
            (sides(lambda n, k, s, p: (n + 2 * p - k) / s + 1), "A side is a whole number."),
            (sides(lambda n, k, s, p: n + 2 * p - k + 1), "The stride does not take part."),
            (sides(lambda n, k, s, p: n // s), "That holds where the padding is just right."),
        ],
    )


def check_weights(answer: Any) -> None:
    """`count` is how many weights `BasicBlock(32, 64, stride=2)` learns."""
    first, second, shortcut, norm = 32 * 64 * 9, 64 * 64 * 9, 32 * 64, 2 * 64
    expect_close(
        answer,
        first + second + shortcut + 3 * norm,
        "Count both convolutions, the shortcut's, and two numbers a channel for each norm.",
        [
            (first + second + 2 * norm, "The shortcut has weights here, for the shapes differ."),
            (first + second + 3 * norm, "The shortcut has a convolution, too."),
            (first + second + shortcut + 2 * norm, "The shortcut has a norm of its own."),
            (first + second + shortcut, "Batch normalisation learns two numbers a channel."),
            (first + second, "Only the two convolutions are counted."),
            (first + second + shortcut + 3 * 64, "A norm learns a scale and a shift."),
            (first + second + shortcut + 6 * norm, "Running means and deviations are not learned."),
            (2 * second + shortcut + 3 * norm, "How many channels go into the first convolution?"),
            (
                first + second + 9 * shortcut + 3 * norm,
                "The kernel of the shortcut is 1 × 1.",
            ),
            (first + second + shortcut + 3 * norm + 3 * 64, "These convolutions have no bias."),
        ],
        within=1e-6,
    )


def check_receptive_field(answer: Any) -> None:
    """`receptive_field(layers)` is how many pixels across one cell can see."""
    stem = [(7, 2), (3, 2), (3, 1), (2, 3), (3, 1)]
    expect_close(
        call(answer, []),
        1,
        "Without any layer, a cell is one pixel.",
    )

    def field(layers: list[tuple[int, int]], early: bool = False) -> int:
        size, step = 1, 1
        for kernel, stride in layers:
            step, before = step * stride, step
            size += (kernel - 1) * (step if early else before)
        return size

    expect_close(
        call(answer, stem),
        field(stem),
        "Each layer adds kernel - 1 steps. How many pixels long is a step by then?",
        [
            (field(stem, early=True), "A layer's own stride makes the steps of later layers long."),
            (1 + sum(k - 1 for k, _ in stem), "Strides make the steps of later layers longer."),
            (sum(k for k, _ in stem), "Neighbouring kernels overlap; do not add them up whole."),
            (field(stem[::-1]), "You go from the last layer to the first with the same rule."),
            (1 + sum((k - 1) * s for k, s in stem), "The strides of all earlier layers multiply."),
            (field(stem) - 1, "Off by one: the first pixel counts."),
        ],
        within=1e-6,
    )


def check_batch_norm(answer: Any) -> None:
    """`batch_norm(x, mean, var, weight, bias)` is batch normalisation in eval mode."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 4, 5, generator=rng)
    mean, bias = torch.randn(2, 3, generator=rng)
    var, weight = torch.rand(2, 3, generator=rng) + 0.5
    found = call(answer, x, mean, var, weight, bias)
    expect_shape(found, (2, 3, 4, 5), "(B, C, H, W)")
    m, v, w, b = (each.view(3, 1, 1) for each in (mean, var, weight, bias))
    own_mean, own_var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True)
    plain = F.batch_norm(x, mean, var)
    expect_close(
        found,
        F.batch_norm(x, mean, var, weight, bias),
        "From each channel subtract its mean, divide by its deviation, scale, then shift.",
        [
            ((x - m) / v * w + b, "You divide by the variance. Which root is missing?"),
            (plain, "Scale and shift are missing."),
            (plain * w - b, "The shift is added."),
            (plain * (1 + w) + b, "The scale multiplies, as it is."),
            ((plain + b) * w, "First the scale, then the shift."),
            (
                (x - own_mean) / own_var.sqrt() * w + b,
                "You take the mean and the deviation of this batch: that is train mode.",
            ),
            (
                F.batch_norm(x, None, None, weight, bias, training=True),
                "You take the mean and the deviation of this batch: that is train mode.",
            ),
        ],
        within=1e-3,
    )


def check_cell_logits(answer: Any) -> None:
    """`cell_logits(grid, weight, bias)` has the logits as its mean over cells, (B, V, H, W)."""
    rng = torch.Generator().manual_seed(0)
    grid, weight = torch.randn(2, 5, 3, 4, generator=rng), torch.randn(6, 5, generator=rng)
    bias = torch.randn(6, generator=rng)
    found = call(answer, grid, weight, bias)
    expect_shape(found, (2, 6, 3, 4), "(B, V, H, W)")
    maps = torch.einsum("vd,bdhw->bvhw", weight, grid)
    whole = bias.view(6, 1, 1)
    expect_close(
        found.mean(dim=(2, 3)),
        F.linear(grid.mean(dim=(2, 3)), weight, bias),
        "The mean of each map over its cells is not the logit.",
        [
            (maps.mean(dim=(2, 3)), "The mean of the maps misses the logits by the bias."),
            (
                (maps / 12 + whole).mean(dim=(2, 3)),
                "The mean is asked, and you divide by the number of cells already.",
            ),
            (
                (maps / 12 + whole / 12).mean(dim=(2, 3)),
                "Your maps sum to the logits. Their mean should be the logit.",
            ),
        ],
        within=1e-3,
    )
    expect_close(
        found,
        maps + whole,
        "The means are right, and the cells are not: each adds what its own channels say.",
        within=1e-3,
    )


def check_share_found(answer: Any) -> None:
    """`share_found(queries, gallery, k)` is the recall at k by cosine."""
    rng = torch.Generator().manual_seed(0)
    gallery = torch.randn(24, 3, generator=rng) * torch.logspace(-1, 1, 24).unsqueeze(1)
    queries = (
        gallery + 0.6 * gallery.norm(dim=1, keepdim=True) * torch.randn(24, 3, generator=rng)
    )[:20]
    found = call(answer, queries, gallery, 3)
    expect(not getattr(found, "shape", ()), "Return one number, the share.")
    cosines = F.normalize(queries, dim=1) @ F.normalize(gallery, dim=1).T

    def recall(scores: torch.Tensor, k: int = 3) -> float:
        own = scores.diagonal().unsqueeze(1)
        return float(((scores > own).sum(dim=1) < k).double().mean())

    share = recall(cosines)
    expect_close(
        found,
        share,
        "For each query: is its own row among the k most alike? Then take the mean.",
        [
            (20 * share, "Divide by the number of queries."),
            (100 * share, "Return a share between 0 and 1, not per cent."),
            (recall(cosines, 1), "Only the first place counts for you, whatever k is."),
            (recall(cosines, 4), "Off by one: you accept one place too many."),
            (recall(cosines, 2), "Off by one: you accept one place too few."),
            (recall(queries @ gallery.T), "Long vectors win. The cosine divides by the lengths."),
            (recall(-cosines), "You sort from the least alike."),
            (recall(-torch.cdist(queries, gallery)), "That is by distance, not by cosine."),
            (share / 3, "Divide by the number of queries alone."),
        ],
    )


CHECKS: dict[str, Check] = {
    "resnet.output_size": check_output_size,
    "resnet.weights": check_weights,
    "resnet.receptive_field": check_receptive_field,
    "resnet.batch_norm": check_batch_norm,
    "resnet.cell_logits": check_cell_logits,
    "resnet.share_found": check_share_found,
}
