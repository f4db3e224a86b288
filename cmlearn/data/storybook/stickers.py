"""Stickers: 32 × 32 cut-outs of one thing from the pictures of Storybook, with captions."""

from __future__ import annotations

import numpy as np

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.dataset import IMAGE_SIZE, load_storybook
from cmlearn.data.storybook.renderer import thing_box
from cmlearn.data.storybook.scene import Scene, Thing, has_novel_pair

STICKER_SIZE = 32  # pixels
BORDER = 1  # pixels around a thing's box, which its smooth edges may reach


def load_stickers(split: str) -> CaptionedPictures:
    """Cut the stickers of one split out of Storybook's pictures.

    Args:
        split: "train", "val", "test" or "novel". The stickers of "novel" have colours that their
            kinds never have in the other splits.

    Returns:
        Stickers (N, 32, 32, 3) uint8 RGB with one caption each, such as "a small red car". The
        scenes are their things.

    Raises:
        ValueError: there is no such split.
        OSError: Storybook cannot be drawn.
    """
    return cut_stickers(load_storybook(split), novel=split == "novel")


def cut_stickers(pictures: CaptionedPictures, novel: bool = False) -> CaptionedPictures:
    """Cut out each thing that fits into a sticker with no part of another thing.

    Args:
        pictures: 64 × 64 pictures with known scenes.
        novel: whether the things must have the novel colour of their kind, or must not.

    Returns:
        The stickers, in the order of the pictures.

    Raises:
        ValueError: the pictures have another size, or none of their things can be cut out.
        UnknownTruthError: the scenes are not known.
    """
    if pictures.images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE, 3):
        raise ValueError(f"{pictures.name}: pictures of 64 × 64 × 3, not {pictures.images.shape}")
    images, things = [], []
    for picture, scene in zip(pictures.images, pictures.known_scenes, strict=True):
        for thing in scene.things:
            if has_novel_pair(thing) == novel and stands_alone(thing, scene):
                images.append(picture[window(thing)])
                things.append(thing)
    if not images:
        raise ValueError(f"{pictures.name}: no thing can be cut out")
    captions = tuple((sticker_caption(thing.kind, thing.colour, thing.size),) for thing in things)
    name = pictures.name.replace("storybook", "stickers")
    ids = tuple(range(len(images)))
    return CaptionedPictures(name, np.stack(images), captions, ids, tuple(things))


def sticker_caption(kind: str, colour: str, size: str) -> str:
    """Return the caption of a sticker: size, colour and kind, each in the one word of a `Scene`.

    There is one wording, so that a pair of "purple" and "house" is new in the novel split and no
    word is.
    """
    return f"{article(size)} {size} {colour} {kind}"


def window(thing: Thing) -> tuple[slice, slice]:
    """Return the rows and columns of a picture that the sticker of a thing shows.

    The thing is as near to the middle as the picture allows. The sticker of a flying thing is from
    the upper half of the picture, all others from the lower half.
    """
    left = min(max(thing.x - STICKER_SIZE // 2, 0), IMAGE_SIZE - STICKER_SIZE)
    top = 0 if thing.flies else IMAGE_SIZE - STICKER_SIZE
    return slice(top, top + STICKER_SIZE), slice(left, left + STICKER_SIZE)


def stands_alone(thing: Thing, scene: Scene) -> bool:
    """Tell whether the sticker of a thing shows the whole thing and no part of another one."""
    rows, columns = window(thing)
    box = thing_box(thing)
    whole = rows.start <= box.top and box.bottom <= rows.stop
    whole = whole and columns.start <= box.left and box.right <= columns.stop
    others = (thing_box(other) for other in scene.things if other != thing)
    return whole and not any(
        other.left - BORDER < columns.stop
        and other.right + BORDER > columns.start
        and other.top - BORDER < rows.stop
        and other.bottom + BORDER > rows.start
        for other in others
    )
