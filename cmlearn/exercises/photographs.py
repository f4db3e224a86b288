"""Checks of the exercises on data sets of photographs: files, pixels, splits and words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from cmlearn.exercises.checking import Check, call, expect, expect_shape
from cmlearn.exercises.comparing import expect_value

COCO: dict[str, list[dict[str, Any]]] = {
    "images": [
        {"id": 42, "file_name": "042.jpg"},
        {"id": 7, "file_name": "007.jpg"},
        {"id": 300, "file_name": "300.jpg"},
    ],
    "annotations": [
        {"id": 1, "image_id": 7, "caption": "A cat."},
        {"id": 2, "image_id": 42, "caption": "A red bus."},
        {"id": 3, "image_id": 7, "caption": "A grey cat."},
        {"id": 4, "image_id": 7, "caption": "It sleeps."},
        {"id": 5, "image_id": 42, "caption": "A bus stops."},
    ],
}
GROUPED = {
    "042.jpg": ["A red bus.", "A bus stops."],
    "007.jpg": ["A cat.", "A grey cat.", "It sleeps."],
}
WORDS = Counter({"a": 50, "red": 20, "kite": 14, "house": 9, "sea": 4, "bloom": 2, "tre": 1})


def check_coco(answer: Any) -> None:
    """`captions_by_name(content)` returns file name → captions."""
    found = call(answer, COCO)
    expect(isinstance(found, dict), f"Return a dictionary, not {type(found).__name__}.")
    ids = {entry["id"] for entry in COCO["images"]}
    expect(not ids & {*found}, "Your keys are ids. The question asks for file names.")
    names = {entry["file_name"] for entry in COCO["images"]}
    expect({*found} <= names, "A key is no file name of the pictures.")
    expect("300.jpg" not in found, "A picture without a caption should be left out.")
    expect({*found} == {*GROUPED}, "A picture with captions is missing.")
    listed = all(isinstance(captions, list) for captions in found.values())
    expect(listed, "A picture has several captions: keep a list of all.")
    pairs = {(name, text) for name, captions in found.items() for text in captions}
    right = {(name, text) for name, captions in GROUPED.items() for text in captions}
    expect(not pairs - right, "A caption is with the wrong picture. Match `image_id` with `id`.")
    expect(not right - pairs, "Captions are missing. Pictures may have any number of them.")
    expect(found == GROUPED, "Each caption once, in the order of the file.")


def check_flickr_line(answer: Any) -> None:
    """`read_line(line)` returns the file name, the caption's number and the caption."""
    for line, wanted in {
        "12_ab.jpg#3\tA girl runs .\n": ("12_ab.jpg", 3, "A girl runs ."),
        "7_c.jpg#0\tThe #1 player , in red .\n": ("7_c.jpg", 0, "The #1 player , in red ."),
    }.items():
        found = call(answer, line)
        expect(isinstance(found, tuple | list), "Return three things: name, number, caption.")
        expect(len(found) == 3, f"Return three things: name, number, caption. Yours: {len(found)}.")
        name, number, caption = found
        expect("#" not in str(name), "Your name ends in `#` and a number, which no file does.")
        expect(name == wanted[0], "The name of the file is wrong.")
        expect(not isinstance(number, str), "The number is still a string.")
        expect(number == wanted[1], "The number of the caption is wrong.")
        expect(not str(caption).endswith("\n"), "The caption still ends in a newline.")
        whole = "The caption is not whole. It may hold a `#`, and commas."
        expect(caption == wanted[2], whole)


def check_upright(answer: Any) -> None:
    """`upright(pixels, orientation)` turns pixels as EXIF's orientation says."""
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    for orientation, turns in {1: 0, 3: 2, 6: -1, 8: 1}.items():
        wanted = np.rot90(pixels, turns)
        found = call(answer, pixels, orientation)
        where = f"Orientation {orientation}:"
        expect_shape(found, wanted.shape, f"(H, W, 3) of orientation {orientation}")
        mirrored = any(np.array_equal(found, wanted[rows, columns]) for rows, columns in FLIPS)
        expect(not mirrored, f"{where} the picture is mirrored. Turn it.")
        opposite = turns % 2 == 1 and np.array_equal(found, np.rot90(pixels, -turns))
        expect(not opposite, f"{where} you turn the wrong way, to the side of the other one.")
        expect(np.array_equal(found, wanted), f"{where} the pixels are not where they belong.")


FLIPS = ((slice(None, None, -1), slice(None)), (slice(None), slice(None, None, -1)))


def check_to_rgb(answer: Any) -> None:
    """`to_rgb(pixels)` returns (H, W, 3) uint8 for grey, 16-bit and transparent pictures."""
    grey = np.array([[0, 100, 255], [30, 60, 90]], np.uint8)
    _check_rgb(call(answer, grey), grey[..., None], {})
    deep = np.array([[0, 25_700, 65_535], [514, 40_000, 300]], np.uint16)
    low, cut = deep.astype(np.uint8), deep.clip(0, 255)
    mistakes = {
        "16 bits: you keep the lower 8 of them, which is noise. Keep the upper 8.": low,
        "16 bits: nearly everything is white. Scale to 255, do not cut off there.": cut,
    }
    _check_rgb(call(answer, deep), deep[..., None] / 257, mistakes)
    clear = np.full((2, 3, 4), 80, np.uint8)
    clear[..., 3] = [[0, 128, 255], [255, 64, 0]]
    share = clear[..., 3:] / 255
    over = {level: share * clear[..., :3] + (1 - share) * level for level in (0, 255)}
    mistakes = {
        "Transparency: you drop it, and show colours that nobody was to see.": clear[..., 0],
        "Transparency: your background is black. It should be white.": over[0][..., 0],
        "Transparency: you mix the wrong way round; 255 is opaque.": (
            (1 - share) * clear[..., :3] + share * 255
        )[..., 0],
    }
    _check_rgb(call(answer, clear), over[255], mistakes)


def _check_rgb(found: Any, wanted: np.ndarray, mistakes: dict[str, np.ndarray]) -> None:
    expect_shape(found, (2, 3, 3), "(H, W, 3)")
    expect(found.dtype == np.uint8, f"Return uint8; yours is {found.dtype}.")
    for message, wrong in mistakes.items():
        expect(np.abs(found - wrong[..., None].astype(float)).max() > 1, message)
    expect(np.abs(found - wanted).max() <= 1.5, "A picture comes out with other values.")


def check_parts(answer: Any) -> None:
    """`two_parts(rows, share, rng)` splits (picture, caption) rows by picture."""
    rows = [(picture, f"{picture} {n}") for picture in range(400) for n in range(3)]
    found = call(answer, rows, 0.25, np.random.default_rng(0))
    expect(isinstance(found, tuple | list) and len(found) == 2, "Return two lists: train, test.")
    train, test = found
    sides = [{picture for picture, _ in part} for part in (train, test)]
    shared = len(sides[0] & sides[1])
    expect(not shared, f"{shared} pictures are on both sides. Draw pictures, not captions.")
    expect(len(train) + len(test) == len(rows), "Rows are lost, or there twice.")
    expect(sorted([*train, *test]) == rows, "Rows are lost, or there twice.")
    swapped = "The parts are swapped: the share is that of the test part."
    expect(not 270 <= len(sides[1]) <= 330, swapped)
    expect(70 <= len(sides[1]) <= 130, "The test part has another share of the pictures.")
    ends = {*range(100)}, {*range(300, 400)}
    expect(sides[1] not in ends, "You take the pictures in their order. Shuffle them first.")


def check_disk(answer: Any) -> None:
    """Gigabytes that the grids of 31,000 photographs take in half precision."""
    values = 31_000 * 512 * 7 * 7
    expect_value(
        answer,
        values * 2 / 1e9,
        {
            "That is the number of values. How many bytes has each?": values / 1e9,
            "That is single precision. Half precision has fewer bytes.": values * 4 / 1e9,
            "Those are bytes. A gigabyte has 10⁹ of them.": values * 2,
            "Those are megabytes.": values * 2 / 1e6,
            "The grid has 7 rows and 7 columns.": values * 2 / 7 / 1e9,
        },
        "Photographs × channels × cells × bytes for each value, in gigabytes.",
        within=0.02,
    )


def check_min_count(answer: Any) -> None:
    """`largest_min_count(counts, share)` keeps the unknown tokens below a share."""
    mistakes = {
        "You count words. Count tokens: a frequent word weighs more.": 1.0,
        "A word that comes exactly `min_count` times is kept.": 3.0,
        "That leaves too many tokens unknown.": 5.0,
        "A larger one is still allowed.": 2.0,
    }
    wrong = "Count the tokens of all words rarer than `min_count`, as a share of all tokens."
    expect_value(call(answer, WORDS, 0.035), 4, mistakes, wrong)
    expect_value(call(answer, WORDS, 0.2), 14, {}, wrong)


CHECKS: dict[str, Check] = {
    "photographs.coco": check_coco,
    "photographs.flickr_line": check_flickr_line,
    "photographs.upright": check_upright,
    "photographs.to_rgb": check_to_rgb,
    "photographs.parts": check_parts,
    "photographs.disk": check_disk,
    "photographs.min_count": check_min_count,
}
