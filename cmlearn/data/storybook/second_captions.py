"""The captions of the second edition: counts, lists and the short forms that people type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.claims import Description, strictly_true, tells_all
from cmlearn.data.storybook.lexicon import (
    COLOUR_WORDS,
    COUNT_WORDS,
    KIND_WORDS,
    PLURAL_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    SKY_WORDS,
)
from cmlearn.data.storybook.parser import parse_caption, words_of
from cmlearn.data.storybook.scene import RELATIONS, Scene, Thing, holds
from cmlearn.data.storybook.second_scenes import follows_the_second_rules

MAX_WORDS = 24
Things = tuple[Thing, ...]

# Ground -> where a thing stands; where it flies.
STANDING_WHERE: Mapping[str, tuple[str, ...]] = {
    "grass": ("on the grass", "in the grass", "in the meadow"),
    "sand": ("on the sand", "in the sand", "on the beach"),
    "snow": ("on the snow", "in the snow"),
    "sea": ("on the sea", "in the sea", "on the water", "by the sea"),
}
FLYING_WHERE: Mapping[str, tuple[str, ...]] = {
    "grass": ("over the grass", "over the meadow"),
    "sand": ("over the sand", "over the beach"),
    "snow": ("over the snow",),
    "sea": ("over the sea", "over the water", "by the sea"),
}
IN_THE_SKY = "in the sky"
TIMES: Mapping[str, tuple[str, ...]] = {
    sky: (*(f"at {word}" for word in words), *(("by day",) if sky == "day" else ()))
    for sky, words in SKY_WORDS.items()
}


def caption_second_scene(scene: Scene, rng: np.random.Generator) -> tuple[str, ...]:
    """Sample five different captions of a scene of the second edition.

    The first caption tells all. The second and third state a relation in both directions, if the
    scene has two things, or two groups of things, that words can tell apart. The fourth is short,
    without articles; the fifth tells all, or leaves things open. All are strictly true (see
    `claims.strictly_true`), and have at most `MAX_WORDS` words.

    Args:
        scene: a scene that `follows_the_second_rules`.
        rng: random generator that chooses words, order and details.

    Returns:
        Five strings in lower case, without a full stop.

    Raises:
        ValueError: the scene breaks the rules.
    """
    if not follows_the_second_rules(scene):
        raise ValueError(
            "scene: it must have one to three things that its ground allows, and things of "
            f"different kinds must have different colours; got {scene}"
        )
    ends = _ends(scene)
    related: tuple[_Form, _Form] = (_partial, _short)
    if ends:
        a, b = ends[int(rng.integers(len(ends)))]
        related = (lambda phrases: _related(phrases, a, b), lambda phrases: _related(phrases, b, a))
    captions: list[str] = []
    last: tuple[_Form, ...] = (_full, _partial, _open)
    for form in (_full, *related, _short, last[int(rng.integers(len(last)))]):
        caption = form(_Phrases(scene, rng))
        while caption in captions or not _fits(caption, scene, form is _full):
            caption = form(_Phrases(scene, rng))
        captions.append(caption)
    return tuple(captions)


def _fits(caption: str, scene: Scene, full: bool) -> bool:
    """Tell whether the data set may have the caption."""
    description = parse_caption(caption)
    return (
        len(caption.split()) <= MAX_WORDS
        and strictly_true(description, scene)
        and _ends_are_unique(description, scene)
        and (not full or tells_all(description))
    )


def _ends_are_unique(description: Description, scene: Scene) -> bool:
    """Tell whether the words of each end of a relation fit that end only."""
    mentions = description.mentions
    for relation in description.relations:
        ends = mentions[relation.subject], mentions[relation.object]
        fitting = [sum(end.fits(thing) for thing in scene.things) for end in ends]
        if ends[0] == ends[1] or fitting != [mentions.count(end) for end in ends]:
            return False
    return True


def _groups(things: Sequence[Thing]) -> list[Things]:
    """Group things by kind, in the order of their first members."""
    kinds = dict.fromkeys(thing.kind for thing in things)
    return [tuple(t for t in things if t.kind == kind) for kind in kinds]


def _ends(scene: Scene) -> list[tuple[Things, Things]]:
    """Return the pairs of a relation's ends: a thing, or all things of a kind.

    Each end can be told from every other thing by kind, colour and size, and a relation holds.
    """
    attributes = [(t.kind, t.colour, t.size) for t in scene.things]
    single = [(t,) for t, own in zip(scene.things, attributes) if attributes.count(own) == 1]
    ends: list[Things] = list(dict.fromkeys([*single, *_groups(scene.things)]))
    return [(a, b) for a in ends for b in ends if not set(a) & set(b) and _true_relations(a, b)]


def _true_relations(a: Things, b: Things) -> list[str]:
    return [r for r in RELATIONS if all(holds(x, r, y) for x in a for y in b)]


class _Phrases:
    """Samples the phrases of one caption."""

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self.scene, self.rng = scene, rng
        self.articles = True

    def pick(self, options: Sequence[str]) -> str:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def adjectives(self, thing: Thing, sized: bool, coloured: bool) -> list[str]:
        size = [self.pick(SIZE_WORDS[thing.size])] if sized else []
        return size + ([self.pick(COLOUR_WORDS[thing.colour])] if coloured else [])

    def noun(self, thing: Thing, sized: bool, coloured: bool) -> str:
        """Return a phrase such as "a little red house", with or without the article."""
        words = " ".join(
            [*self.adjectives(thing, sized, coloured), self.pick(KIND_WORDS[thing.kind])]
        )
        if self.chance(0.05):
            return f"one {words}"
        return f"{article(words)} {words}" if self.articles else words

    def group(self, things: Things, sized: bool, coloured: bool) -> list[str]:
        """Return one phrase for things of a kind, or one for each if what is named differs."""
        sizes, colours = ({t.size for t in things}, {t.colour for t in things})
        same_size, same_colour = (not sized or len(sizes) == 1, not coloured or len(colours) == 1)
        if len(things) == 1 or not (same_size and (same_colour or self.chance(0.5))):
            return [self.noun(thing, sized, coloured) for thing in things]
        (number,) = COUNT_WORDS[len(things)]
        words = self.adjectives(things[0], sized, coloured and same_colour)
        counted = " ".join([number, *words, self.pick(PLURAL_WORDS[things[0].kind])])
        if same_colour:
            return [counted]
        each = [f"one {self.pick(COLOUR_WORDS[thing.colour])}" for thing in things]
        return [f"{counted}, {_joined(each)}"]

    def listed(self, things: Sequence[Thing], sized: bool, coloured: bool, placed: bool) -> str:
        """Return "a, b and c", or "a, b, c", where one thing may have its ground.

        A standing thing is preferred for the ground.
        """
        groups = _groups(things)
        standing = [group for group in groups if not group[0].flies] or groups
        parts: list[str] = []
        for group in groups:
            parts += self.group(group, sized, coloured)
            if placed and group is standing[-1]:
                parts[-1] += f" {self.place(group[0])}"
        return _joined(parts) if self.articles or self.chance(0.5) else ", ".join(parts)

    def place(self, thing: Thing) -> str:
        phrases = FLYING_WHERE if thing.flies else STANDING_WHERE
        return self.pick(phrases[self.scene.ground])

    def time(self) -> str:
        return self.pick(TIMES[self.scene.sky])

    def timed(self, text: str, probability: float) -> str:
        """Add the sky at the end or, less often, at the beginning."""
        if not self.chance(probability):
            return text
        return f"{self.time()}, {text}" if self.chance(0.25) else f"{text} {self.time()}"

    def some(self) -> list[Thing]:
        """Choose all things in any order or, less often, those of one kind."""
        things = [self.scene.things[i] for i in self.rng.permutation(len(self.scene.things))]
        return things if self.chance(0.6) else list(_groups(things)[0])


_Form = Callable[[_Phrases], str]


def _joined(parts: Sequence[str]) -> str:
    """Join phrases to "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def _full(phrases: _Phrases) -> str:
    """Name every thing with its colour and size, the ground and the sky."""
    phrases.articles = phrases.chance(0.75)
    order = phrases.rng.permutation(len(phrases.scene.things))
    things = [phrases.scene.things[i] for i in order]
    return phrases.timed(phrases.listed(things, True, True, True), 1)


def _related(phrases: _Phrases, a: Things, b: Things) -> str:
    """State a relation of two ends, with another thing, ground and sky or without."""
    phrases.articles = phrases.chance(0.75)
    subject = phrases.group(a, phrases.chance(0.4), phrases.chance(0.85))
    other = phrases.group(b, phrases.chance(0.4), phrases.chance(0.85))
    relation = phrases.pick(RELATION_WORDS[phrases.pick(_true_relations(a, b))])
    verb = "is " if len(a) == 1 else "are "
    verb = verb if phrases.articles and phrases.chance(0.5) else ""
    place = f" {phrases.place(b[0])}" if not b[0].flies and phrases.chance(0.4) else ""
    rest = [thing for thing in phrases.scene.things if thing not in (*a, *b)]
    third = f", with {phrases.listed(rest, phrases.chance(0.4), True, False)}" if rest else ""
    third = third if phrases.chance(0.5) else ""
    text = f"{_joined(subject)} {verb}{relation} {_joined(other)}{place}{third}"
    return f"{text} {phrases.time()}" if phrases.chance(0.4) else text


def _short(phrases: _Phrases) -> str:
    """Name things without articles, and with few details."""
    phrases.articles = False
    things, sized = phrases.some(), phrases.chance(0.25)
    coloured = phrases.chance(0.75)
    if all(thing.flies for thing in things) and phrases.chance(0.3):
        text = f"{phrases.listed(things, sized, coloured, False)} {IN_THE_SKY}"
    else:
        text = phrases.listed(things, sized, coloured, phrases.chance(0.4))
    return phrases.timed(text, 0.3)


def _partial(phrases: _Phrases) -> str:
    """Name things with articles, where size, ground and sky may be left out."""
    things = phrases.some()
    text = phrases.listed(things, phrases.chance(0.5), phrases.chance(0.8), phrases.chance(0.5))
    if phrases.chance(0.3):
        many = text.startswith(("two", "three"))
        opening = "a picture of" if phrases.chance(0.5) else "there are" if many else "there is"
        return f"{opening} {text}{' ' + phrases.time() if phrases.chance(0.4) else ''}"
    return phrases.timed(text, 0.5)


def _open(phrases: _Phrases) -> str:
    """Leave the kind or the colour of things open: "something red", "two cars"."""
    things = phrases.some()
    sized = phrases.chance(0.3)
    if len(things) > 1 or phrases.chance(0.5):
        return phrases.timed(phrases.listed(things, sized, False, phrases.chance(0.4)), 0.3)
    thing = things[0]
    text = " ".join(["something", *phrases.adjectives(thing, sized, True)])
    if thing.flies and phrases.chance(0.5):
        text += f" {IN_THE_SKY}"
    elif phrases.chance(0.5):
        text += f" {phrases.place(thing)}"
    return phrases.timed(text, 0.3)


# The same grammar as a regular expression. Commas are left out, because models generate tokens
# without them.


def is_second_grammatical(caption: str) -> bool:
    """Tell whether a caption has a form that the grammar of the second edition produces.

    Case and punctuation are ignored. A few captions pass that the grammar never produces, such as
    "a red house in the snow and a blue tree over the grass".

    Raises:
        TypeError: the caption is not a string.
    """
    words = [word for word in words_of(caption) if word not in ",."]
    articles_fit = all(
        first not in ("a", "an") or article(second) == first for first, second in pairwise(words)
    )
    return articles_fit and _FORMS.fullmatch(" ".join(words)) is not None


def _any(tables: Iterable[Iterable[str]]) -> str:
    return f"(?:{'|'.join(word for table in tables for word in table)})"


_COLOUR = _any(COLOUR_WORDS.values())
_ADJECTIVES = rf"(?:{_any(SIZE_WORDS.values())} )?(?:{_COLOUR} )?"
_NOUN = rf"(?:(?:an?|one) )?{_ADJECTIVES}{_any(KIND_WORDS.values())}"
_EACH = rf"(?: one {_COLOUR}(?: one {_COLOUR})? and one {_COLOUR})?"
_COUNTED = rf"(?:two|three) {_ADJECTIVES}{_any(PLURAL_WORDS.values())}{_EACH}"
_PLACE = _any([*STANDING_WHERE.values(), *FLYING_WHERE.values()])
_PLACED = rf"(?:{_NOUN}|{_COUNTED})(?: {_PLACE})?"
_LIST = rf"{_PLACED}(?: {_PLACED})?(?:(?: and)? {_PLACED})?"
_TIME = _any(TIMES.values())
_RELATED = rf"{_LIST} (?:(?:is|are) )?{_any(RELATION_WORDS.values())} {_LIST}(?: with {_LIST})?"
_SOMETHING = rf"something (?:{_any(SIZE_WORDS.values())} )?{_COLOUR}(?: {_PLACE})?"
_FORMS = re.compile(
    rf"(?:{_TIME} )?(?:(?:there (?:is|are)|a picture of) )?(?:{_LIST}|{_RELATED}|{_SOMETHING})"
    rf"(?: {IN_THE_SKY})?(?: {_TIME})?"
)
