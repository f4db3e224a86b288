"""Typical wrong answers to the exercises on photographs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np


def by_id(content):
    found = defaultdict(list)
    for entry in content["annotations"]:
        found[entry["image_id"]].append(entry["caption"])
    return found


def last_caption(content):
    names = {entry["id"]: entry["file_name"] for entry in content["images"]}
    return {names[entry["image_id"]]: entry["caption"] for entry in content["annotations"]}


def with_empty_ones(content):
    captions = by_id(content)
    return {entry["file_name"]: captions[entry["id"]] for entry in content["images"]}


def in_groups(content):
    captions = [entry["caption"] for entry in content["annotations"]]
    names = [entry["file_name"] for entry in content["images"]]
    return {names[0]: captions[:3], names[1]: captions[3:]}


def first_caption(content):
    return {name: texts[:1] for name, texts in with_empty_ones(content).items() if texts}


def last_hash(line):
    name, rest = line.rsplit("#", 1)
    return name, int(rest[0]), rest[2:].strip()


def every_hash(line):
    name, number, *_ = line.replace("\t", "#").split("#")
    return name, int(number), line.split("#")[-1].split("\t")[-1].strip()


def name_with_number(line):
    name, caption = line.strip().split("\t")
    return name, int(name[-1]), caption


def number_as_text(line):
    key, caption = line.strip().split("\t")
    return *key.split("#"), caption


def with_newline(line):
    key, caption = line.split("\t")
    name, number = key.split("#")
    return name, int(number), caption


def turned(turns):
    return lambda pixels, orientation: np.rot90(pixels, turns.get(orientation, 0))


def transposed(pixels, orientation):
    return pixels.transpose(1, 0, 2) if orientation in (6, 8) else pixels


def rgb(deep=lambda x: x // 257, clear=None):
    def to_rgb(pixels):
        if pixels.dtype == np.uint16:
            pixels = deep(pixels).astype(np.uint8)
        if pixels.ndim == 2:
            return np.repeat(pixels[..., None], 3, axis=2)
        share = pixels[..., 3:] / 255
        return clear(pixels[..., :3], share).astype(np.uint8)

    return to_rgb


def over_white(colours, share):
    return share * colours + (1 - share) * 255


def by_caption(rows, share, rng):
    mixed = [rows[n] for n in rng.permutation(len(rows))]
    count = int(share * len(rows))
    return mixed[count:], mixed[:count]


def by_picture(choose):
    def two_parts(rows, share, rng):
        pictures = sorted({picture for picture, _ in rows})
        test = choose(pictures, int(share * len(pictures)), rng)
        return [r for r in rows if r[0] not in test], [r for r in rows if r[0] in test]

    return two_parts


def swapped_parts(rows, share, rng):
    drawn = by_picture(lambda pictures, count, rng: {*rng.permutation(pictures)[:count].tolist()})
    return drawn(rows, share, rng)[::-1]


def one_row_each(rows, share, rng):
    train, test = by_picture(lambda pictures, count, rng: {*pictures[::4]})(rows, share, rng)
    return [*dict(train).items()], [*dict(test).items()]


def largest(allowed):
    def largest_min_count(counts, share):
        return max(m for m in range(max(counts.values())) if allowed(counts, m) <= share)

    return largest_min_count


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "photographs.coco": [
        (by_id, "keys are ids"),
        (last_caption, "keep a list"),
        (with_empty_ones, "left out"),
        (in_groups, "wrong picture"),
        (first_caption, "Captions are missing"),
    ],
    "photographs.flickr_line": [
        (last_hash, "ends in `#`"),
        (every_hash, "not whole"),
        (name_with_number, "which no file does"),
        (number_as_text, "still a string"),
        (with_newline, "newline"),
    ],
    "photographs.upright": [
        (turned({3: 2, 6: 1, 8: -1}), "wrong way"),
        (transposed, "Orientation 3"),
        (lambda p, o: p[::-1] if o == 3 else np.rot90(p, {6: -1, 8: 1}.get(o, 0)), "mirrored"),
        (turned({}), "Orientation 3"),
        (turned({3: 2}), "shape"),
    ],
    "photographs.to_rgb": [
        (rgb(deep=lambda x: x, clear=over_white), "lower 8"),
        (rgb(deep=lambda x: x.clip(0, 255), clear=over_white), "nearly everything is white"),
        (rgb(clear=lambda colours, share: colours), "you drop it"),
        (rgb(clear=lambda colours, share: share * colours), "background is black"),
        (rgb(clear=lambda colours, share: over_white(colours, 1 - share)), "255 is opaque"),
        (lambda pixels: np.repeat(pixels[..., None] / 255, 3, axis=-1), "Return uint8"),
        (lambda pixels: pixels[..., None], "(H, W, 3)"),
    ],
    "photographs.parts": [
        (by_caption, "on both sides"),
        (by_picture(lambda pictures, count, rng: {*pictures[:count]}), "in their order"),
        (swapped_parts, "swapped"),
        (one_row_each, "Rows are lost"),
        (by_picture(lambda pictures, count, rng: {3}), "another share"),
    ],
    "photographs.disk": [
        (31_000 * 512 * 49 / 1e9, "How many bytes"),
        (31_000 * 512 * 49 * 4 / 1e9, "single precision"),
        (31_000 * 512 * 49 * 2, "Those are bytes"),
        (31_000 * 512 * 7 * 2 / 1e9, "7 rows and 7 columns"),
        (10, "Photographs × channels"),
    ],
    "photographs.min_count": [
        (largest(lambda c, m: sum(n < m for n in c.values()) / len(c)), "Count tokens"),
        (
            largest(lambda c, m: sum(n for n in c.values() if n <= m) / c.total()),
            "exactly `min_count`",
        ),
        (lambda counts, share: 2, "larger one"),
        (lambda counts, share: 5, "too many tokens"),
        (lambda counts, share: 4, "Count the tokens"),
    ],
}
