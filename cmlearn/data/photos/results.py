"""Read captions in COCO's results format, and the references to score them against.

The format: https://cocodataset.org/#format-results
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from cmlearn.data.photos.caption_file import CaptionFileError, one_line, read_json, value_of
from cmlearn.data.photos.coco import captions_by_id

FORMAT = 'COCO\'s results format is one list: [{"image_id": 42, "caption": "a dog"}, ...]'


def read_results(file: Path, image_ids: Container[int]) -> dict[int, str]:
    """Read the captions that a model wrote.

    Args:
        file: JSON in COCO's results format, plain or as .gz. Other keys of an entry are ignored.
        image_ids: ids of the images that the annotations list.

    Returns:
        One caption for each image id, in the order of the file. A caption can be empty.

    Raises:
        CaptionFileError: the file is not in COCO's results format, or an entry is about an unknown
            image or about the image of an earlier entry.
    """
    first: dict[int, int] = {}
    captions: dict[int, str] = {}
    for number, entry in enumerate(_read_list(file)):
        where = f"{file}: results[{number}]"
        image_id = value_of(entry, "image_id", int, where)
        if image_id not in image_ids:
            raise CaptionFileError(
                f"{where} is about image {image_id}, which the annotations do not list: are they "
                "of another split?"
            )
        if image_id in first:
            raise CaptionFileError(
                f"{where} is a second caption of image {image_id}, after "
                f"results[{first[image_id]}]: keep one caption for each image"
            )
        first[image_id] = number
        captions[image_id] = one_line(value_of(entry, "caption", str, where))
    return captions


def read_references(file: Path) -> dict[int, tuple[str, ...]]:
    """Read the captions of a file of annotations.

    Unlike `cmlearn.data.photos.coco`, this needs neither the pictures nor their file names.

    Args:
        file: JSON in COCO's layout of captions, plain or as .gz.

    Returns:
        The captions of each image, sorted by image id. Empty captions are left out, so an image
        can have none.

    Raises:
        CaptionFileError: the JSON is truncated, lacks a key, lists an image twice, or has a
            caption of an image that it does not list.
    """
    content = read_json(file, "images", "annotations")
    image_ids: set[int] = set()
    for number, entry in enumerate(content["images"]):
        where = f"{file}: images[{number}]"
        image_id = value_of(entry, "id", int, where)
        if image_id in image_ids:
            raise CaptionFileError(f"{where} has the id {image_id} of an earlier image")
        image_ids.add(image_id)
    captions = captions_by_id(content, sorted(image_ids), file)
    return {image_id: tuple(texts) for image_id, texts in captions.items()}


def exclude_captions(
    references: Mapping[int, tuple[str, ...]], captions: Mapping[int, str]
) -> dict[int, tuple[str, ...]]:
    """Remove from the references the captions that are being scored.

    A caption taken from the annotations is one of its own references and would score as perfect.
    Of several equal references only one is removed.

    Args:
        references: the captions of each image.
        captions: human captions, each of them a reference of its image; empty ones are skipped.

    Returns:
        The other references of every image.

    Raises:
        CaptionFileError: a caption is not a reference of its image, or is the only one.
    """
    others = dict(references)
    for image_id, caption in captions.items():
        if not caption:
            continue
        if caption not in references[image_id]:
            raise CaptionFileError(
                f"leave-one-out: the caption of image {image_id} is not one of its references: "
                f"{caption!r:.80}. It is meant for human captions taken from the annotations"
            )
        place = references[image_id].index(caption)
        others[image_id] = references[image_id][:place] + references[image_id][place + 1 :]
        if not others[image_id]:
            raise CaptionFileError(
                f"leave-one-out: image {image_id} has a single reference, and none would be left"
            )
    return others


def _read_list(file: Path) -> list[Any]:
    if not file.stat().st_size:
        raise CaptionFileError(f"{file} is empty. {FORMAT}")
    try:
        content: Any = read_json(file)
    except CaptionFileError as error:
        raise CaptionFileError(f"{error} {FORMAT}") from error
    if not isinstance(content, list):
        raise CaptionFileError(f"{file} is not a list of results. {FORMAT}")
    if not content:
        raise CaptionFileError(f"{file} lists no results. {FORMAT}")
    return content
