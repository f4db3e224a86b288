"""Read Karpathy's dataset_*.json files: the captions and the split of each picture.

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

# "restval" is the rest of COCO's validation pictures, which is used for training by convention.
PARTS = {"train": "train", "restval": "train", "val": "val", "test": "test"}


class KarpathyEntry(NamedTuple):
    """A picture listed in one of Karpathy's files.

    Attributes:
        name: file name of the picture.
        part: "train", "val" or "test".
        captions: the original sentences, not the tokens of the file.
        coco_id: id of the picture in COCO; None for Flickr8k and Flickr30k.
    """

    name: str
    part: str
    captions: tuple[str, ...]
    coco_id: int | None


def read_karpathy(file: Path) -> list[KarpathyEntry]:
    """Read one of Karpathy's files.

    Args:
        file: dataset_coco.json, dataset_flickr8k.json or dataset_flickr30k.json.

    Returns:
        The pictures in the order of the file.

    Raises:
        CaptionFileError: the JSON is truncated, lacks a key, or lists a picture twice.
    """
    entries = [
        _entry(content, f"{file}: images[{number}]")
        for number, content in enumerate(read_json(file, "images")["images"])
    ]
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:  # in two splits, it would be used for training and testing
            raise CaptionFileError(f"{file} lists {entry.name} twice")
        seen.add(entry.name)
    return entries


def _entry(content: Any, where: str) -> KarpathyEntry:
    split = value_of(content, "split", str, where)
    if split not in PARTS:
        raise CaptionFileError(f"{where} is in the split {split!r}, not one of {[*PARTS]}")
    sentences = value_of(content, "sentences", list, where)
    captions = (one_line(value_of(sentence, "raw", str, where)) for sentence in sentences)
    return KarpathyEntry(
        name=plain_name(value_of(content, "filename", str, where), where),
        part=PARTS[split],
        captions=tuple(caption for caption in captions if caption),
        coco_id=value_of(content, "cocoid", int, where) if "cocoid" in content else None,
    )
