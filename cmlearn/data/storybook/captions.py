"""Says a scene in true captions."""

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
    """Five different true captions of a scene.

    The first says all there is to say but relations; the second and third relate two things,
    once from either side (a scene with one thing is told with and without its ground instead);
    the fourth names one thing; the fifth starts with the sky.

    Args:
        scene: what to speak of.
        rng: chooses words, order and detail.

    Returns:
        `CAPTIONS_PER_SCENE` strings in lower case, without a full stop.
    """
    things = [scene.things[i] for i in rng.permutation(len(scene.things))]
    told: list[str] = []
    for form in (_full, _related, _related_back, _one, _sky_first):
        caption = form(_Voice(scene, rng), things)
        while caption in told:  # another choice of words and detail
            caption = form(_Voice(scene, rng), things)
        told.append(caption)
    return tuple(told)


class _Voice:
    """Chooses words for one caption of a scene."""

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self.scene, self.rng = scene, rng

    def pick(self, words: Sequence[str]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def maybe(self, text: str, chance: float = 0.5) -> str:
        return text if self.rng.random() < chance else ""

    def noun(self, thing: Thing, sized: float) -> str:
        """A phrase such as "a little red house"; `sized` is the chance of naming the size."""
        size = self.maybe(self.pick(SIZE_WORDS[thing.size]) + " ", sized)
        words = f"{size}{self.pick(COLOUR_WORDS[thing.colour])} {self.pick(KIND_WORDS[thing.kind])}"
        return f"{article(words)} {words}"

    def placed(self, thing: Thing, sized: float) -> str:
        """The noun, and the ground that it stands on or flies over."""
        where = "over" if thing.flies else "on"
        return f"{self.noun(thing, sized)} {where} the {self.pick(GROUND_WORDS[self.scene.ground])}"

    def sky(self) -> str:
        return f"at {self.pick(SKY_WORDS[self.scene.sky])}"

    def listed(self, things: Sequence[Thing], sized: float, grounded: float) -> str:
        """ "a, b and c", one of them with its ground (rather one that stands on it)."""
        standing = [t for t in things if not t.flies] or list(things)
        chosen = standing[-1] if self.rng.random() < grounded else None
        parts = [self.placed(t, sized) if t is chosen else self.noun(t, sized) for t in things]
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def article(words: str) -> str:
    """ "an" before a vowel, else "a"."""
    return "an" if words[0] in "aeiou" else "a"


def _full(voice: _Voice, things: Sequence[Thing]) -> str:
    return f"{voice.listed(things, 1, 1)} {voice.sky()}"


def _related(voice: _Voice, things: Sequence[Thing]) -> str:
    if len(things) == 1:
        return f"{voice.placed(things[0], 0.5)}{voice.maybe(' ' + voice.sky())}"
    a, b, *rest = things
    true = [r for r in RELATIONS if holds(a, r, b)]
    relation = voice.pick(RELATION_WORDS[voice.pick(true)])
    subject = voice.noun(a, 0.5)
    other = voice.placed(b, 0.5) if not b.flies and voice.rng.random() < 0.5 else voice.noun(b, 0.5)
    third = f", with {voice.noun(rest[0], 0.5)}" if rest and voice.rng.random() < 0.5 else ""
    verb = voice.maybe("is ", 0.5)
    return f"{subject} {verb}{relation} {other}{third}{voice.maybe(' ' + voice.sky())}"


def _related_back(voice: _Voice, things: Sequence[Thing]) -> str:
    if len(things) == 1:
        return f"{voice.noun(things[0], 0.5)}{voice.maybe(' ' + voice.sky())}"
    return _related(voice, [things[1], things[0], *things[2:]])


def _one(voice: _Voice, things: Sequence[Thing]) -> str:
    opening = voice.pick(("there is", "a picture of"))
    thing = things[int(voice.rng.integers(len(things)))]
    return f"{opening} {voice.listed([thing], 0.5, 0.5)}{voice.maybe(' ' + voice.sky())}"


def _sky_first(voice: _Voice, things: Sequence[Thing]) -> str:
    return f"{voice.sky()}, {voice.listed(things[::-1], 0.5, 0.5)}"


# ── the same grammar, as a test of a text ─────────────────────────────────────────────────────


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


def is_grammatical(caption: str) -> bool:
    """Whether the grammar could have said this, of some scene.

    Case and punctuation do not matter: a model that writes tokens writes none.

    Raises:
        TypeError: if the caption is not a string.
    """
    words = [word for word in words_of(caption) if word not in ",."]
    articles_fit = all(
        first not in ("a", "an") or article(second) == first for first, second in pairwise(words)
    )
    grounds = sum(MEANING.get(word, ("",))[0] == "ground" for word in words)
    return articles_fit and grounds < 2 and _FORMS.fullmatch(" ".join(words)) is not None
