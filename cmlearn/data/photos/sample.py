"""Draw a small data set in COCO's layout from Storybook, with the defects of real data.

It replaces COCO where no photographs are available. The pictures are landscape or portrait JPEGs.
The captions have capitals, full stops, trailing white space and occasional typing errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from cmlearn.data.files import atomic_write
from cmlearn.data.folders import downloads_folder
from cmlearn.data.images import load_image
from cmlearn.data.photos.coco import caption_path
from cmlearn.data.photos.layouts import QUALITY, Row, write_coco_split
from cmlearn.data.progress import progress_bar
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene

VERSION = 2  # of the drawing; each version has its own folder
SEED = 2017
SIDE, LONG_SIDE = 240, 320  # pixels
# COCO's name of a part -> the split of Storybook that it is drawn from, number of pictures.
PARTS: Mapping[str, tuple[str, int]] = {"train2017": ("train", 1000), "val2017": ("test", 400)}

TALL = 0.25  # share of pictures in portrait format
MORE = 0.1  # share of pictures with six captions instead of five
SLIP = 0.01  # share of words with two letters swapped
LINE_END = 0.01  # share of captions that end in a newline
BLANK = 0.1  # share of captions that end in a space
NOT_THERE = 3  # pictures of each part that are listed but not on disk
MAX_ID = 581_929  # the largest id of COCO
LYING = 6  # Exif orientation: rotate by 90 degrees clockwise for display
LICENCE = {
    "id": 1,
    "name": "Attribution License",
    "url": "https://creativecommons.org/licenses/by/4.0/",
}


def draw_sample(folder: Path | None = None, counts: Mapping[str, int] | None = None) -> Path:
    """Draw the sample data set, unless its folder exists.

    In train2017, one picture is greyscale, one is rotated with an Exif orientation, one is CMYK,
    and one file is truncated. In each part, three pictures are listed but missing. The drawing is
    deterministic, and the folder is written atomically.

    Args:
        folder: the folder to write; by default `data/downloads/sample-coco-VERSION`.
        counts: number of pictures of each part, at least 8; by default 1,000 for train2017 and
            400 for val2017.

    Returns:
        The folder.

    Raises:
        OSError: the folder cannot be written.
        ValueError: a count is less than 8, or more than Storybook has.
    """
    folder = folder or downloads_folder() / f"sample-coco-{VERSION}"
    if folder.is_dir():
        return folder
    with atomic_write(folder) as partial:
        for part, (split, count) in PARTS.items():
            _draw_part(partial, part, split, (counts or {}).get(part, count))
    return folder


def _draw_part(folder: Path, part: str, split: str, count: int) -> None:
    scenes = load_storybook(split).scenes or ()
    if not 8 <= count <= len(scenes):
        raise ValueError(f"counts: {part} can have 8 to {len(scenes)} pictures, got {count}")
    rng = np.random.default_rng([SEED, *part.encode()])
    write_coco_split(folder, part, _rows(split, count, rng))
    _disorder(caption_path(folder, part), rng)
    names = sorted(path.name for path in (folder / part).iterdir())
    for name in names[-NOT_THERE:]:
        (folder / part / name).unlink()
    if part == "train2017":
        for spoil, name in zip((_grey, _lying, _for_a_printer, _cut_off), names):
            spoil(folder / part / name)


def _rows(split: str, count: int, rng: np.random.Generator) -> Iterator[Row]:
    data = load_storybook(split)
    # Odd ids in one part and even ids in the other, so that no two pictures share an id.
    ids = 2 * np.sort(rng.choice(MAX_ID // 2, count, replace=False)) + 1 + (split == "test")
    bar = progress_bar(ids.tolist(), desc="drawing a sample of photographs")
    for image_id, scene, captions in zip(bar, data.scenes or (), data.captions):
        yield image_id, _as_photographed(scene, rng), _as_written(captions, rng)


def _as_photographed(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Render a scene at the centre of a landscape or portrait picture, its edges extended."""
    beside = (LONG_SIDE - SIDE) // 2
    tall = rng.random() < TALL
    around = ((beside, beside), (0, 0)) if tall else ((0, 0), (beside, beside))
    return np.pad(render(scene, SIDE), (*around, (0, 0)), "edge")


def _as_written(captions: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
    """Return captions as annotators type them; some pictures repeat the first as a sixth."""
    more = captions[: int(rng.random() < MORE)]
    return tuple(_typed(caption, rng) for caption in captions + more)


def _typed(caption: str, rng: np.random.Generator) -> str:
    words = [_slipped(word, rng) for word in caption.split()]
    text = " ".join(words).capitalize() + "."
    draw = rng.random()
    end = "\n" if draw < LINE_END else " " if draw < LINE_END + BLANK else ""
    return text + end


def _slipped(word: str, rng: np.random.Generator) -> str:
    """Return the word, rarely with two letters swapped."""
    if len(word) < 4 or rng.random() > SLIP:
        return word
    at = int(rng.integers(1, len(word) - 1))
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _disorder(file: Path, rng: np.random.Generator) -> None:
    """Shuffle the captions and add a licence, as in COCO."""
    content = json.loads(file.read_text("utf-8"))
    content["annotations"] = [content["annotations"][i] for i in _order(content, rng)]
    content["licenses"] = [LICENCE]
    for image in content["images"]:
        image["license"] = LICENCE["id"]
    file.write_text(json.dumps(content), "utf-8")


def _order(content: dict[str, Any], rng: np.random.Generator) -> list[int]:
    return rng.permutation(len(content["annotations"])).tolist()


def _grey(path: Path) -> None:
    _save(Image.fromarray(load_image(path)).convert("L"), path)


def _lying(path: Path) -> None:
    """Rotate the picture by 90 degrees and record the orientation in Exif."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = LYING
    _save(Image.fromarray(np.rot90(load_image(path)).copy()), path, exif=exif)


def _for_a_printer(path: Path) -> None:
    _save(Image.fromarray(load_image(path)).convert("CMYK"), path)


def _cut_off(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _save(picture: Image.Image, path: Path, **options: Any) -> None:
    picture.save(path, quality=QUALITY, **options)
