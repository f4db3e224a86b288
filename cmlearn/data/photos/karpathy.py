"""Reads Karpathy's dataset_*.json: captions of a data set with the split of each picture.

Karpathy and Fei-Fei 2015, "Deep visual-semantic alignments for generating image descriptions",
https://arxiv.org/abs/1412.2306; the files: https://cs.stanford.edu/people/karpathy/deepimagesent/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from cmlearn.data.photos.caption_file import (
    CaptionFileError,
    one_line,
    plain_name,
    read_json,
    value_of,
)

# "restval" is what COCO's validation pictures had left over; everybody trains on it.
PARTS = {"train": "train", "restval": "train", "val": "val", "test": "test"}


class KarpathyEntry(NamedTuple):
    """A picture of such a file.

    Attributes:
        name: of the file of the picture.
        part: "train", "val" or "test".
        captions: as they were written, not the file's tokens.
        coco_id: its id in COCO; None in Flickr8k and Flickr30k.
    """

    name: str
    part: str
    captions: tuple[str, ...]
    coco_id: int | None


def read_karpathy(file: Path) -> list[KarpathyEntry]:
    """Return the pictures of a dataset_coco.json, dataset_flickr8k.json or dataset_flickr30k.json.

    Raises:
        CaptionFileError: the JSON is cut off, lacks a key, or lists a picture twice.
    """
    entries = [
        _entry(content, f"{file}: images[{number}]")
        for number, content in enumerate(read_json(file, "images")["images"])
    ]
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:  # in two splits, it would be trained on and tested with
            raise CaptionFileError(f"{file} lists {entry.name} twice")
        seen.add(entry.name)
    return entries


def _entry(content: Any, where: str) -> KarpathyEntry:
    split = value_of(content, "split", str, where)
    if split not in PARTS:
        raise CaptionFileError(f"{where} is in the split {split!r}, none of {[*PARTS]}")
    sentences = value_of(content, "sentences", list, where)
    captions = (one_line(value_of(sentence, "raw", str, where)) for sentence in sentences)
    return KarpathyEntry(
        name=plain_name(value_of(content, "filename", str, where), where),
        part=PARTS[split],
        captions=tuple(caption for caption in captions if caption),
        coco_id=value_of(content, "cocoid", int, where) if "cocoid" in content else None,
    )
