"""Select a data set by name, so that the same code runs on each of them.

This is the only generic module that names the data sets; all others take `CaptionedPictures`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

from cmlearn.data.captioned import CaptionedImage, CaptionedPictures, UnknownTruthError
from cmlearn.data.folders import expand_user
from cmlearn.data.photos.coco import caption_path, read_coco_part
from cmlearn.data.photos.flickr import read_flickr
from cmlearn.data.store import load_square_pictures
from cmlearn.data.storybook.dataset import IMAGE_SIZE, load_storybook, picture_path

SOURCE_VARIABLE = "CMLEARN_DATA"
STORYBOOK = "storybook"
NOVEL = "novel"  # split with combinations that no other split has; exists only for known scenes
READERS: Mapping[str, Callable[[Path, str], list[CaptionedImage]]] = {
    "coco": read_coco_part,
    "flickr8k": partial(read_flickr, expected="flickr8k"),
    "flickr30k": partial(read_flickr, expected="flickr30k"),
}


class Source(NamedTuple):
    """A data set and its folder.

    Attributes:
        name: "storybook", "coco", "flickr8k" or "flickr30k".
        folder: folder of the data set; None for Storybook in its default folder.
    """

    name: str
    folder: Path | None = None

    @property
    def has_scenes(self) -> bool:
        """Whether the scene of every picture is known; true for Storybook only."""
        return self.name == STORYBOOK


def find_source(text: str | None = None) -> Source:
    """Parse the name of a data set.

    Spaces and quotes around the path are ignored.

    Args:
        text: "storybook", "storybook:/path", "coco:/path", "flickr8k:/path" or
            "flickr30k:/path"; by default the value of the variable CMLEARN_DATA, or "storybook"
            if it is not set.

    Returns:
        The data set with the absolute path of its folder.

    Raises:
        ValueError: the text has another form, or names the home folder of an unknown user.
        FileNotFoundError: the folder does not exist, or does not contain Storybook. A missing
            Storybook is not drawn here, because the path may be mistyped.
    """
    from_variable = text is None
    text = (os.environ.get(SOURCE_VARIABLE) or STORYBOOK) if text is None else text
    quoted = f"{SOURCE_VARIABLE}={text}" if from_variable else repr(text)
    name, _, path = (each.strip() for each in text.partition(":"))
    path = path.strip("\"' ")
    if name not in {STORYBOOK, *READERS} or (name in READERS and not path):
        forms = " or ".join(f"{name}:/path/to/its/folder" for name in READERS)
        raise ValueError(f"{quoted} names no data set: write {STORYBOOK}, or {forms}")
    if not path:
        return Source(name)
    # Absolute, because a notebook may run in another folder than the shell.
    folder = expand_user(path, quoted).absolute()
    if name == STORYBOOK and not caption_path(folder, "train").is_file():
        raise FileNotFoundError(
            f"{quoted}: there is no Storybook in {folder}. To draw it there: "
            f"`python -m cmlearn draw --folder {folder}`"
        )
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{quoted}: there is no folder {folder}. How to get the pictures: "
            f"`python -m cmlearn download {name}`"
        )
    return Source(name, folder)


def load_pictures(
    split: str,
    source: str | Source | None = None,
    size: int = IMAGE_SIZE,
    limit: int | None = None,
    *,
    progress: bool = True,
) -> CaptionedPictures:
    """Load one split of a data set as square pictures with captions.

    On the first call, Storybook is drawn, and photographs are cropped to their central square,
    resized and stored under `data/downloads/pictures`. The pictures are memory-mapped, so a split
    may be larger than memory.

    Args:
        split: "train", "val" or "test"; Storybook also has "novel". `read_coco_part` and
            `read_flickr` define these splits for photographs.
        source: a data set, or its name as `find_source` takes it.
        size: side of the pictures, in pixels. Storybook is drawn at 64 and resized from there.
        limit: load only the `limit` pictures with the smallest ids; None loads all.
        progress: show a bar on standard error while the store is built.

    Returns:
        Pictures (N, size, size, 3) uint8 RGB, sorted by id, with one or more captions each, and
        with scenes for Storybook.

    Raises:
        UnknownTruthError: the split is "novel" and the pictures are photographs.
        ValueError: the split or data set is unknown, `limit` is not a whole number of at least 1,
            `size` is less than 1, the captions are damaged, or the folder holds Flickr8k instead
            of Flickr30k or the reverse.
        FileNotFoundError: the folder, a file or every picture is missing.
        OSError: the store cannot be written.
    """
    if limit is not None and not _is_count(limit):
        raise ValueError(
            f"limit must be a whole number of at least 1, or None for all, got {limit!r}"
        )
    source = source if isinstance(source, Source) else find_source(source)
    if source.folder is None or source.has_scenes:
        return _load_storybook(split, source.folder, size, limit, progress)
    if split == NOVEL:
        raise UnknownTruthError(f"{source.name}/{split}")
    items = READERS[source.name](source.folder, split)[:limit]
    return load_square_pictures(items, f"{source.name}/{split}", size, progress=progress)


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def _load_storybook(
    split: str, folder: Path | None, size: int, limit: int | None, progress: bool
) -> CaptionedPictures:
    whole = load_storybook(split, folder)
    scenes = whole.scenes or ()
    if size == IMAGE_SIZE:
        return CaptionedPictures(
            name=whole.name,
            images=whole.images[:limit],
            captions=whole.captions[:limit],
            image_ids=whole.image_ids[:limit],
            scenes=scenes[:limit],
        )
    items = [
        CaptionedImage(image_id, picture_path(split, image_id, folder), captions)
        for image_id, captions in zip(whole.image_ids[:limit], whole.captions)
    ]
    data = load_square_pictures(items, whole.name, size, progress=progress)
    by_id = dict(zip(whole.image_ids, scenes))
    return replace(data, scenes=tuple(by_id[image_id] for image_id in data.image_ids))
