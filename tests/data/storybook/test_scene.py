"""Tests of cmlearn.data.storybook.scene."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.scene import (
    MARGIN,
    NOVEL_COLOUR,
    OPPOSITE,
    RELATIONS,
    Scene,
    Thing,
    follows_the_rules,
    has_novel_pair,
    has_novel_relation,
    holds,
    sample_scene,
)

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, novel: bool = False) -> Scene:
    return sample_scene(np.random.default_rng(seed), novel)


@settings(deadline=None)
@given(seeds, st.booleans())
def test_every_sampled_scene_follows_the_rules(seed, novel):
    scene = sample(seed, novel)
    assert follows_the_rules(scene)
    assert scene == sample(seed, novel)


@settings(deadline=None)
@given(seeds, st.booleans())
def test_no_relation_is_ambiguous(seed, novel):
    for a, b in permutations(sample(seed, novel).things, 2):
        sideways, upright = abs(a.x - b.x), abs(a.y - b.y)
        assert sideways <= MARGIN // 2 or sideways >= 2 * MARGIN
        assert upright <= MARGIN // 2 or upright >= 2 * MARGIN
        left, right, above, below = (holds(a, relation, b) for relation in RELATIONS)
        assert left + right + (a.column == b.column) == 1
        assert above + below + (a.flies == b.flies) == 1
        assert left or right or above or below


@settings(deadline=None)
@given(seeds)
def test_a_relation_turned_around_is_its_opposite(seed):
    for a, b in permutations(sample(seed).things, 2):
        for relation in RELATIONS:
            assert holds(a, relation, b) == holds(b, OPPOSITE[relation], a)


@settings(deadline=None)
@given(seeds)
def test_nothing_novel_is_in_the_training_world(seed):
    scene = sample(seed)
    assert not any(has_novel_pair(thing) for thing in scene.things)
    assert not has_novel_relation(scene)


@settings(deadline=None)
@given(seeds)
def test_every_novel_scene_is_novel(seed):
    scene = sample(seed, novel=True)
    all_new = all(has_novel_pair(thing) for thing in scene.things)
    assert all_new or has_novel_relation(scene)
    assert all_new or not any(has_novel_pair(thing) for thing in scene.things)


def test_each_kind_has_a_colour_that_training_never_shows():
    rng = np.random.default_rng(0)
    shown = {(t.kind, t.colour) for _ in range(2000) for t in sample_scene(rng).things}
    assert not shown & set(NOVEL_COLOUR.items())
    assert len(shown) == 9 * 5


@pytest.mark.parametrize(
    ("sky", "ground", "things", "message"),
    [
        ("fog", "sea", (), "unknown sky or ground"),
        ("day", "lava", (), "unknown sky or ground"),
        ("day", "sea", (Thing("dragon", "red", "big", 0),), "unknown kind"),
        ("day", "sea", (Thing("boat", "pink", "big", 0),), "unknown kind"),
        ("day", "sea", (Thing("boat", "red", "big", 3),), "out of range"),
        ("day", "sea", (Thing("boat", "red", "big", 0, dx=9),), "out of range"),
        ("day", "sea", (Thing("boat", "red", "big", 0), Thing("ball", "blue", "big", 0)), "one sl"),
    ],
)
def test_what_cannot_be_drawn_is_refused(sky, ground, things, message):
    with pytest.raises(ValueError, match=message):
        Scene(sky, ground, things)


def test_a_scene_may_break_the_rules_of_the_data_set():
    twins = (Thing("house", "red", "big", 0), Thing("house", "red", "big", 2))
    assert not follows_the_rules(Scene("day", "sea", twins))
    assert not follows_the_rules(Scene("day", "sea", ()))


def test_content_forgets_jitter_clouds_and_order():
    house, star = Thing("house", "red", "big", 0), Thing("star", "blue", "big", 0)
    moved = Thing("house", "red", "big", 0, dx=1, dy=-1)
    content = Scene("day", "grass", (house, star)).content
    assert content == Scene("day", "grass", (star, moved), variant=1).content
    assert content != Scene("night", "grass", (house, star)).content


def test_an_unknown_relation_is_refused():
    house = Thing("house", "red", "big", 0)
    with pytest.raises(ValueError, match="'beside'"):
        holds(house, "beside", house)
