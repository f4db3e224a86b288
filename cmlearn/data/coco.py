"""Read captions in COCO's layout: one JSON per split beside a folder of pictures.

Chen et al. 2015, "Microsoft COCO captions: data collection and evaluation server",
https://arxiv.org/abs/1504.00325; the format: https://cocodataset.org/#format-data
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cmlearn.data.caption_file import (
    CaptionFileError,
    one_line,
    plain_name,
    read_json,
    value_of,
)
from cmlearn.data.captioned import CaptionedImage
from cmlearn.data.on_disk import has_files, keep_present


def read_coco(folder: Path | str, split: str) -> list[CaptionedImage]:
    """Return the captioned pictures of a split, in the order of their ids.

    Reads `folder/annotations/captions_SPLIT.json` and looks for the pictures in `folder/SPLIT/`,
    or in `folder/images/SPLIT/` where that has none. Pictures that are listed and not on disk, or
    that nobody captioned, are left out with one warning that counts them. Runs of blanks and
    newlines in a caption become one blank.

    Args:
        folder: where COCO was unpacked.
        split: "val2017", or any other that is there.

    Raises:
        FileNotFoundError: no such file of captions, or none of its pictures is on disk.
        CaptionFileError: the JSON is cut off, lacks a key, or speaks of a picture it does not list.
    """
    return keep_present(
        list_coco(folder, split), [picture_folder(folder, split)], caption_path(folder, split)
    )


def list_coco(folder: Path | str, split: str) -> list[CaptionedImage]:
    """Return what a split lists, on disk or not, in the order of ids, with mere names as paths.

    Raises:
        FileNotFoundError: no such file of captions.
        CaptionFileError: as for `read_coco`.
    """
    file = caption_path(folder, split)
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no file of captions {file}; a folder in COCO's layout has "
            "annotations/captions_SPLIT.json beside SPLIT/"
        )
    content = read_json(file, "images", "annotations")
    names = dict(_names_by_id(content, file))
    captions = _captions_by_id(content, names, file)
    return [CaptionedImage(key, Path(names[key]), tuple(captions[key])) for key in sorted(names)]


def caption_path(folder: Path | str, split: str) -> Path:
    """Where a split's captions lie in COCO's layout."""
    return Path(folder) / "annotations" / f"captions_{split}.json"


def picture_folder(folder: Path | str, split: str) -> Path:
    """Where a split's pictures lie: in SPLIT/, or in images/SPLIT/, as many have them."""
    usual, inside = Path(folder) / split, Path(folder) / "images" / split
    return inside if has_files(inside) and not has_files(usual) else usual


def _names_by_id(content: dict[str, Any], file: Path) -> Iterator[tuple[int, str]]:
    seen = set()
    for number, entry in enumerate(content["images"]):
        where = f"{file}: images[{number}]"
        key, name = value_of(entry, "id", int, where), value_of(entry, "file_name", str, where)
        if key in seen:
            raise CaptionFileError(f"{where} has the id {key} of an earlier picture")
        seen.add(key)
        yield key, plain_name(name, where)


def _captions_by_id(
    content: dict[str, Any], names: dict[int, str], file: Path
) -> dict[int, list[str]]:
    captions: dict[int, list[str]] = {key: [] for key in names}
    for number, entry in enumerate(content["annotations"]):
        where = f"{file}: annotations[{number}]"
        key = value_of(entry, "image_id", int, where)
        caption = one_line(value_of(entry, "caption", str, where))
        if key not in captions:
            raise CaptionFileError(f"{where} is about picture {key}, which is not in images")
        if caption:
            captions[key].append(caption)
    return captions
