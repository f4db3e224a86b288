"""Tests of cmlearn.data.storybook.lexicon."""

from collections import Counter

from cmlearn.data.storybook import scene
from cmlearn.data.storybook.lexicon import (
    CLASSES,
    COUNT_WORDS,
    MEANING,
    PLURAL_WORDS,
    RELATION_WORDS,
    TYPED_MEANING,
)
from cmlearn.text.cleaning import tokenize


def test_no_word_means_two_things():
    words = Counter(w for words_of in CLASSES.values() for ws in words_of.values() for w in ws)
    assert set(words.values()) == {1}
    assert len(MEANING) == len(words)


def test_everything_in_a_scene_has_a_word():
    for name, values in {
        "kind": scene.KINDS,
        "colour": scene.COLOURS,
        "size": scene.SIZES,
        "sky": scene.SKIES,
        "ground": scene.GROUNDS,
    }.items():
        assert set(CLASSES[name]) == set(values)
    assert set(RELATION_WORDS) == set(scene.RELATIONS)


def test_every_word_is_one_token():
    assert all(tokenize(word) == [word] for word in MEANING)


def test_the_words_of_the_second_edition_have_one_meaning_each():
    plurals = [word for words in PLURAL_WORDS.values() for word in words]
    counts = [word for words in COUNT_WORDS.values() for word in words]
    assert len({*plurals, *counts, *MEANING}) == len(plurals) + len(counts) + len(MEANING)
    assert all(TYPED_MEANING[word] == meaning for word, meaning in MEANING.items())
    assert all(tokenize(word) == [word] for word in TYPED_MEANING)
