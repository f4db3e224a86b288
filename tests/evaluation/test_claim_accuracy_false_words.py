"""Which words of a caption are false."""

import numpy as np
import pytest

from cmlearn.data.storybook.captions import caption_scene
from cmlearn.data.storybook.claims import all_true
from cmlearn.data.storybook.edits import edit_one_word
from cmlearn.data.storybook.lexicon import CLASSES, MEANING
from cmlearn.data.storybook.parser import parse_caption, words_of
from cmlearn.data.storybook.scene import Scene, Thing, sample_scene
from cmlearn.evaluation.claim_accuracy import mark_words

HOUSE = Thing("house", "red", "small", 0)
KITE = Thing("kite", "blue", "big", 2)
SCENE = Scene("day", "snow", (HOUSE, KITE))


def false_words(caption: str) -> list[str]:
    return [word for word, true in mark_words(caption, SCENE) if not true]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a small red house left of a blue kite over the snow at noon", []),
        ("a red house right of a blue kite", ["right"]),
        ("a green house and a small kite at night", ["green", "small", "night"]),
        ("a blue kite over the sea", ["sea"]),
        ("a purple tree left of a blue kite", ["tree"]),
        ("a dragon above a red house", ["dragon", "above"]),
        ("a blue kite is big", ["big"]),
        ("a red house and a red house", ["house"]),
        ("", []),
    ],
)
def test_the_false_words_are_marked(caption, expected):
    assert false_words(caption) == expected


def changed_and_found(caption: str, changed: str, scene: Scene) -> tuple[set[str], set[str]]:
    """The words that were changed (but for articles), and those that are marked false."""
    before = [word for word in words_of(caption) if word not in ",."]
    marked = mark_words(changed, scene)
    new = {word for (word, _), old in zip(marked, before, strict=True) if word != old}
    return new - {"a", "an"}, {word for word, true in marked if not true}


def test_true_captions_have_no_false_word():
    rng = np.random.default_rng(0)
    for _ in range(60):
        scene = sample_scene(rng)
        for caption in caption_scene(scene, rng):
            assert all(true for _, true in mark_words(caption, scene)), caption


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "kind"])
def test_the_changed_word_is_the_false_one(name):
    rng = np.random.default_rng(0)
    tried = 0
    for _ in range(60):
        scene = sample_scene(rng)
        for caption in caption_scene(scene, rng):
            changed = edit_one_word(caption, rng, only=name)
            if changed is not None:
                new, found = changed_and_found(caption, changed, scene)
                assert found == new, (caption, changed)
                tried += 1
    assert tried > 20


def test_a_changed_thing_is_the_false_word_unless_the_scene_has_one():
    rng = np.random.default_rng(0)
    absent = present = 0
    for _ in range(60):
        scene = sample_scene(rng)
        kinds = {thing.kind for thing in scene.things}
        for caption in caption_scene(scene, rng):
            changed = edit_one_word(caption, rng, only="kind")
            new, found = changed_and_found(caption, changed, scene)
            if MEANING[min(new)][1] in kinds:  # then its colour or size may be what is false
                assert found, (caption, changed)
                present += 1
            else:
                assert found == new, (caption, changed)
                absent += 1
    assert absent > 20 and present > 5


def test_a_caption_is_all_true_when_no_word_is_false():
    rng = np.random.default_rng(1)
    for _ in range(60):
        told, shown = sample_scene(rng), sample_scene(rng)
        for caption in caption_scene(told, rng):
            marked = all(true for _, true in mark_words(caption, shown))
            assert marked == all_true(parse_caption(caption), shown)
