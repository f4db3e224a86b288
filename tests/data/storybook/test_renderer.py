"""Tests of cmlearn.data.storybook.renderer."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.renderer import render, render_thing, thing_box
from cmlearn.data.storybook.scene import COLOURS, KINDS, SIZES, Scene, Thing, sample_scene

SCENES = (
    Scene(
        "day",
        "grass",
        (
            Thing("house", "red", "big", 0, 1, -1),
            Thing("tree", "green", "small", 1),
            Thing("kite", "orange", "big", 2, -1, 1),
        ),
    ),
    Scene(
        "night",
        "sea",
        (
            Thing("boat", "blue", "big", 2),
            Thing("ball", "yellow", "small", 0),
            Thing("star", "purple", "small", 1),
        ),
        variant=1,
    ),
    Scene(
        "sunset",
        "sand",
        (
            Thing("car", "purple", "big", 1),
            Thing("flower", "blue", "small", 2),
            Thing("balloon", "red", "big", 0),
        ),
        variant=1,
    ),
    Scene("night", "snow", ()),
)
# The first 16 digits of the SHA-256 of their pixels.
PINNED = {
    64: ("604f9ef85bce1ca4", "adaaf2efe4e60a03", "790afbe8e16fc5c9", "44b5935a6192df31"),
    16: ("5cf57d31dfdc1431", "db87de1762d18be2", "f802cac598df0383", "b3d670f7e78f82ce"),
    100: ("efc6a22a83e6c581", "95a69b08da1d8199", "423ad36f1c4d734d", "eeef5f314549a8af"),
}
scenes = st.builds(
    lambda seed, novel: sample_scene(np.random.default_rng(seed), novel),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)


@pytest.mark.parametrize("size", PINNED)
def test_the_bytes_are_those_of_every_machine(size):
    pictures = [render(scene, size) for scene in SCENES]
    digests = tuple(hashlib.sha256(p.tobytes()).hexdigest()[:16] for p in pictures)
    assert digests == PINNED[size]


@settings(deadline=None, max_examples=40)
@given(scenes)
def test_the_same_scene_gives_the_same_bytes(scene):
    first = render(scene)
    render(SCENES[0])
    assert np.array_equal(first, render(scene))


@settings(deadline=None, max_examples=25)
@given(scenes, st.integers(16, 150))
def test_any_size(scene, size):
    picture = render(scene, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("size", [15, 0, -64])
def test_too_small(size):
    with pytest.raises(ValueError, match="at least 16 pixels"):
        render(SCENES[0], size)


def test_changing_a_picture_changes_no_other():
    picture = render(SCENES[3])
    picture[:] = 0
    assert render(SCENES[3]).any()


def test_every_claim_is_visible():
    seen = {
        render(Scene("day", "sand", (Thing(kind, colour, size, 1),))).tobytes()
        for kind in KINDS
        for colour in COLOURS
        for size in SIZES
    }
    assert len(seen) == len(KINDS) * len(COLOURS) * len(SIZES)


@settings(deadline=None, max_examples=40)
@given(scenes)
def test_a_thing_cut_out_composes_to_its_picture(scene):
    thing = scene.things[0]
    behind = render(Scene(scene.sky, scene.ground, (), scene.variant)).astype(np.float32)
    picture, opacity = render_thing(thing)
    assert opacity.min() >= 0 and opacity.max() == 1
    composed = picture + (1 - opacity[..., None]) * behind
    whole = render(Scene(scene.sky, scene.ground, (thing,), scene.variant))
    apart = np.abs(composed - whole).max(-1)
    # Where the background has an edge inside a half-covered pixel, the two may differ.
    assert (apart > 2).mean() < 0.01
    assert apart[opacity == 1].max() <= 1


def test_a_thing_leaves_the_rest_of_the_picture_alone():
    _, opacity = render_thing(Thing("car", "red", "big", 1))
    columns, rows = opacity.any(0).nonzero()[0], opacity.any(1).nonzero()[0]
    assert columns.min() >= 21 and columns.max() <= 42
    assert rows.min() >= 40 and rows.max() <= 59


# ── The box of a thing ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_holds_what_the_thing_changes_in_the_picture(kind):
    thing = Thing(kind, "red", "big", column=1, dx=1)
    empty, full = (render(Scene("day", "sand", things)) for things in ((), (thing,)))
    rows, columns = np.nonzero(np.abs(full.astype(int) - empty).sum(axis=2) > 150)
    box = thing_box(thing)
    changed = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.subtract(box, changed)).max() <= 1
    assert 10 <= box.right - box.left <= 24 and 7 <= box.bottom - box.top <= 26


def test_a_box_goes_where_the_thing_goes():
    here, there = (
        thing_box(Thing("ball", "red", "small", 0, dx, dy)) for dx, dy in ((0, 0), (1, -1))
    )
    assert np.subtract(there, here).tolist() == [1, -1, 1, -1]
