"""Say which part of a typed request cannot be drawn, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise, product

from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.claims import Count, Description, Mention, Relation
from cmlearn.data.storybook.edits import PARAPHRASES
from cmlearn.data.storybook.lexicon import (
    ANY,
    COUNT_WORDS,
    FLYING,
    PLURAL_WORDS,
    SIZE_WORDS,
    TYPED_MEANING,
)
from cmlearn.data.storybook.parser import FILLER, parse_caption, words_of
from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUNDS,
    KINDS,
    KINDS_ON,
    RELATIONS,
    SKY_KINDS,
    Thing,
    holds,
)

MAX_THINGS = 3
SIMILARITY = 0.8  # of an unknown word to a known one, 0 to 1, from which we ask "did you mean"
EXAMPLE = '"a red house on the grass at night"'

NEGATIONS = frozenset(
    ("no", "not", "without", "never", "none", "nothing", "neither", "nor", "except", "zero", "0")
    + ("isn", "aren", "don", "doesn")
)
TOO_MANY = frozenset(
    ("four", "five", "six", "seven", "eight", "nine", "ten", "dozen", "hundred", "thousand")
    + ("many", "lots", "all", "every", "crowd", "full")
)
# Words for what no scene has -> what there is instead.
_OTHER_COLOURS = ("pink", "black", "white", "brown", "grey", "gray", "gold", "silver", "turquoise")
_OTHER_SIZES = ("medium", "tall", "short", "giant", "long", "wide", "thin")
_OTHER_SKIES = (
    *("sun", "suns", "moon", "moons", "cloud", "clouds", "cloudy", "rain", "rainy", "rainbow"),
    *("fog", "foggy", "storm", "wind", "windy", "sunny", "dark"),
    *("morning", "evening", "dawn", "sunrise", "afternoon"),
)
_OTHER_GROUNDS = ("forest", "mountain", "mountains", "road", "street", "city", "river", "garden")
_OTHER_RELATIONS = (
    *("behind", "beside", "between", "near", "next", "front", "inside", "around", "against"),
    *("beyond", "through", "across", "opposite", "beneath", "underneath", "outside", "top"),
)
Sentence = str | None


def explain_request(text: str) -> Sentence:
    """Say which part of a request cannot be drawn or understood, and why.

    Args:
        text: what somebody typed.

    Returns:
        One sentence about the first such part, or None if the request can be drawn.

    Raises:
        TypeError: the text is not a string.
    """
    words = words_of(text)
    description = parse_caption(text)
    return next((sentence for sentence in _problems(words, description) if sentence), None)


# ── what cannot be drawn ──────────────────────────────────────────────────────────────────────


def _problems(words: Sequence[str], description: Description) -> Iterator[Sentence]:
    """Yield a sentence, or None, from each check, the most basic ones first."""
    yield _empty(words)
    for word in words:
        yield _unknown_word(word)
    yield _pronoun(words)
    yield from _leftovers(words, description)
    yield _nothing_named(description)
    for mention in description.mentions:
        yield _two_values(mention)
    yield _two("sky", description.skies)
    yield _two("ground", description.grounds)
    yield _too_many(description)
    for count in description.counts:
        yield _miscounted(count, description)
    yield _stacked(words)
    for mention in description.mentions:
        yield _wrong_ground(mention, description)
    for relation in description.relations:
        yield _impossible_relation(relation, description)
    yield _impossible_together(description)


def _empty(words: Sequence[str]) -> Sentence:
    content = [word for word in words if word not in FILLER]
    return None if content else f"The request is empty: say what to draw, such as {EXAMPLE}."


def _unknown_word(word: str) -> Sentence:
    if word in TYPED_MEANING or word in FILLER or word in ("sky", "flying"):
        return None
    if word in NEGATIONS:
        return f'"{word}" cannot be drawn: there are no negations, so name only what is to be seen.'
    if word in TOO_MANY or word.isdecimal():
        return f'"{word}" is too many: at most three things fit into a picture.'
    for others, sentence in _INSTEAD.items():
        if word in others:
            return f'"{word}" is not known: {sentence}.'
    near = _near(word)
    if near:
        return f'"{word}" is not known: did you mean "{near}"?'
    return f'"{word}" is not known: {_INSTEAD[()]}.'


def _near(word: str) -> str | None:
    """Return a known word that is a synonym of `word` or is spelt like it."""
    for meanings in PARAPHRASES.values():
        for meaning, others in meanings.items():
            if word in others or word.removesuffix("s") in others:
                return {"day": "noon"}.get(meaning, meaning)
    return next(iter(get_close_matches(word, TYPED_MEANING, 1, SIMILARITY)), None)


def _either(options: Sequence[str]) -> str:
    return f"{', '.join(options[:-1])} or {options[-1]}" if options[1:] else options[0]


def _plural(kind: str) -> str:
    return PLURAL_WORDS[kind][0] if kind in PLURAL_WORDS else f"{kind}s"


_INSTEAD: Mapping[tuple[str, ...], str] = {
    _OTHER_COLOURS: f"a thing is {_either(COLOURS)}",
    _OTHER_SIZES: "a thing is small or big",
    _OTHER_SKIES: "the sky is that of day, night or sunset",
    _OTHER_GROUNDS: f"the ground is {_either(GROUNDS)}",
    _OTHER_RELATIONS: f"a thing is {_either(RELATIONS)} another",
    (): f"the things to draw are {_either([_plural(kind) for kind in KINDS])}",
}


def _pronoun(words: Sequence[str]) -> Sentence:
    related = [w for w in words if TYPED_MEANING.get(w, ("",))[0] in ("horizontal", "vertical")]
    if "it" in words and related:
        return '"it" is not understood: name the thing again.'
    return None


def _leftovers(words: Sequence[str], description: Description) -> Iterator[Sentence]:
    """Yield sentences about words that are known and belong to nothing."""
    for word in description.unknown:
        if word in ("sky", "flying"):
            kinds = [m.kind for m in description.mentions if m.kind not in (*SKY_KINDS, FLYING)]
            what = f"{article(kinds[-1])} {kinds[-1]}" if kinds else "it"
            yield f'"{word}" does not fit {what}: only {_either(_SKY_PLURALS)} fly.'
        else:
            written = [w for w in words if str(TYPED_MEANING.get(w, ("", ""))[1]) == word]
            shown = written[-1] if written else word
            yield f'"{shown}" belongs to no thing: write it before its thing, as in "red house".'
    for name in description.dangling:
        yield f'"{name}" needs a thing before it and a thing after it, as in {_RELATED_EXAMPLE}.'


_SKY_PLURALS = [_plural(kind) for kind in SKY_KINDS]
_RELATED_EXAMPLE = '"a house left of a tree"'


def _nothing_named(description: Description) -> Sentence:
    if description.mentions:
        return None
    return f"No thing is named: name one to three things, such as in {EXAMPLE}."


def _two_values(mention: Mention) -> Sentence:
    for name, values in (("colour", mention.colours), ("size", mention.sizes)):
        if len(set(values)) > 1:
            return f'A {mention.kind} has one {name}, not both "{values[0]}" and "{values[1]}".'
    return None


def _two(name: str, values: Sequence[str]) -> Sentence:
    different = list(dict.fromkeys(values))
    if len(different) < 2:
        return None
    return f'A picture has one {name}, not both "{different[0]}" and "{different[1]}".'


def _too_many(description: Description) -> Sentence:
    number = len(description.mentions)
    if number <= MAX_THINGS:
        return None
    return f"{number} things are named, and at most three fit into a picture."


def _miscounted(count: Count, description: Description) -> Sentence:
    """Say that more things of a description are named than are counted."""
    named = sum(_implies(mention, count.mention) for mention in description.mentions)
    if count.number is None or named <= count.number:
        return None
    counted, right = (_counted(count.mention, number) for number in (count.number, named))
    return f'"{counted}" leaves no room for the others that are named: write "{right}".'


def describe(mention: Mention) -> str:
    """Return what a mention names, such as "big red house"."""
    sizes = [SIZE_WORDS[size][0] for size in dict.fromkeys(mention.sizes)]
    return " ".join([*sizes, *dict.fromkeys(mention.colours), mention.kind])


def _counted(mention: Mention, number: int) -> str:
    """Return "two red houses"."""
    (word,) = COUNT_WORDS[number]
    return f"{word} {describe(mention)}{'' if number == 1 else 's'}"


def _implies(mention: Mention, other: Mention) -> bool:
    """Tell whether every thing that fits `mention` fits `other`."""
    kinds = {ANY: (*KINDS, FLYING, ANY), FLYING: (*SKY_KINDS, FLYING)}
    return (
        mention.kind in kinds.get(other.kind, (other.kind,))
        and {*other.colours} <= {*mention.colours}
        and {*other.sizes} <= {*mention.sizes}
    )


def _stacked(words: Sequence[str]) -> Sentence:
    """Say that no thing stands on or in another."""
    kept = [word for word in words if word not in ("a", "an", "the", "some")]
    kept = [word for word in kept if TYPED_MEANING.get(word, ("",))[0] not in ("colour", "size")]
    for first, second in pairwise(kept):
        if first in ("on", "in") and TYPED_MEANING.get(second, ("",))[0] in ("kind", "plural"):
            return (
                f'Nothing can be "{first}" a {TYPED_MEANING[second][1]}: '
                f"a thing is {_either(RELATIONS)} another."
            )
    return None


def _wrong_ground(mention: Mention, description: Description) -> Sentence:
    kind = mention.kind
    if not description.grounds or kind in (*SKY_KINDS, ANY, FLYING):
        return None
    ground = description.grounds[0]
    if kind in KINDS_ON[ground]:
        return None
    grounds = [name for name in GROUNDS if kind in KINDS_ON[name]]
    return f"A {kind} cannot be on the {ground}: it can be on the {_either(grounds)}."


def _impossible_relation(relation: Relation, description: Description) -> Sentence:
    """Say that two things are never above or below each other in that order."""
    a, b = (description.mentions[i].kind for i in (relation.subject, relation.object))
    if _can_hold([relation], description):
        return None
    claim = f'A {a} cannot be "{relation.name}" a {b}'
    if a in SKY_KINDS and b in SKY_KINDS:
        return f"{claim}: both fly at one height."
    if a not in SKY_KINDS and b not in SKY_KINDS:
        return f"{claim}: both stand on the ground, and nothing stands below what stands there."
    standing, flying = (b, a) if a in SKY_KINDS else (a, b)
    return f"{claim}: a {standing} stands on the ground, and a {flying} flies above it."


def _impossible_together(description: Description) -> Sentence:
    """Say that relations contradict each other, as in "a kite above something above a house"."""
    if not description.relations or _can_hold(description.relations, description):
        return None
    kinds = [mention.kind for mention in description.mentions]
    kept = [f'"{kinds[r.subject]} {r.name} {kinds[r.object]}"' for r in description.relations]
    return f"{kept[0]} and {kept[-1]} contradict each other: a picture has two rows of three slots."


def _can_hold(relations: Sequence[Relation], description: Description) -> bool:
    """Tell whether some arrangement in the six slots makes all relations true."""
    options = [_placements(mention.kind) for mention in description.mentions]
    return any(
        len({(thing.flies, thing.column) for thing in things}) == len(things)
        and all(holds(things[r.subject], r.name, things[r.object]) for r in relations)
        for things in product(*options)
    )


def _placements(kind: str) -> list[Thing]:
    kinds = {ANY: ("ball", "kite"), FLYING: ("kite",)}.get(kind, (kind,))
    return [Thing(each, "red", "big", column) for each in kinds for column in range(3)]
