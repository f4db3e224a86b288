"""Typical wrong answers to the exercises on captions and pictures as tensors."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import torch

from cmlearn.data.images import resize

SPECIALS = ["<pad>", "<bos>", "<eos>", "<unk>"]


def ids_of(sentences, keep, key=lambda item: (-item[1], item[0]), specials=SPECIALS):
    counts = Counter(word for words in sentences for word in words)
    words = [word for word, count in sorted(counts.items(), key=key) if keep(count)]
    return {word: n for n, word in enumerate([*specials, *words])}


def padded(rows, pad, width=max, front=False, dtype=torch.long):
    length = width(map(len, rows))
    fill = [[pad] * (length - len(row)) for row in rows]
    full = [f + row if front else row + f for f, row in zip(fill, rows)]
    return torch.tensor([row[:length] for row in full], dtype=dtype)


def corner(image, side, grey):
    scale = side / max(image.shape[:2])
    height, width = (round(scale * n) for n in image.shape[:2])
    square = np.full((side, side, 3), grey, np.uint8)
    square[:height, :width] = resize(image, (height, width))
    return square


def turned(image, side, grey):
    scale = side / max(image.shape[:2])
    height, width = (round(scale * n) for n in image.shape[:2])
    square = np.full((side, side, 3), grey, np.uint8)
    top, left = (side - width) // 2, (side - height) // 2
    square[top : top + width, left : left + height] = resize(image, (width, height))
    return square


def undone(images, mean, std, clip=True, rounded=True, scale=255, swapped=False, permute=True):
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (mean, std))
    values = (images + mean) * std if swapped else images * std + mean
    values = values.clamp(0, 1) * scale if clip else values * scale
    values = values.round() if rounded else values
    values = values.permute(0, 2, 3, 1) if permute else values
    return (values % 256).to(torch.uint8).numpy()


def by_caption(image_ids, share, rng):
    test = np.zeros(len(image_ids), bool)
    test[rng.permutation(len(image_ids))[: int(share * len(image_ids))]] = True
    return test


def by_picture(image_ids, share, rng, of=lambda n: n):
    chosen = rng.permutation(np.unique(image_ids))
    return np.isin(image_ids, chosen[: round(of(share) * len(chosen))])


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "preprocessing.word_ids": [
        (lambda s, n: ids_of(s, lambda count: count >= 1), "occurs: red, tree, sky"),
        (lambda s, n: ids_of(s, lambda count: count > n), "exactly min_count"),
        (lambda s, n: ids_of(s, lambda count: count >= n, specials=[]), "have no id"),
        (lambda s, n: ids_of(s, lambda count: count >= n, lambda x: -x[1]), "as they were read"),
        (lambda s, n: ids_of(s, lambda count: count >= n, lambda x: x[1]), "most frequent"),
        (lambda s, n: ids_of(s, lambda count: count >= n, specials=SPECIALS[::-1]), "from id 0"),
        (lambda s, n: list(ids_of(s, lambda count: count >= n)), "a dictionary"),
    ],
    "preprocessing.pad_rows": [
        (lambda rows, pad: padded(rows, pad, width=min), "shortest"),
        (lambda rows, pad: padded(rows, pad, front=True), "before the words"),
        (lambda rows, pad: padded(rows, 0), "whatever `pad` is"),
        (lambda rows, pad: padded(rows, pad, dtype=torch.float), "floats"),
        (lambda rows, pad: padded(rows, pad, width=lambda lengths: 6), "(rows, longest row)"),
        (lambda rows, pad: rows, "a tensor"),
    ],
    "preprocessing.max_of_words": [
        (lambda v, mask: v.amax(dim=1), "takes part"),
        (lambda v, mask: (v * mask.unsqueeze(-1)).amax(dim=1), "0 wins"),
        (lambda v, mask: v.masked_fill(mask.unsqueeze(-1), -9.0).amax(dim=2), "(B, D)"),
        (lambda v, mask: v.masked_fill(mask.unsqueeze(-1), -torch.inf).amax(dim=1), "the padding"),
        (lambda v, mask: v.masked_fill(~mask.unsqueeze(-1), -9.0).mean(dim=1), "largest value"),
    ],
    "preprocessing.to_network": [
        (lambda x: torch.tensor(x).permute(2, 0, 1) / 255, "still blue"),
        (lambda x: torch.tensor(x[..., ::-1].copy()).permute(2, 0, 1).float(), "0 to 255"),
        (lambda x: torch.tensor(x[..., ::-1].copy()).reshape(3, 4, 6) / 255, "moves no axis"),
        (lambda x: torch.tensor(x[..., ::-1].copy()).permute(2, 1, 0) / 255, "changed places"),
        (lambda x: torch.tensor(x[..., ::-1].copy()) / 255, "(3, H, W)"),
        (lambda x: torch.from_numpy(x[..., ::-1]), "negative"),
    ],
    "preprocessing.letterbox": [
        (lambda image, side, grey: resize(image, side), "no border"),
        (lambda image, side, grey: resize(image[:16, :16], side), "no border"),
        (corner, "in the middle"),
        (turned, "proportions"),
        (lambda image, side, grey: image, "(side, side, 3)"),
    ],
    "preprocessing.undo": [
        (lambda *args: undone(*args, clip=False), "become white"),
        (lambda *args: undone(*args, rounded=False), "cuts the decimals"),
        (lambda *args: undone(*args, scale=1), "0 to 255"),
        (lambda *args: undone(*args, swapped=True), "reverse order"),
        (lambda *args: undone(*args, permute=False), "(B, H, W, 3)"),
        (lambda *args: undone(*args).astype(float), "uint8"),
    ],
    "preprocessing.split": [
        (by_caption, "in training too"),
        (lambda *args: by_picture(*args, of=lambda share: 1 - share), "are for training"),
        (lambda *args: by_picture(*args, of=lambda share: 0.5), "not the share"),
        (lambda ids, share, rng: np.isin(ids, np.unique(ids)[:5]), "every seed"),
        (lambda *args: np.flatnonzero(by_picture(*args)), "(captions,)"),
        (lambda *args: by_picture(*args).astype(int), "True or False"),
    ],
}
