"""Write pictures with captions in the layouts of COCO, Flickr8k and Flickr30k.

Examples and tests need such folders without a download.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from cmlearn.data.captioned import CaptionedPictures

QUALITY = 95  # JPEG quality, 0 to 100
LISTS = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}

Row = tuple[int, np.ndarray, tuple[str, ...]]  # id, (H, W, 3) uint8 RGB, captions


def write_as_coco(parts: Mapping[str, CaptionedPictures], folder: Path | str) -> Path:
    """Write pictures in COCO's layout: PART/ID.jpg and annotations/captions_PART.json.

    Args:
        parts: the pictures of each split, by a name such as "train2017".
        folder: the folder to write; created if missing.

    Returns:
        The folder.
    """
    for split, data in parts.items():
        write_coco_split(folder, split, _rows(data))
    return Path(folder)


def write_coco_split(folder: Path | str, split: str, rows: Iterable[Row]) -> None:
    """Write one split in COCO's layout, one picture at a time.

    Args:
        folder: the folder to write; created if missing.
        split: name of the split, such as "train2017".
        rows: the id, the pixels, (H, W, 3) uint8 RGB, and the captions of each picture.
    """
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for image_id, image, captions in rows:
        name = f"{image_id:012d}.jpg"
        _write_jpeg(Path(folder) / split / name, image)
        height, width = image.shape[:2]
        images.append({"id": image_id, "file_name": name, "height": height, "width": width})
        # Unique over all splits, because no picture has a hundred captions.
        for number, caption in enumerate(captions, start=100 * image_id):
            annotations.append({"id": number, "image_id": image_id, "caption": caption})
    file = Path(folder) / "annotations" / f"captions_{split}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"images": images, "annotations": annotations}), "utf-8")


def write_as_flickr8k(parts: Mapping[str, CaptionedPictures], folder: Path | str) -> Path:
    """Write pictures in the layout of Flickr8k: Images/, Flickr8k.token.txt and lists of the parts.

    Args:
        parts: the pictures of each part: "train", "val" or "test".
        folder: the folder to write; created if missing.

    Returns:
        The folder.
    """
    lists = {part: LISTS[part] for part in parts}
    tokens = _write_flickr(parts, Path(folder), "Images", lists, _name_of_flickr8k)
    (Path(folder) / "Flickr8k.token.txt").write_text(tokens, "utf-8")
    return Path(folder)


def write_as_flickr30k(parts: Mapping[str, CaptionedPictures], folder: Path | str) -> Path:
    """Write pictures in the layout of Flickr30k: flickr30k-images/, a .gz token file and lists.

    Args:
        parts: the pictures of each part: "train", "val" or "test".
        folder: the folder to write; created if missing.

    Returns:
        The folder.
    """
    lists = {part: f"{part}.txt" for part in parts}
    tokens = _write_flickr(parts, Path(folder), "flickr30k-images", lists, "{}.jpg".format)
    packed = gzip.compress(tokens.encode(), mtime=0)
    (Path(folder) / "results_20130124.token.gz").write_bytes(packed)
    return Path(folder)


def write_as_kaggle(parts: Mapping[str, CaptionedPictures], folder: Path | str) -> Path:
    """Write pictures in the layout of Flickr8k on Kaggle: Images/ and captions.txt, a CSV file.

    The layout has no lists of the parts.

    Args:
        parts: the pictures of each part: "train", "val" or "test".
        folder: the folder to write; created if missing.

    Returns:
        The folder.
    """
    folder = Path(folder)
    lines = [("image", "caption")]
    for image_id, image, captions in (row for data in parts.values() for row in _rows(data)):
        name = _name_of_flickr8k(image_id)
        _write_jpeg(folder / "Images" / name, image)
        lines += [(name, caption) for caption in captions]
    with (folder / "captions.txt").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return folder


def write_karpathy_file(parts: Mapping[str, CaptionedPictures], file: Path | str) -> Path:
    """Write captions in the form of Karpathy's dataset_flickr8k.json.

    Args:
        parts: the pictures of each part: "train", "val" or "test".
        file: the file to write.

    Returns:
        The file.
    """
    images = [
        {
            "filename": _name_of_flickr8k(image_id),
            "split": part,
            "sentences": [{"raw": text, "tokens": _words(text)} for text in captions],
        }
        for part, data in parts.items()
        for image_id, _, captions in _rows(data)
    ]
    Path(file).write_text(json.dumps({"images": images, "dataset": "flickr8k"}), "utf-8")
    return Path(file)


def _words(caption: str) -> list[str]:
    """Split into words in lower case without punctuation, as in Karpathy's files."""
    return re.findall(r"\w+", caption.lower())


def _name_of_flickr8k(image_id: int) -> str:
    """Return a name of Flickr's form: the photograph's id and ten hexadecimal digits."""
    return f"{image_id}_{hashlib.sha256(str(image_id).encode()).hexdigest()[:10]}.jpg"


def _write_flickr(
    parts: Mapping[str, CaptionedPictures],
    folder: Path,
    pictures: str,
    lists: Mapping[str, str],
    name_of: Callable[[int], str],
) -> str:
    """Write the pictures and the lists; return the text of the token file."""
    lines = []
    for part, data in parts.items():
        for image_id, image, captions in _rows(data):
            name = name_of(image_id)
            _write_jpeg(folder / pictures / name, image)
            lines += [f"{name}#{i}\t{caption}\n" for i, caption in enumerate(captions)]
        names = "".join(f"{name_of(image_id)}\n" for image_id in data.image_ids)
        (folder / lists[part]).write_text(names, "utf-8")
    return "".join(lines)


def _rows(data: CaptionedPictures) -> Iterator[Row]:
    return zip(data.image_ids, data.images, data.captions)


def _write_jpeg(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = np.ascontiguousarray(image[..., ::-1])
    encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    path.write_bytes(encoded.tobytes())
