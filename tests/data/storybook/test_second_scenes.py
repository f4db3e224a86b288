"""Tests of cmlearn.data.storybook.second_scenes."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.storybook.scene import MARGIN, RELATIONS, Scene, Thing, has_novel_pair, holds
from cmlearn.data.storybook.second_scenes import (
    GROUP_SHARE,
    NOVEL_COUNT,
    NOVELTIES,
    follows_the_second_rules,
    group_sizes,
    novelties,
    sample_second_scene,
)

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, novel: bool = False) -> Scene:
    return sample_second_scene(np.random.default_rng(seed), novel)


@settings(deadline=None)
@given(seeds, st.booleans())
def test_every_sampled_scene_follows_the_rules(seed, novel):
    scene = sample(seed, novel)
    assert follows_the_second_rules(scene)
    assert scene == sample(seed, novel)


@settings(deadline=None)
@given(seeds, st.booleans())
def test_no_relation_is_ambiguous(seed, novel):
    for a, b in permutations(sample(seed, novel).things, 2):
        sideways, upright = abs(a.x - b.x), abs(a.y - b.y)
        assert sideways <= MARGIN // 2 or sideways >= 2 * MARGIN
        assert upright <= MARGIN // 2 or upright >= 2 * MARGIN
        assert any(holds(a, relation, b) for relation in RELATIONS)


@settings(deadline=None)
@given(seeds)
def test_nothing_novel_is_in_the_training_world(seed):
    assert novelties(sample(seed)) == frozenset()


@settings(deadline=None)
@given(seeds)
def test_a_novel_scene_has_one_novelty(seed):
    scene = sample(seed, novel=True)
    (novelty,) = novelties(scene)
    assert novelty in NOVELTIES
    assert all(map(has_novel_pair, scene.things)) == (novelty == "colour")


def test_all_sorts_of_scenes_are_sampled():
    rng = np.random.default_rng(0)
    scenes = [sample_second_scene(rng) for _ in range(3000)]
    sizes = [tuple(sorted(group_sizes(scene).values())) for scene in scenes]
    assert set(sizes) == {(1,), (1, 1), (1, 1, 1), (2,), (1, 2), (3,)}
    grouped = [scene for scene in scenes if max(group_sizes(scene).values()) > 1]
    assert abs(len(grouped) / len(scenes) - GROUP_SHARE) < 0.03
    same = {
        (len({t.colour for t in pair}) == 1, len({t.size for t in pair}) == 1)
        for pair in (scene.things for scene in grouped if len(scene.things) == 2)
    }
    assert len(same) == 4  # colour and size, each shared or not


def test_novel_scenes_have_every_novelty():
    rng = np.random.default_rng(0)
    scenes = [sample_second_scene(rng, novel=True) for _ in range(1000)]
    assert {name for scene in scenes for name in novelties(scene)} == set(NOVELTIES)
    assert {pair for scene in scenes for pair in group_sizes(scene).items()} >= set(NOVEL_COUNT)


HOUSES = tuple(Thing("house", colour, "big", i) for i, colour in enumerate(("red", "red", "blue")))


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((), False),
        (HOUSES[:1], True),
        (HOUSES[:2], True),
        (HOUSES[1:], True),
        (HOUSES, False),  # two of three share a colour
        ((HOUSES[0], Thing("tree", "red", "big", 1)), False),
        ((HOUSES[0], Thing("boat", "blue", "big", 1)), False),  # a boat on the grass
        ((*HOUSES[1:], Thing("kite", "red", "big", 0), Thing("kite", "red", "big", 1)), False),
    ],
)
def test_the_rules(things, expected):
    assert follows_the_second_rules(Scene("day", "grass", things)) is expected


def test_each_novelty_is_seen():
    kites = (Thing("kite", "red", "big", 0), Thing("kite", "blue", "big", 1))
    assert novelties(Scene("day", "grass", kites)) == {"count"}
    assert novelties(Scene("day", "grass", (Thing("house", "purple", "big", 0),))) == {"colour"}
    ball_and_tree = (Thing("ball", "red", "big", 0), Thing("tree", "green", "big", 1))
    assert novelties(Scene("day", "grass", ball_and_tree)) == {"relation"}
