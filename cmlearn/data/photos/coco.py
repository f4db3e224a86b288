"""Read the COCO captions data set.

In COCO's layout, each split is a JSON file of captions and a folder of pictures.

Chen et al. 2015, "Microsoft COCO captions: data collection and evaluation server",
https://arxiv.org/abs/1504.00325; the format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cmlearn.data.captioned import CaptionedImage
from cmlearn.data.photos.caption_file import (
    CaptionFileError,
    one_line,
    plain_name,
    read_json,
    value_of,
)
from cmlearn.data.photos.karpathy import read_karpathy
from cmlearn.data.photos.on_disk import files_in, has_pictures, keep_present, pictures_in
from cmlearn.data.splits import SEED, SHARES, split_by_picture

PARTS = ("train", "val", "test")
YEARS = ("2017", "2014")
SPLITS = tuple(f"{split}{year}" for year in YEARS for split in ("train", "val"))
KARPATHY = "dataset_coco.json"
NAMED = 5  # files that a message lists of a folder that does not contain COCO


def read_coco_part(folder: Path | str, part: str) -> list[CaptionedImage]:
    """Read the training, validation or test part of COCO.

    COCO publishes no captions for its test pictures, so the parts are defined by the first of
    these rules that applies:

    1. A split has the name of the part (`annotations/captions_PART.json`), as in Storybook.
    2. Karpathy's `dataset_coco.json` is in the folder or in `annotations/`; his split is used.
    3. train2017 is "train"; a random half of val2017 is "val", the other half "test". Without
       any split of 2017, the same holds for 2014.
    4. Only one of the two splits is on disk: its pictures are divided 80, 10 and 10 %, with a
       warning.

    Args:
        folder: the folder into which COCO was unpacked.
        part: "train", "val" or "test".

    Returns:
        The captioned pictures, sorted by id.

    Raises:
        ValueError: the part is unknown.
        FileNotFoundError: the folder has no complete split; the message lists what is missing and
            what was found.
        CaptionFileError: a file of captions is damaged.
    """
    folder = Path(folder)
    if caption_path(folder, part).is_file():
        return read_coco(folder, part)
    if part not in PARTS:
        raise ValueError(f"COCO has the parts {', '.join(PARTS)}; got {part!r}")
    for file in (folder / KARPATHY, folder / "annotations" / KARPATHY):
        if file.is_file():
            return _karpathy_part(folder, file, part)
    for year in YEARS:
        present = [split for split in SPLITS if split.endswith(year) and _is_there(folder, split)]
        if present:
            return _official_part(folder, present, part)
    raise FileNotFoundError(
        f"no COCO in {folder.absolute()}: looked for {KARPATHY}, and for "
        "annotations/captions_val2017.json with the pictures in val2017/ or images/val2017/ "
        "(or train2017, or the same for 2014). Get it by `python -m cmlearn download coco`. "
        + _found_instead(folder.absolute())
    )


def read_coco(folder: Path | str, split: str) -> list[CaptionedImage]:
    """Read a split of COCO.

    The captions are in `folder/annotations/captions_SPLIT.json`. The pictures are in
    `folder/SPLIT/` or, if that has none, in `folder/images/SPLIT/`. Pictures that are not on disk
    or have no captions are left out with one warning that counts them. White space in a caption
    is reduced to single spaces.

    Args:
        folder: the folder into which COCO was unpacked.
        split: name of the split, such as "val2017".

    Returns:
        The captioned pictures, sorted by id.

    Raises:
        FileNotFoundError: the file of captions does not exist, or no picture is on disk.
        CaptionFileError: the JSON is truncated, lacks a key, lists a picture twice, or has captions
            of a picture that it does not list.
    """
    return keep_present(
        list_coco(folder, split), [picture_folder(folder, split)], caption_path(folder, split)
    )


def list_coco(folder: Path | str, split: str) -> list[CaptionedImage]:
    """List all pictures of a split, whether they are on disk or not.

    Args:
        folder: the folder into which COCO was unpacked.
        split: name of the split, such as "val2017".

    Returns:
        The captioned pictures, sorted by id; their paths are file names without a folder.

    Raises:
        FileNotFoundError: the file of captions does not exist.
        CaptionFileError: as for `read_coco`.
    """
    file = caption_path(folder, split)
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no file of captions {file}; a folder in COCO's layout has "
            "annotations/captions_SPLIT.json and SPLIT/"
        )
    content = read_json(file, "images", "annotations")
    names = dict(_names_by_id(content, file))
    captions = _captions_by_id(content, names, file)
    return [CaptionedImage(key, Path(names[key]), tuple(captions[key])) for key in sorted(names)]


def caption_path(folder: Path | str, split: str) -> Path:
    """Return the path of a split's captions.

    Args:
        folder: the folder into which COCO was unpacked.
        split: name of the split, such as "val2017".
    """
    return Path(folder) / "annotations" / f"captions_{split}.json"


def picture_folder(folder: Path | str, split: str) -> Path:
    """Return the folder of a split's pictures.

    COCO unpacks to SPLIT/; many copies have images/SPLIT/ instead.

    Args:
        folder: the folder into which COCO was unpacked.
        split: name of the split, such as "val2017".

    Returns:
        The first of SPLIT/ and images/SPLIT/ that has pictures; SPLIT/ if neither has any.
    """
    usual, inside = Path(folder) / split, Path(folder) / "images" / split
    return inside if has_pictures(inside) and not has_pictures(usual) else usual


def _is_there(folder: Path, split: str) -> bool:
    return caption_path(folder, split).is_file() and has_pictures(picture_folder(folder, split))


def _found_instead(folder: Path) -> str:
    """Describe what was found: COCO above or below the folder, half a split, or other files."""
    if not folder.is_dir():
        return "The folder does not exist"
    with os.scandir(folder) as entries:
        names = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in entries)
    inside = (folder / name for name in names if name.endswith("/"))
    for near in (*folder.parents[:2], *inside):
        if _has_coco(near):
            return f"Did you mean {near}?"
    halves = [half for half in (_half_of(folder, split) for split in SPLITS) if half]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return f"Found {'; '.join(halves) or ', '.join(names[:NAMED] + more) or 'nothing'}"


def _has_coco(folder: Path) -> bool:
    try:
        return any(_is_there(folder, split) for split in SPLITS)
    except OSError:  # a neighbouring folder that may not be read
        return False


def _half_of(folder: Path, split: str) -> str:
    """Describe the half of a split that exists; empty if neither half exists."""
    captions, pictures = caption_path(folder, split), picture_folder(folder, split)
    name = captions.relative_to(folder).as_posix()
    if captions.is_file():
        return f"{name}, but no pictures in {split}/ or images/{split}/"
    count = len(pictures_in(pictures))
    where = pictures.relative_to(folder).as_posix()
    return f"{where}/ with {count:,} pictures, but no {name}" if count else ""


def _official_part(folder: Path, present: list[str], part: str) -> list[CaptionedImage]:
    if len(present) == 2 and part == "train":
        return read_coco(folder, present[0])
    split = present[-1]
    shares = {"val": 0.5, "test": 0.5} if len(present) == 2 else SHARES
    if len(present) == 1:
        warnings.warn(
            f"{folder} has only pictures of {split}: 80, 10 and 10 % of them are used for "
            "training, validation and testing",
            stacklevel=4,
        )
    # All listed pictures are split, not those on disk: a missing one must not move the others.
    listed = list_coco(folder, split)
    chosen = split_by_picture(listed, shares, np.random.default_rng(SEED))[part]
    pictures = picture_folder(folder, split)
    return keep_present(chosen, [pictures], f"{caption_path(folder, split)} ({part})")


def _karpathy_part(folder: Path, file: Path, part: str) -> list[CaptionedImage]:
    folders = [picture_folder(folder, split) for split in SPLITS]
    on_disk = set().union(*map(files_in, folders))
    listed = []
    seen: set[int] = set()
    for entry in read_karpathy(file):
        if entry.coco_id is None:
            raise CaptionFileError(
                f"{file}: {entry.name} has no cocoid: is the file of another data set?"
            )
        if entry.coco_id in seen:  # in two parts, it would be used for training and testing
            raise CaptionFileError(f"{file} lists the picture {entry.coco_id} twice")
        seen.add(entry.coco_id)
        if entry.part == part:
            listed.append(CaptionedImage(entry.coco_id, Path(entry.name), entry.captions))
    # Karpathy lists file names of 2014; the files of 2017 are the same pictures under other names.
    renamed = [
        item if item.path.name in on_disk else replace(item, path=Path(f"{item.image_id:012d}.jpg"))
        for item in listed
    ]
    return keep_present(renamed, folders, f"{file} ({part})")


def _names_by_id(content: dict[str, Any], file: Path) -> Iterator[tuple[int, str]]:
    seen: set[int] = set()
    first: dict[str, int] = {}  # file name -> its id
    for number, entry in enumerate(content["images"]):
        where = f"{file}: images[{number}]"
        key, name = value_of(entry, "id", int, where), value_of(entry, "file_name", str, where)
        if key in seen:
            raise CaptionFileError(f"{where} has the id {key} of an earlier picture")
        if name in first:  # a split by id would use the file for training and testing
            raise CaptionFileError(
                f"{where} lists {name!r} under the id {key}, after the id {first[name]}: list each "
                "picture once, and give all its captions the same image_id"
            )
        seen.add(key)
        first[name] = key
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
