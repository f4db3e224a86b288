"""Writes pictures with captions in the layouts of COCO, Flickr8k and Flickr30k.

So that whoever has none of them sees what their folders look like, and the tests too.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from cmlearn.data.captioned import CaptionedPictures

QUALITY = 95  # of JPEG, from 0 to 100
LISTS = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}


def write_as_coco(parts: Mapping[str, CaptionedPictures], folder: Path | str) -> Path:
    """Write pictures as COCO has them: PART/ID.jpg beside annotations/captions_PART.json.

    Args:
        parts: by the name of their split, such as "train2017" and "val2017".
        folder: where to; made where it is missing.

    Returns:
        The folder.
    """
    folder = Path(folder)
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    number = 0
    for split, data in parts.items():
        images, annotations = [], []
        for image_id, image, captions in _rows(data):
            name = f"{image_id:012d}.jpg"
            _write_jpeg(folder / split / name, image)
            height, width = image.shape[:2]
            images.append({"id": image_id, "file_name": name, "height": height, "width": width})
            for caption in captions:
                number += 1
                annotations.append({"id": number, "image_id": image_id, "caption": caption})
        content = {"images": images, "annotations": annotations}
        file = folder / "annotations" / f"captions_{split}.json"
        file.write_text(json.dumps(content), "utf-8")
    return folder


def write_as_flickr8k(parts: Mapping[str, CaptionedPictures], folder: Path | str) -> Path:
    """Write pictures as Flickr8k has them: Images/, Flickr8k.token.txt, and a list for each part.

    Args:
        parts: by the name of their part: "train", "val", "test".
        folder: where to; made where it is missing.

    Returns:
        The folder.
    """
    lists = {part: LISTS[part] for part in parts}
    tokens = _write_flickr(parts, Path(folder), "Images", lists, _name_of_flickr8k)
    (Path(folder) / "Flickr8k.token.txt").write_text(tokens, "utf-8")
    return Path(folder)


def write_as_flickr30k(parts: Mapping[str, CaptionedPictures], folder: Path | str) -> Path:
    """Write pictures as Flickr30k has them: flickr30k-images/, a packed token file, and lists.

    Arguments and result are those of `write_as_flickr8k`.
    """
    lists = {part: f"{part}.txt" for part in parts}
    tokens = _write_flickr(parts, Path(folder), "flickr30k-images", lists, "{}.jpg".format)
    packed = gzip.compress(tokens.encode(), mtime=0)
    (Path(folder) / "results_20130124.token.gz").write_bytes(packed)
    return Path(folder)


def _name_of_flickr8k(image_id: int) -> str:
    """A photograph's number on Flickr, and ten digits that nobody can guess."""
    return f"{image_id}_{hashlib.sha256(str(image_id).encode()).hexdigest()[:10]}.jpg"


def _write_flickr(
    parts: Mapping[str, CaptionedPictures],
    folder: Path,
    pictures: str,
    lists: Mapping[str, str],
    name_of: Callable[[int], str],
) -> str:
    """Write the pictures and the lists; return what the token file holds."""
    lines = []
    for part, data in parts.items():
        for image_id, image, captions in _rows(data):
            name = name_of(image_id)
            _write_jpeg(folder / pictures / name, image)
            lines += [f"{name}#{i}\t{caption}\n" for i, caption in enumerate(captions)]
        names = "".join(f"{name_of(image_id)}\n" for image_id in data.image_ids)
        (folder / lists[part]).write_text(names, "utf-8")
    return "".join(lines)


def _rows(data: CaptionedPictures) -> Iterator[tuple[int, np.ndarray, tuple[str, ...]]]:
    return zip(data.image_ids, data.images, data.captions)


def _write_jpeg(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = np.ascontiguousarray(image[..., ::-1])
    encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    path.write_bytes(encoded.tobytes())
