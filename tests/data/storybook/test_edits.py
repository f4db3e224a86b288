"""Tests of cmlearn.data.storybook.edits."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.data.storybook.claims import all_true
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.edits import PARAPHRASES, falsify, paraphrase
from cmlearn.data.storybook.lexicon import CLASSES, MEANING
from cmlearn.data.storybook.parser import parse_caption, words_of
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.text.vocabulary import Vocabulary

WORDS = [w for of in PARAPHRASES.values() for words in of.values() for w in words]


def test_no_paraphrase_is_a_word_of_the_grammar_or_comes_twice():
    assert not set(WORDS) & set(MEANING)
    assert len(set(WORDS)) == len(WORDS)
    for name, meanings in PARAPHRASES.items():
        assert set(meanings) <= set(CLASSES[name])


def test_word2vec_has_never_seen_one():
    told = [text for five in load_storybook("train").captions for text in five]
    assert not set(WORDS) & set(Vocabulary.from_captions(told).tokens)


def test_articles_fit_and_what_has_no_paraphrase_stays():
    rng = np.random.default_rng(0)
    said = {paraphrase("a large orange house on the snow", rng) for _ in range(50)}
    assert all(text.endswith("on the snow") for text in said)
    assert any(text.startswith("an enormous") for text in said)
    assert paraphrase("at noon, a red kite", rng, only=["kind"]) == "at noon, a red kite"


def test_put_back_the_claims_are_those_of_the_original():
    back = {w: m for of in PARAPHRASES.values() for m, words in of.items() for w in words}
    back |= dict.fromkeys(PARAPHRASES["sky"]["night"], "midnight")
    back |= dict.fromkeys(PARAPHRASES["sky"]["day"], "noon")
    rng = np.random.default_rng(0)
    for five in load_storybook("val").captions[:200]:
        for caption in five:
            said = paraphrase(caption, rng)
            words = [back.get(w.strip(","), w.strip(",")) for w in said.split()]
            assert parse_caption(" ".join(words)) == parse_caption(caption)


def test_the_same_generator_says_the_same():
    first, second = (
        paraphrase("a big red ball and a blue boat", np.random.default_rng(3)) for _ in range(2)
    )
    assert first == second


def test_an_unknown_class_is_refused():
    with pytest.raises(ValueError, match="have no paraphrases"):
        paraphrase("a red ball", np.random.default_rng(0), only=["shape"])


@pytest.mark.parametrize("edition", [1, 2])
def test_one_replaced_word_makes_a_caption_false(edition):
    data, rng = load_storybook("val", edition=edition), np.random.default_rng(0)
    changed = set()
    for texts, scene in zip(data.captions[:300], data.scenes):
        for text in texts:
            edited = falsify(text, scene, rng)
            assert not all_true(parse_caption(edited), scene), (text, edited)
            ((old, _),) = (
                pair
                for pair in zip(words_of(text), words_of(edited), strict=True)
                if pair[0] != pair[1] and set(pair) != {"a", "an"}
            )
            changed.add(old)
    expected = {"red", "house", "small", "night", "snow", "left", "above"}
    assert changed >= expected | ({"two", "three", "stars"} if edition == 2 else set())


def test_a_word_that_would_be_true_as_well_is_not_chosen():
    cars = tuple(Thing("car", c, "big", i) for i, c in enumerate(("red", "blue")))
    scene = Scene("day", "snow", (*cars, Thing("tree", "green", "big", 2)))
    rng = np.random.default_rng(0)
    assert {falsify("red car", scene, rng).split()[1] for _ in range(50)} >= {"car", "house"}
    assert "blue car" not in {falsify("red car", scene, rng) for _ in range(200)}
    assert falsify("two cars", scene, rng) != "two cars"


def test_a_caption_that_cannot_be_made_false_is_refused():
    with pytest.raises(ValueError, match=r"caption: no word of 'something' .* give a caption"):
        falsify("something", Scene("day", "sea", ()), np.random.default_rng(0))
