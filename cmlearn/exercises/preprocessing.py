"""Checks of the exercises on captions and pictures as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from cmlearn.exercises.checking import Check, call, close, expect, expect_close, expect_shape

SPECIALS = ("<pad>", "<bos>", "<eos>", "<unk>")


def check_word_ids(answer: Any) -> None:
    """`word_ids(sentences, min_count)` is a dictionary from each frequent word to its id."""
    sentences = [["a", "red", "house"], ["a", "blue", "house"], ["a", "tree"], ["blue", "sky"]]
    ids = call(answer, sentences, 2)
    expect(isinstance(ids, dict), f"Return a dictionary, not {type(ids).__name__}.")
    rare = [word for word in ("red", "tree", "sky") if word in ids]
    expect(not rare, f"Less than min_count times occurs: {', '.join(rare)}.")
    expect({"blue", "house"} <= set(ids), "A word that occurs exactly min_count times is kept.")
    missing = [special for special in SPECIALS if special not in ids]
    expect(not missing, f"These have no id: {', '.join(missing)}.")
    expect([ids[s] for s in SPECIALS] == [0, 1, 2, 3], "The specials come first, from id 0 on.")
    expect(ids["a"] == min(ids[w] for w in ("a", "blue", "house")), "The most frequent is first.")
    expect(
        ids["blue"] < ids["house"],
        "Words with equal counts come in the order of the alphabet. Yours come as they were read.",
    )
    expect(sorted(ids.values()) == list(range(7)), "The ids count up without a gap.")


def check_pad_rows(answer: Any) -> None:
    """`pad_rows(rows, pad)` fills lists of ids up to the longest, (B, T) int64."""
    found = call(answer, [[5, 6], [7, 8, 9, 10], [11]], 3)
    expect(isinstance(found, torch.Tensor), f"Return a tensor, not {type(found).__name__}.")
    expect(not found.is_floating_point(), "Ids are whole numbers; yours became floats.")
    expect(tuple(found.shape) != (3, 1), "You cut the rows at the shortest one.")
    expect_shape(found, (3, 4), "(rows, longest row)")
    wanted = [[5, 6, 3, 3], [7, 8, 9, 10], [11, 3, 3, 3]]
    expect_close(
        found,
        wanted,
        "The ids have to stay as they were, with padding behind them.",
        [
            ([[3, 3, 5, 6], [7, 8, 9, 10], [3, 3, 3, 11]], "The padding stands before the words."),
            (np.where(np.array(wanted) == 3, 0, wanted), "You fill with 0 whatever `pad` is."),
        ],
    )


def check_max_of_words(answer: Any) -> None:
    """`max_of_words(vectors, mask)` is the largest value of each column over the words, (B, D)."""
    rng = torch.Generator().manual_seed(0)
    vectors = torch.randn(3, 5, 4, generator=rng) - 2.0
    mask = torch.arange(5) < torch.tensor([[2], [5], [1]])
    found = call(answer, vectors, mask)
    expect_shape(found, (3, 4), "(B, D)")
    zeroed = (vectors * mask.unsqueeze(-1)).amax(dim=1)
    words = vectors.masked_fill(~mask.unsqueeze(-1), -torch.inf)
    expect_close(
        found,
        words.amax(dim=1),
        "Take the largest value of each column over the words alone.",
        [
            (vectors.amax(dim=1), "The padding takes part in the maximum."),
            (zeroed, "The padding became 0, and 0 wins where all words are negative."),
            (
                vectors.masked_fill(mask.unsqueeze(-1), -torch.inf).amax(dim=1),
                "You keep the padding and drop the words.",
            ),
        ],
    )


def check_to_network(answer: Any) -> None:
    """`to_network(bgr)` turns OpenCV's (H, W, 3) into (3, H, W) RGB from 0 to 1."""
    bgr = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    found = call(answer, bgr)
    expect(isinstance(found, torch.Tensor), f"Return a tensor, not {type(found).__name__}.")
    expect(tuple(found.shape) != (3, 6, 4), "Height and width have changed places.")
    expect_shape(found, (3, 4, 6), "(3, H, W)")
    rgb = np.ascontiguousarray(bgr[..., ::-1]).astype(np.float32)
    wanted = torch.tensor(rgb).permute(2, 0, 1) / 255
    expect_close(
        found,
        wanted,
        "The numbers are not those of the picture. View the result before you trust its shape.",
        [
            (wanted * 255, "The values still go from 0 to 255."),
            (wanted.flip(0), "The first channel is still blue."),
            (wanted.flip(0) * 255, "The first channel is still blue, from 0 to 255."),
            (wanted.flip(1), "You turned the picture upside down, and not the colours round."),
            (torch.tensor(rgb).reshape(3, 4, 6) / 255, "`reshape` moves no axis."),
            (
                torch.tensor(bgr.astype(np.float32)).reshape(3, 4, 6) / 255,
                "`reshape` moves no axis, and the colours are still BGR.",
            ),
        ],
    )


def check_letterbox(answer: Any) -> None:
    """`letterbox(image, side, grey)` fits a picture into a square with a border of grey."""
    rng = np.random.default_rng(0)
    # Blocks of one colour, so that every way to make them smaller gives the same colours.
    wide = np.kron(rng.integers(0, 100, (4, 8, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    for image, rows, columns in (
        (wide, slice(2, 6), slice(None)),
        (wide.transpose(1, 0, 2), slice(None), slice(2, 6)),
    ):
        found = np.asarray(call(answer, image, 8, 200))
        small = image[::4, ::4]
        expect_shape(found, (8, 8, 3), "(side, side, 3)")
        squeezed = not (found == 200).all(axis=2).any()
        expect(not squeezed, "There is no border: the picture was squeezed, or cropped.")
        wanted = np.full((8, 8, 3), 200)
        wanted[rows, columns] = small
        top = np.full((8, 8, 3), 200)
        top[: small.shape[0], : small.shape[1]] = small
        expect_close(
            found,
            wanted,
            "The picture has to keep its proportions and touch two sides of the square.",
            [(top, "The picture lies in a corner. It belongs in the middle.")],
            within=2,
        )


def check_undo(answer: Any) -> None:
    """`undo(images, mean, std)` gives the pixels back, (B, H, W, 3) uint8."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    mean, std = torch.tensor([0.6, 0.5, 0.4]), torch.tensor([0.3, 0.25, 0.2])
    scaled = torch.tensor(pixels).permute(0, 3, 1, 2) / 255
    images = (scaled - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    images[0, 0, 0, 0] = 9.0  # what a decoder may give: brighter than white
    pixels[0, 0, 0, 0] = 255
    found = call(answer, images, mean.tolist(), std.tolist())
    expect_shape(found, (2, 4, 5, 3), "(B, H, W, 3)")
    expect("uint8" in str(found.dtype), f"Pixels are uint8; yours are {found.dtype}.")
    found = np.asarray(found).astype(int)
    expect(found.max() > 3, "Pixels go from 0 to 255.")
    difference = np.abs(found - pixels)
    expect(
        difference.max() == 0 or found[0, 0, 0, 0] == 255,
        "A value above 1 has to become white. Converted to uint8 as it is, it starts again at 0.",
    )
    difference[0, 0, 0, 0] = 0
    expect(
        difference.max() != 1,
        "Some pixels are off by one: conversion to uint8 cuts the decimals off.",
    )
    expect(
        difference.max() == 0,
        "Take the steps of normalising in reverse order, channel by "
        "channel: which was the last one?",
    )


def check_split(answer: Any) -> None:
    """`test_captions(image_ids, share, rng)` marks the captions of the test pictures, (N,) bool."""
    order = np.random.default_rng(1).permutation(60)
    ids = (np.repeat(np.arange(20), 3) * 7 + 100)[order]
    found = np.asarray(call(answer, ids, 0.25, np.random.default_rng(0)))
    expect_shape(found, (60,), "(captions,)")
    expect(found.dtype == bool, "Return True or False for each caption, not numbers.")
    expect(found.any(), "No caption is in the test.")
    leaks = np.isin(ids[found], ids[~found]).mean()
    expect(leaks == 0, f"{leaks:.0%} of the test captions have their picture in training too.")
    count = len(np.unique(ids[found]))
    expect(count != 15, "That many pictures are for training. Yours are in the test.")
    expect(count == 5, f"Of 20 pictures, {count} are in the test: not the share that was asked.")
    again = np.asarray(call(answer, ids, 0.25, np.random.default_rng(3)))
    first = np.isin(ids, np.unique(ids)[:5])
    expect(
        not (close(found, again) or close(found, first)),
        "The test pictures are the same for every seed. Let `rng` choose them.",
    )


CHECKS: dict[str, Check] = {
    "preprocessing.word_ids": check_word_ids,
    "preprocessing.pad_rows": check_pad_rows,
    "preprocessing.max_of_words": check_max_of_words,
    "preprocessing.to_network": check_to_network,
    "preprocessing.letterbox": check_letterbox,
    "preprocessing.undo": check_undo,
    "preprocessing.split": check_split,
}
