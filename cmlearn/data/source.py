"""One name for every data set, so that the same code runs on any of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

from cmlearn.data.captioned import CaptionedImage, CaptionedPictures, UnknownTruthError
from cmlearn.data.photos.coco import caption_path, read_coco_part
from cmlearn.data.photos.flickr import read_flickr
from cmlearn.data.store import load_square_pictures
from cmlearn.data.storybook.dataset import IMAGE_SIZE, load_storybook, picture_path

SOURCE_VARIABLE = "CMLEARN_DATA"
STORYBOOK = "storybook"
NOVEL = "novel"  # the split whose pairs of thing and colour are in no other: of known scenes only
READERS: Mapping[str, Callable[[Path, str], list[CaptionedImage]]] = {
    "coco": read_coco_part,
    "flickr8k": partial(read_flickr, expected="flickr8k"),
    "flickr30k": partial(read_flickr, expected="flickr30k"),
}


class Source(NamedTuple):
    """A data set and where it lies.

    Attributes:
        name: "storybook", "coco", "flickr8k" or "flickr30k".
        folder: None where Storybook lies in its usual place.
    """

    name: str
    folder: Path | None = None

    @property
    def has_scenes(self) -> bool:
        """Whether the truth about every picture is known, as it is of Storybook alone."""
        return self.name == STORYBOOK


def find_source(text: str | None = None) -> Source:
    """Return the data set that a text names, with the full path of its folder.

    Blanks and quotes around the path are nobody's, and left out.

    Args:
        text: "storybook", "coco:/path", "flickr8k:/path" or "flickr30k:/path", or
            "storybook:/path" where it was drawn into another folder; by default what the variable
            CMLEARN_DATA says, and Storybook where it says nothing.

    Raises:
        ValueError: the text is of another form.
        FileNotFoundError: there is no such folder, or no Storybook in it; here none is drawn, for
            the path may be mistyped.
    """
    from_variable = text is None
    text = (os.environ.get(SOURCE_VARIABLE) or STORYBOOK) if text is None else text
    said = f"{SOURCE_VARIABLE}={text}" if from_variable else repr(text)
    name, _, path = (each.strip() for each in text.partition(":"))
    path = path.strip("\"' ")
    if name not in {STORYBOOK, *READERS} or (name in READERS and not path):
        forms = " or ".join(f"{name}:/path/to/its/folder" for name in READERS)
        raise ValueError(f"{said} names no data set: write {STORYBOOK}, or {forms}")
    if not path:
        return Source(name)
    folder = Path(path).expanduser().absolute()  # a notebook's folder is not the shell's
    if name == STORYBOOK and not caption_path(folder, "train").is_file():
        raise FileNotFoundError(
            f"{said}: there is no Storybook in {folder}. To draw it there: "
            f"`python -m cmlearn draw --folder {folder}`"
        )
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{said}: there is no folder {folder}. How to get the pictures: "
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
    """Return pictures with captions of whatever data set is named.

    Photographs are cropped to their middle square and made smaller once, into a store under
    `data/downloads/pictures`; Storybook is drawn once. What the pictures are is never in memory
    as a whole, however many there are.

    Args:
        split: "train", "val" or "test"; Storybook also has "novel". `read_coco_part` and
            `read_flickr` say which of their pictures these are.
        source: a data set as `find_source` takes it.
        size: side of the pictures, in pixels. Storybook is drawn at 64, and scaled to any other.
        limit: only so many pictures, those with the smallest ids; None takes all.
        progress: show a bar while a store is built, on stderr.

    Returns:
        Pictures (N, size, size, 3) uint8 RGB, memory-mapped, sorted by id; one or more captions
        each; and the scenes, where it is Storybook.

    Raises:
        UnknownTruthError: "novel" of photographs.
        ValueError: no such split or data set, `limit` no whole number of at least 1, `size` less
            than 1, captions damaged, or Flickr8k where Flickr30k was named, or the reverse.
        FileNotFoundError: a folder, a file or every picture is missing; the message says which.
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
