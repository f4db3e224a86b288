"""The deterministic judge reads what was drawn, and says when it cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.images import blur
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.render import render
from cmlearn.data.storybook.scene import Scene, Thing, sample_scene
from cmlearn.evaluation.scene_parser import parse_scenes

scenes = st.builds(
    lambda seed, novel: sample_scene(np.random.default_rng(seed), novel),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)


def pictures_of(*drawn: Scene, size: int = 64) -> np.ndarray:
    return np.stack([render(scene, size) for scene in drawn])


@settings(deadline=None, max_examples=60)
@given(scenes)
def test_a_drawn_scene_is_read_exactly(scene):
    (read,) = parse_scenes(pictures_of(scene))
    assert read is not None
    assert read.content == scene.content
    assert read.variant == scene.variant
    assert {(t.kind, t.dx, t.dy) for t in read.things} == {
        (t.kind, t.dx, t.dy) for t in scene.things
    }


@pytest.mark.parametrize("size", [32, 64, 96, 128])
def test_the_size_of_the_picture_does_not_matter(size):
    drawn = [sample_scene(np.random.default_rng(seed)) for seed in range(20)]
    read = parse_scenes(pictures_of(*drawn, size=size))
    assert [r and r.content for r in read] == [s.content for s in drawn]


def add_noise(pictures, spread, rng):
    noisy = pictures + spread * rng.standard_normal(pictures.shape, np.float32)
    return noisy.round().clip(0, 255).astype(np.uint8)


def test_blur_and_noise_are_forgiven():
    data = load_storybook("val")
    pictures, rng = np.asarray(data.images[:60]), np.random.default_rng(0)
    for worse in (blur(pictures, 1.0), add_noise(pictures, 20, rng)):
        right = [
            r is not None and r.content == s.content
            for r, s in zip(parse_scenes(worse), data.scenes, strict=False)
        ]
        assert np.mean(right) >= 0.98


def test_clouds_that_are_neither_one_nor_the_other_are_forgiven():
    house = Thing("house", "red", "big", 0)
    both = pictures_of(*(Scene("day", "grass", (house,), variant) for variant in (0, 1)))
    mean = both.mean(0, keepdims=True).astype(np.uint8)
    (read,) = parse_scenes(mean)
    assert read is not None and read.content == Scene("day", "grass", (house,)).content


def test_what_is_no_scene_cannot_be_read():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    black = np.zeros((1, 64, 64, 3), np.uint8)
    assert parse_scenes(np.concatenate([noise, black])) == [None] * 4


def test_two_scenes_in_one_cannot_be_read():
    data = load_storybook("val")
    first, second = np.asarray(data.images[:50]), np.asarray(data.images[50:100])
    read = parse_scenes(first // 2 + second // 2)
    assert sum(r is None for r in read) >= 40
    assert not any(r and r.content == s.content for r, s in zip(read, data.scenes, strict=False))


def test_a_thing_that_is_half_there_is_not_what_it_was():
    house = Thing("house", "red", "big", 1)
    whole, empty = pictures_of(Scene("day", "snow", (house,)), Scene("day", "snow", ()))
    half = whole.copy()
    half[:, :32] = empty[:, :32]
    assert parse_scenes(half[None]) == [None]


def test_two_of_a_kind_are_read():
    full = Scene(
        "night", "sea", tuple(Thing("boat", c, "big", i) for i, c in enumerate(("red", "blue")))
    )
    (read,) = parse_scenes(pictures_of(full))
    assert read is not None and read.content == full.content


@pytest.mark.parametrize(
    "pictures",
    [np.zeros((64, 64, 3), np.uint8), np.zeros((1, 64, 64, 3)), np.zeros((1, 3, 64, 64), np.uint8)],
)
def test_what_is_no_array_of_pictures_is_refused(pictures):
    with pytest.raises(ValueError, match=r"\(N, H, W, 3\) uint8 expected"):
        parse_scenes(pictures)


def test_no_pictures_no_scenes():
    assert parse_scenes(np.zeros((0, 64, 64, 3), np.uint8)) == []
