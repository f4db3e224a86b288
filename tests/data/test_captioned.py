"""Tests of cmlearn.data.captioned."""

from pathlib import Path

import numpy as np
import pytest

from cmlearn.data.captioned import CaptionedImage, CaptionedPictures, UnknownTruthError
from cmlearn.data.storybook.scene import Scene


def test_length_is_the_number_of_pictures() -> None:
    pictures = CaptionedPictures("val", np.zeros((2, 4, 4, 3)), (("a",), ("b", "c")), (5, 6))
    assert len(pictures) == 2
    assert pictures.scenes is None


@pytest.mark.parametrize(
    ("captions", "image_ids", "scenes"),
    [((("a",),), (5, 6), None), ((("a",), ("b",)), (5,), None), ((("a",), ("b",)), (5, 6), ())],
)
def test_rows_must_match(captions: tuple, image_ids: tuple, scenes: tuple | None) -> None:
    with pytest.raises(ValueError, match="fields must have equal lengths, got {'images': 2"):
        CaptionedPictures("val", np.zeros((2, 4, 4, 3)), captions, image_ids, scenes)


def test_what_photographs_cannot_tell_is_refused_in_one_sentence() -> None:
    photographs = CaptionedPictures("coco/test", np.zeros((1, 4, 4, 3)), (("a",),), (5,))
    for ask in (lambda: photographs.known_scenes, photographs.need_truth):
        with pytest.raises(UnknownTruthError, match="^coco/test does not say what .* next cell.$"):
            ask()
    scenes = (Scene("day", "sea", ()),)
    drawn = CaptionedPictures("val", np.zeros((1, 4, 4, 3)), (("a",),), (5,), scenes)
    assert drawn.known_scenes == scenes


def test_values_are_frozen() -> None:
    image = CaptionedImage(1, Path("a.png"), ("a",))
    with pytest.raises(AttributeError):
        image.image_id = 2  # type: ignore[misc]
