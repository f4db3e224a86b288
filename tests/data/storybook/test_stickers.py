"""Tests of cmlearn.data.storybook.stickers."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.data.captioned import CaptionedPictures, UnknownTruthError
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import NOVEL_COLOUR, Scene, Thing
from cmlearn.data.storybook.stickers import (
    cut_stickers,
    load_stickers,
    stands_alone,
    sticker_caption,
    window,
)

CAR = Thing("car", "red", "small", column=0, dx=1)
KITE = Thing("kite", "blue", "big", column=0)


def pictures(*scenes: Scene) -> CaptionedPictures:
    images = np.stack([render(scene) for scene in scenes])
    captions = tuple(("a picture",) for _ in scenes)
    return CaptionedPictures("storybook/toy", images, captions, tuple(range(len(scenes))), scenes)


def test_a_sticker_is_the_part_of_the_picture_around_its_thing() -> None:
    stickers = cut_stickers(pictures(Scene("day", "grass", (CAR, KITE))))
    assert stickers.captions == (("a small red car",), ("a big blue kite",))
    assert stickers.scenes == (CAR, KITE)
    picture = render(Scene("day", "grass", (CAR, KITE)))
    assert np.array_equal(stickers.images[0], picture[32:, :32])
    assert np.array_equal(stickers.images[1], picture[:32, :32])


def test_a_thing_with_a_neighbour_in_its_sticker_is_left_out() -> None:
    tree = Thing("tree", "red", "big", column=1)
    far = Thing("tree", "red", "big", column=2)
    assert not stands_alone(CAR, Scene("day", "grass", (CAR, tree)))
    assert stands_alone(CAR, Scene("day", "grass", (CAR, far)))


def test_no_part_of_another_thing_is_in_a_sticker() -> None:
    """Drawn again without the other things, the sticker is the same."""
    from cmlearn.data.storybook.dataset import load_storybook

    whole = load_storybook("val")
    checked = 0
    for scene in whole.known_scenes[:150]:
        for thing in scene.things:
            if len(scene.things) > 1 and stands_alone(thing, scene):
                alone = render(Scene(scene.sky, scene.ground, (thing,), scene.variant))
                both = render(scene)
                assert np.array_equal(alone[window(thing)], both[window(thing)]), (thing, scene)
                checked += 1
    assert checked > 50


@pytest.mark.parametrize("split", ["val", "novel"])
def test_captions_are_true_and_novel_pairs_are_only_in_novel(split: str) -> None:
    stickers = load_stickers(split)
    assert stickers.images.shape == (len(stickers), 32, 32, 3)
    assert stickers.images.dtype == np.uint8
    for thing, (caption,) in zip(stickers.known_scenes, stickers.captions, strict=True):
        (mention,) = parse_caption(caption).mentions
        assert mention.fits(thing) and mention.colours and mention.sizes
        assert (NOVEL_COLOUR[thing.kind] == thing.colour) is (split == "novel")


def test_no_caption_of_training_names_a_novel_pair() -> None:
    train = {caption for (caption,) in load_stickers("train").captions}
    novel = {caption for (caption,) in load_stickers("novel").captions}
    assert not train & novel
    words = {word for caption in train for word in caption.split()}
    assert {word for caption in novel for word in caption.split()} <= words


def test_one_wording() -> None:
    assert sticker_caption("house", "orange", "big") == "a big orange house"


def test_pictures_that_cannot_be_cut_are_refused() -> None:
    whole = pictures(Scene("day", "grass", (CAR,)))
    small = CaptionedPictures("s", whole.images[:, ::2, ::2], whole.captions, (0,), whole.scenes)
    with pytest.raises(ValueError, match="64 × 64"):
        cut_stickers(small)
    with pytest.raises(ValueError, match="no thing can be cut out"):
        cut_stickers(whole, novel=True)
    with pytest.raises(UnknownTruthError):
        cut_stickers(CaptionedPictures("photos", whole.images, whole.captions, (0,)))
    with pytest.raises(ValueError, match="split"):
        load_stickers("tset")
