"""Read captions in COCO's layout: one JSON per split beside a folder of pictures.

Chen et al. 2015, "Microsoft COCO captions: data collection and evaluation server",
https://arxiv.org/abs/1504.00325; the format: https://cocodataset.org/#format-data
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cmlearn.data.captioned import CaptionedImage


class CaptionFileError(ValueError):
    """A file of captions that cannot be read; the message names the file and the entry."""


def read_coco(folder: Path | str, split: str) -> list[CaptionedImage]:
    """Return the captioned pictures of a split, in the order of their ids.

    Reads `folder/annotations/captions_SPLIT.json` and looks for the pictures in `folder/SPLIT/`.
    Pictures that are listed and not on disk, or that nobody captioned, are left out with one
    warning that counts them. Runs of blanks and newlines in a caption become one blank.

    Args:
        folder: where COCO was unpacked.
        split: "val2017", or any other that is there.

    Raises:
        FileNotFoundError: no such file of captions, or none of its pictures is on disk.
        CaptionFileError: the JSON is cut off, lacks a key, or speaks of a picture it does not list.
    """
    file = Path(folder) / "annotations" / f"captions_{split}.json"
    pictures = Path(folder) / split
    content = _read_json(file)
    names = dict(_names_by_id(content, file))
    captions = _captions_by_id(content, names, file)
    on_disk = {path.name for path in pictures.iterdir()} if pictures.is_dir() else set()
    if names and not on_disk.intersection(names.values()):
        raise FileNotFoundError(f"{file} lists {len(names)} pictures and none is in {pictures}")
    absent = sum(name not in on_disk for name in names.values())
    silent = sum(name in on_disk and not captions[key] for key, name in names.items())
    if absent or silent:
        warnings.warn(
            f"{file}: of {len(names)} pictures, {absent} are not in {pictures} and {silent} have "
            "no caption; they are left out",
            stacklevel=2,
        )
    return [
        CaptionedImage(key, pictures / names[key], tuple(captions[key]))
        for key in sorted(names)
        if names[key] in on_disk and captions[key]
    ]


def _read_json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no file of captions {file}; a folder in COCO's layout has "
            "annotations/captions_SPLIT.json beside SPLIT/"
        )
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise CaptionFileError(f"{file} is no whole JSON ({error}): was it cut off?") from error
    for key in ("images", "annotations"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise CaptionFileError(f'{file} has no list "{key}": is it a file of captions?')
    return content


def _names_by_id(content: dict[str, Any], file: Path) -> Iterator[tuple[int, str]]:
    seen = set()
    for number, entry in enumerate(content["images"]):
        where = f"{file}: images[{number}]"
        key, name = _value(entry, "id", int, where), _value(entry, "file_name", str, where)
        if key in seen:
            raise CaptionFileError(f"{where} has the id {key} of an earlier picture")
        if Path(name).name != name:
            raise CaptionFileError(f"{where} must name a file, not a path: {name!r}")
        seen.add(key)
        yield key, name


def _captions_by_id(
    content: dict[str, Any], names: dict[int, str], file: Path
) -> dict[int, list[str]]:
    captions: dict[int, list[str]] = {key: [] for key in names}
    for number, entry in enumerate(content["annotations"]):
        where = f"{file}: annotations[{number}]"
        key, text = _value(entry, "image_id", int, where), _value(entry, "caption", str, where)
        if key not in captions:
            raise CaptionFileError(f"{where} is about picture {key}, which is not in images")
        caption = " ".join(text.split())
        if caption:
            captions[key].append(caption)
    return captions


def _value(entry: Any, key: str, kind: type, where: str) -> Any:
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise CaptionFileError(f'{where} needs "{key}" as {kind.__name__}, got {value!r}')
    return value
