"""The wordings of questions: templates that put a program into English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.lexicon import (
    ANY,
    COLOUR_WORDS,
    GROUND_WORDS,
    KIND_WORDS,
    PLURAL_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    SKY_WORDS,
)
from cmlearn.data.storybook.programs import (
    Backdrop,
    CompareNumbers,
    Filter,
    Program,
    Query,
    Relate,
    Selection,
    Verify,
    VerifyBackdrop,
    VerifyRelation,
)

# {a} and {b} are things, such as "red house left of a tree"; {as} and {bs} their plurals; {an} has
# its article. {rel} is a relation, {to} its anchor, {value} a colour, size, sky or ground.
TEMPLATES: Mapping[str, Sequence[str]] = {
    "colour": (
        "what colour is the {a}?",
        "what is the colour of the {a}?",
        "which colour does the {a} have?",
        "the {a} is what colour?",
    ),
    "kind": ("what is the {a}?", "what kind of thing is the {a}?", "what is {adjectives}?"),
    "related": (
        "what is {rel} the {to}?",
        "what do you see {rel} the {to}?",
        "which thing is {rel} the {to}?",
    ),
    "size": (
        "what size is the {a}?",
        "what is the size of the {a}?",
        "how big is the {a}?",
        "is the {a} small or big?",
    ),
    "Count": (
        "how many {as} are there?",
        "how many {as} do you see?",
        "what is the number of {as}?",
    ),
    "Exist": ("is there {an}?", "do you see {an}?", "are there any {as}?"),
    "VerifyNumber": ("are there {number} {as}?", "do you see {number} {as}?"),
    "Verify": ("is the {a} {value}?", "does the {a} have the {attribute} {value}?"),
    "VerifyRelation": ("is the {a} {rel} the {b}?", "do you see that the {a} is {rel} the {b}?"),
    "more": (
        "are there more {as} than {bs}?",
        "do you see more {as} than {bs}?",
        "is the number of {as} greater than the number of {bs}?",
    ),
    "fewer": (
        "are there fewer {as} than {bs}?",
        "do you see fewer {as} than {bs}?",
        "is the number of {as} less than the number of {bs}?",
    ),
    "as many": (
        "are there as many {as} as {bs}?",
        "do you see as many {as} as {bs}?",
        "is the number of {as} the same as the number of {bs}?",
    ),
    "Same": (
        "is the {a} the same {attribute} as the {b}?",
        "does the {a} have the same {attribute} as the {b}?",
        "do the {a} and the {b} have the same {attribute}?",
    ),
    "sky": ("what time of day is it?", "what is the sky like?"),
    "ground": ("what is the ground?", "what is the ground like?"),
    "is sky": ("is it {value}?", "is it {value} in the picture?"),
    "is ground": ("is the ground {value}?", "is there {value} on the ground?"),
}
# Never trained. Their words are known from the templates above, but not in this order.
NEW_TEMPLATES: Mapping[str, Sequence[str]] = {
    "colour": ("the colour of the {a} is what?", "do you see which colour the {a} is?"),
    "kind": ("which thing is {adjectives}?", "the {a} is what kind of thing?"),
    "related": ("{rel} the {to} is what?", "what thing is there {rel} the {to}?"),
    "size": ("the size of the {a} is what?", "which size does the {a} have?"),
    "Count": ("the number of {as} is what?", "there are how many {as}?"),
    "Exist": ("does the picture have {an}?", "is the number of {as} greater than zero?"),
    "VerifyNumber": ("does the picture have {number} {as}?",),
    "Verify": ("is the {attribute} of the {a} {value}?", "do you see that the {a} is {value}?"),
    "VerifyRelation": ("is it the {a} that is {rel} the {b}?", "{rel} the {b}, is there the {a}?"),
    "more": ("are the {as} more than the {bs}?",),
    "fewer": ("are the {as} fewer than the {bs}?",),
    "as many": (
        "are the {as} as many as the {bs}?",
        "do the {as} and the {bs} have the same number?",
    ),
    "Same": (
        "is the {attribute} of the {a} the same as the {attribute} of the {b}?",
        "are the {a} and the {b} the same {attribute}?",
    ),
    "sky": ("it is what time of day?", "do you see what time of day it is?"),
    "ground": ("the ground is what?", "the ground is like what?"),
    "is sky": ("is the sky that of {value}?",),
    "is ground": ("do you see {value} on the ground?",),
}


def form(program: Program) -> str:
    """Return the key of a program in `TEMPLATES`."""
    if isinstance(program, Query):
        related = program.attribute == "kind" and isinstance(program.of, Relate)
        plain = related and program.of.what == Filter()  # type: ignore[union-attr]
        return "related" if plain else program.attribute
    if isinstance(program, CompareNumbers):
        return program.how
    if isinstance(program, Backdrop):
        return program.part
    if isinstance(program, VerifyBackdrop):
        return f"is {program.part}"
    return type(program).__name__


def wordings(program: Program, new: bool = False) -> tuple[str, ...]:
    """Return the templates that can word a program.

    Args:
        program: any program.
        new: those of `NEW_TEMPLATES`, which training never has.
    """
    templates = (NEW_TEMPLATES if new else TEMPLATES)[form(program)]
    bare = isinstance(program, Query) and isinstance(program.of, Filter) and program.of.kind == ANY
    if bare and program.of != Filter():  # type: ignore[union-attr]
        return tuple(templates)
    return tuple(each for each in templates if "{adjectives}" not in each)


def word_question(program: Program, rng: np.random.Generator, new: bool = False) -> str:
    """Put a program into English.

    Args:
        program: any program.
        rng: chooses the template and the words.
        new: use a template that training never has.

    Returns:
        A question in lower case, such as "what colour is the big home?".
    """
    options = wordings(program, new)
    return fill(options[int(rng.integers(len(options)))], program, rng)


def fill(template: str, program: Program, rng: np.random.Generator) -> str:
    """Fill a template with the words of a program.

    Args:
        template: one of `wordings(program)`.
        program: any program.
        rng: chooses among words of one meaning.
    """
    words: dict[str, str] = {
        "attribute": getattr(program, "attribute", ""),
        "number": getattr(program, "number", ""),
    }
    first = getattr(program, "of", None) or getattr(program, "first", None)
    if first is not None:
        singular = selection_words(first, 1, rng)
        words |= {"a": singular, "an": f"{article(singular)} {singular}"}
        words |= {"as": selection_words(first, 2, rng)}
    if isinstance(first, Filter):
        words["adjectives"] = singular.removesuffix(f" {ANY}")
    if isinstance(first, Relate):
        words |= {"rel": _pick(RELATION_WORDS[first.relation], rng)}
        words |= {"to": selection_words(first.anchor, 1, rng)}
    second = getattr(program, "second", None)
    if second is not None:
        words |= {"b": selection_words(second, 1, rng), "bs": selection_words(second, 2, rng)}
    if isinstance(program, VerifyRelation):
        words["rel"] = _pick(RELATION_WORDS[program.relation], rng)
    if isinstance(program, Verify | VerifyBackdrop):
        words["value"] = _value(program.value, rng)
    return template.format(**words)


def selection_words(selection: Selection, number: int, rng: np.random.Generator) -> str:
    """Return a description of one thing, or of several, such as "red things left of the tree"."""
    what = selection.what if isinstance(selection, Relate) else selection
    size = _pick(SIZE_WORDS[what.size], rng) if what.size else ""
    colour = _pick(COLOUR_WORDS[what.colour], rng) if what.colour else ""
    kinds = (KIND_WORDS if number == 1 else PLURAL_WORDS).get(what.kind)
    kind = _pick(kinds, rng) if kinds else ANY if number == 1 else f"{ANY}s"
    phrase = " ".join(filter(None, (size, colour, kind)))
    if isinstance(selection, Filter):
        return phrase
    relation = _pick(RELATION_WORDS[selection.relation], rng)
    return f"{phrase} {relation} the {selection_words(selection.anchor, 1, rng)}"


def _value(value: str, rng: np.random.Generator) -> str:
    for words in (COLOUR_WORDS, SIZE_WORDS, SKY_WORDS, GROUND_WORDS):
        if value in words:
            return _pick(words[value], rng)
    raise KeyError(value)


def _pick(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
