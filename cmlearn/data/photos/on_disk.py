"""Find the pictures on disk that a file of captions lists."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cmlearn.data.captioned import CaptionedImage

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def files_in(folder: Path) -> set[str]:
    """Return the names of the files in a folder; an empty set if the folder does not exist."""
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries if entry.is_file()}


def pictures_in(folder: Path) -> set[str]:
    """Return the names of the picture files in a folder; an empty set if it does not exist.

    Hidden files, such as `._1.jpg` of macOS, and files such as `Thumbs.db` do not count.
    """
    return {name for name in files_in(folder) if _names_picture(name)}


def has_pictures(folder: Path) -> bool:
    """Tell whether the folder exists and contains a picture file."""
    if not folder.is_dir():
        return False
    with os.scandir(folder) as entries:
        return any(_names_picture(entry.name) and entry.is_file() for entry in entries)


def keep_present(
    listed: Sequence[CaptionedImage], folders: Iterable[Path], source: Path | str
) -> list[CaptionedImage]:
    """Keep the listed pictures that are on disk and have captions.

    One warning counts the pictures that are left out.

    Args:
        listed: pictures whose paths are file names without a folder.
        folders: folders to search, in this order.
        source: name of the list, for messages.

    Returns:
        The pictures with their full paths, sorted by id.

    Raises:
        FileNotFoundError: pictures are listed, and none is on disk.
    """
    found: dict[str, Path] = {}
    folders = list(folders)
    for folder in reversed(folders):
        found |= dict.fromkeys(files_in(folder), folder)
    names = ", ".join(map(str, folders))
    present = [item for item in listed if item.path.name in found]
    if listed and not present:
        raise FileNotFoundError(f"{source} lists {len(listed)} pictures and none is in {names}")
    kept = [item for item in present if item.captions]
    if len(kept) < len(listed):
        warnings.warn(
            f"{source}: of {len(listed)} pictures, {len(listed) - len(present)} are not in "
            f"{names} and {len(present) - len(kept)} have no caption; they are left out",
            stacklevel=3,
        )
    return [
        replace(item, path=found[item.path.name] / item.path.name)
        for item in sorted(kept, key=lambda item: item.image_id)
    ]


def _names_picture(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES
