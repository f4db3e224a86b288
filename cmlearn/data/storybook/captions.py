"""The grammar of Storybook captions, which samples and recognises them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from cmlearn.data.storybook.lexicon import (
    COLOUR_WORDS,
    GROUND_WORDS,
    KIND_WORDS,
    MEANING,
    RELATION_WORDS,
    SIZE_WORDS,
    SKY_WORDS,
)
from cmlearn.data.storybook.parser import words_of
from cmlearn.data.storybook.scene import (
    GROUND_KINDS,
    KINDS,
    RELATIONS,
    SKY_KINDS,
    Scene,
    Thing,
    holds,
)

CAPTIONS_PER_SCENE = 5


def caption_scene(scene: Scene, rng: np.random.Generator) -> tuple[str, ...]:
    """Sample five different true captions of a scene.

    The first caption states everything except relations. The second and third state a relation of
    two things, in both directions; for a scene with one thing, they name it with and without its
    ground. The fourth names one thing, and the fifth starts with the sky.

    Args:
        scene: the scene to describe; it has at least one thing.
        rng: random generator that chooses words, order and details.

    Returns:
        `CAPTIONS_PER_SCENE` strings in lower case, without a full stop.
    """
    things = [scene.things[i] for i in rng.permutation(len(scene.things))]
    captions: list[str] = []
    for form in (_full, _related, _related_back, _one, _sky_first):
        caption = form(_Phrases(scene, rng), things)
        while caption in captions:  # sample other words and details
            caption = form(_Phrases(scene, rng), things)
        captions.append(caption)
    return tuple(captions)


def is_grammatical(caption: str) -> bool:
    """Tell whether the grammar can produce a caption for some scene.

    Case and punctuation are ignored, because models generate tokens without them.

    Raises:
        TypeError: the caption is not a string.
    """
    words = [word for word in words_of(caption) if word not in ",."]
    articles_fit = all(
        first not in ("a", "an") or article(second) == first for first, second in pairwise(words)
    )
    grounds = sum(MEANING.get(word, ("",))[0] == "ground" for word in words)
    return articles_fit and grounds < 2 and _FORMS.fullmatch(" ".join(words)) is not None


def article(words: str) -> str:
    """Return the indefinite article of a phrase: "an" before a vowel, otherwise "a"."""
    return "an" if words[0] in "aeiou" else "a"


class _Phrases:
    """Samples the phrases of one caption."""

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self.scene, self.rng = scene, rng

    def pick(self, words: Sequence[str]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def maybe(self, text: str, probability: float = 0.5) -> str:
        return text if self.rng.random() < probability else ""

    def noun(self, thing: Thing, sized: float) -> str:
        """Return a phrase such as "a little red house", with the size with probability `sized`."""
        size = self.maybe(self.pick(SIZE_WORDS[thing.size]) + " ", sized)
        words = f"{size}{self.pick(COLOUR_WORDS[thing.colour])} {self.pick(KIND_WORDS[thing.kind])}"
        return f"{article(words)} {words}"

    def placed(self, thing: Thing, sized: float) -> str:
        """Return the noun with the ground that the thing stands on or flies over."""
        where = "over" if thing.flies else "on"
        return f"{self.noun(thing, sized)} {where} the {self.pick(GROUND_WORDS[self.scene.ground])}"

    def sky(self) -> str:
        return f"at {self.pick(SKY_WORDS[self.scene.sky])}"

    def listed(self, things: Sequence[Thing], sized: float, grounded: float) -> str:
        """Return "a, b and c", where one thing has its ground with probability `grounded`.

        A standing thing is preferred for the ground.
        """
        standing = [t for t in things if not t.flies] or list(things)
        chosen = standing[-1] if self.rng.random() < grounded else None
        parts = [self.placed(t, sized) if t is chosen else self.noun(t, sized) for t in things]
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def _full(phrases: _Phrases, things: Sequence[Thing]) -> str:
    return f"{phrases.listed(things, 1, 1)} {phrases.sky()}"


def _related(phrases: _Phrases, things: Sequence[Thing]) -> str:
    if len(things) == 1:
        return f"{phrases.placed(things[0], 0.5)}{phrases.maybe(' ' + phrases.sky())}"
    a, b, *rest = things
    true = [r for r in RELATIONS if holds(a, r, b)]
    relation = phrases.pick(RELATION_WORDS[phrases.pick(true)])
    subject = phrases.noun(a, 0.5)
    other = (
        phrases.placed(b, 0.5)
        if not b.flies and phrases.rng.random() < 0.5
        else phrases.noun(b, 0.5)
    )
    third = f", with {phrases.noun(rest[0], 0.5)}" if rest and phrases.rng.random() < 0.5 else ""
    verb = phrases.maybe("is ", 0.5)
    return f"{subject} {verb}{relation} {other}{third}{phrases.maybe(' ' + phrases.sky())}"


def _related_back(phrases: _Phrases, things: Sequence[Thing]) -> str:
    if len(things) == 1:
        return f"{phrases.noun(things[0], 0.5)}{phrases.maybe(' ' + phrases.sky())}"
    return _related(phrases, [things[1], things[0], *things[2:]])


def _one(phrases: _Phrases, things: Sequence[Thing]) -> str:
    opening = phrases.pick(("there is", "a picture of"))
    thing = things[int(phrases.rng.integers(len(things)))]
    return f"{opening} {phrases.listed([thing], 0.5, 0.5)}{phrases.maybe(' ' + phrases.sky())}"


def _sky_first(phrases: _Phrases, things: Sequence[Thing]) -> str:
    return f"{phrases.sky()}, {phrases.listed(things[::-1], 0.5, 0.5)}"


# The same grammar as a regular expression.


def _any(table: Mapping[str, tuple[str, ...]]) -> str:
    return "(?:" + "|".join(word for words in table.values() for word in words) + ")"


def _noun(kinds: Sequence[str]) -> str:
    names = {kind: KIND_WORDS[kind] for kind in kinds}
    return rf"an? (?:{_any(SIZE_WORDS)} )?{_any(COLOUR_WORDS)} {_any(names)}"


_WHERE = rf"the {_any(GROUND_WORDS)}"
_STANDING = rf"{_noun(GROUND_KINDS)}(?: on {_WHERE})?"
_PLACED = rf"(?:{_STANDING}|{_noun(SKY_KINDS)}(?: over {_WHERE})?)"
_LIST = rf"{_PLACED}(?:(?: {_PLACED})? and {_PLACED})?"
_SKY = rf"at {_any(SKY_WORDS)}"
_OBJECT = rf"(?:{_STANDING}|{_noun(SKY_KINDS)})"
_RELATED = rf"{_noun(KINDS)} (?:is )?{_any(RELATION_WORDS)} {_OBJECT}(?: with {_noun(KINDS)})?"
_FORMS = re.compile(
    rf"(?:(?:{_LIST}|{_RELATED}|(?:there is|a picture of) {_PLACED})(?: {_SKY})?|{_SKY} {_LIST})"
)
