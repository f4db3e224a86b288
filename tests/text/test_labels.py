"""Tests of cmlearn.text.labels."""

import numpy as np
import pytest

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.data.storybook.targets import LABELS
from cmlearn.text.labels import label_pictures, label_words

PHOTOGRAPHS = CaptionedPictures(
    "coco/train",
    np.zeros((3, 4, 4, 3), np.uint8),
    (("A dog on the grass.", "the dog's ball"), ("A cat.",), ("Cat and dog", "a cat, a ball")),
    (1, 2, 3),
)
SCENE = Scene("day", "grass", (Thing("house", "red", "big", 0),))


def test_of_photographs_the_most_frequent_words_of_pictures_are_asked_for() -> None:
    assert label_words(PHOTOGRAPHS, 4) == ("ball", "cat", "dog", "grass")


def test_a_word_is_true_of_a_photograph_that_has_it_in_a_caption() -> None:
    rows = label_pictures(PHOTOGRAPHS, ("dog", "cat"))
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 0], [0, 1], [1, 1]]


def test_of_scenes_the_words_of_the_scene_are_asked_for() -> None:
    data = CaptionedPictures("train", np.zeros((1, 4, 4, 3)), (("a cat",),), (1,), (SCENE,))
    assert label_words(data) == LABELS
    rows = label_pictures(data, LABELS)
    assert {LABELS[i] for i in rows[0].nonzero()[0]} == {"day", "grass", "house", "red", "big"}


def test_a_list_with_too_few_words_is_refused() -> None:
    with pytest.raises(ValueError, match="coco/train: its captions have 4 words of 24"):
        label_words(PHOTOGRAPHS)
