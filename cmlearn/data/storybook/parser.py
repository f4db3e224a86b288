"""Parse captions into claims."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from cmlearn.data.storybook.claims import Count, Description, Mention, Relation
from cmlearn.data.storybook.lexicon import ANY, FLYING, TYPED_MEANING
from cmlearn.data.storybook.scene import SKY_KINDS

FILLER = frozenset(
    ("a", "an", "the", "is", "are", "there", "it", "picture", "in", "on", "at", "by", "to", "of")
    + ("and", "with", ",", ".")
    # What people type around a caption.
    + ("i", "want", "see", "draw", "paint", "show", "me", "please", "some", "has", "standing")
)
_WORD = re.compile(r"[^\W_]+|[,.]")
_ADJECTIVES = ("colour", "size")


def parse_caption(caption: str) -> Description:
    """Parse a caption from left to right.

    Colours and sizes belong to the next thing, or to the "something" before them. A relation holds
    between the last thing before it and the first one after it; of "two houses", it holds for
    each. "Over the snow" is a location and not a relation, so "above" and "below" are dropped when
    a ground follows before the next thing. "In the sky" may follow a thing that flies.

    "Two red houses" mentions a red house twice, and counts the red houses. "Red houses" are two or
    more. "Two cars, one red and one blue" gives each of them its colour; "two red cars and one
    blue" are three.

    Args:
        caption: any text, grammatical or not; case does not matter.

    Returns:
        The claims of the caption; empty if it has no known words.

    Raises:
        TypeError: the caption is not a string.
    """
    return parse_words(words_of(caption))[0]


class Positions(NamedTuple):
    """Where the claims of a caption stand.

    Attributes:
        claims: the index of the word that makes each claim, in the order of `check_claims`.
        unknown: the indices of `Description.unknown`.
    """

    claims: tuple[int, ...]
    unknown: frozenset[int]


def parse_words(words: Sequence[str]) -> tuple[Description, Positions]:
    """Parse the words of a caption, as `words_of` returns them; see `parse_caption`.

    Returns:
        The claims, and the indices of the words that make them.
    """
    state = _ParserState()
    for position, word in enumerate(words):
        state.take(word, position)
    return state.finish()


def words_of(caption: str) -> list[str]:
    """Split a caption into words, commas and full stops, in lower case.

    Raises:
        TypeError: the caption is not a string.
    """
    if not isinstance(caption, str):
        raise TypeError(f"caption: expected one string, got {type(caption).__name__}")
    return _WORD.findall(caption.lower())


class _Found(NamedTuple):
    """A meaning and the index of its word."""

    meaning: str
    position: int


@dataclass
class _Draft:
    """A mention whose colours and sizes may still come."""

    kind: str
    position: int
    adjectives: dict[str, list[_Found]]

    def mention(self) -> Mention:
        colours, sizes = (_meanings(self.adjectives[name]) for name in _ADJECTIVES)
        return Mention(self.kind, colours, sizes)

    def positions(self) -> list[int]:
        return [self.position, *(f.position for name in _ADJECTIVES for f in self.adjectives[name])]


def _meanings(found: Iterable[_Found]) -> tuple[str, ...]:
    return tuple(each.meaning for each in found)


class _ParserState:
    """The claims that were parsed so far."""

    def __init__(self) -> None:
        self.drafts: list[_Draft] = []
        self.counts: list[tuple[Count, int]] = []
        self.relations: list[tuple[Relation, int]] = []
        self.found: dict[str, list[_Found]] = {
            k: [] for k in (*_ADJECTIVES, "sky", "ground", "dangling", "unknown")
        }
        self.pending: _Found | None = None  # a relation that has no object yet
        self.number: int | None = None  # a count that has no thing yet
        self.number_position = 0
        self.last = range(0)  # the drafts of the last phrase, such as "two houses"
        self.undivided = range(0)  # those of them that "one red and one blue" may still describe
        self.after_open = False  # whether colours and sizes belong to the "something" before them

    def take(self, word: str, position: int) -> None:
        """Process one word."""
        name, meaning = TYPED_MEANING.get(word, ("", ""))
        found = _Found(str(meaning), position)
        if name in _ADJECTIVES and self.after_open:
            self.drafts[-1].adjectives[name].append(found)
            return
        self.after_open = name == "open"
        if name not in (*_ADJECTIVES, "kind", "plural"):
            self._divide()
        if name in ("kind", "plural", "open"):
            self._mention(found, name == "plural")
        elif name == "count":
            self.number, self.number_position = int(meaning), position
        elif name in ("horizontal", "vertical"):
            self._drop_pending()
            self.pending = found
        elif name:
            self.found[name].append(found)
            if name == "ground" and self.pending and self.pending.meaning in ("above", "below"):
                self.pending = None
        elif word in ("sky", "flying"):
            self._in_the_sky(word, position)
        elif word not in FILLER:
            self.found["unknown"].append(_Found(word, position))

    def _mention(self, kind: _Found, plural: bool) -> None:
        adjectives = self._take_adjectives()
        number = self.number or (2 if plural else 1)
        before, start = self.last, len(self.drafts)
        self.last = self.undivided = range(start, start + number)
        for _ in self.last:
            copy = {name: list(found) for name, found in adjectives.items()}
            self.drafts.append(_Draft(kind.meaning, kind.position, copy))
        if plural or self.number:
            position = self.number_position if self.number else kind.position
            self.counts.append((Count(self.drafts[-1].mention(), self.number), position))
        self.number = None
        if self.pending and before:
            for a, b in product(before, self.last):
                relation = Relation(a, self.pending.meaning, b)
                self.relations.append((relation, self.pending.position))
            self.pending = None
        self._drop_pending()

    def _take_adjectives(self) -> dict[str, list[_Found]]:
        adjectives = {name: self.found[name] for name in _ADJECTIVES}
        self.found |= {name: [] for name in _ADJECTIVES}
        return adjectives

    def _divide(self) -> None:
        """Give "one red" to one of "two cars", if no thing follows it.

        After "two blue cars", it is another car.
        """
        described = any(self.found[name] for name in _ADJECTIVES)
        if not self.number or not described or len(self.undivided) < self.number:
            return
        parts = [self.drafts[i] for i in self.undivided[: self.number]]
        if any(
            part.adjectives[name] and self.found[name] for part in parts for name in _ADJECTIVES
        ):
            self._mention(_Found(parts[0].kind, self.number_position), plural=False)
            return
        for name, found in self._take_adjectives().items():
            for part in parts:
                part.adjectives[name] += found
        self.undivided = self.undivided[self.number :]
        self.number = None

    def _in_the_sky(self, word: str, position: int) -> None:
        """Check that what "in the sky" or "flying" follows flies; about "something", claim it."""
        drafts = self.drafts[self.last.start : self.last.stop]
        for draft in drafts:
            draft.kind = FLYING if draft.kind == ANY else draft.kind
        if not drafts or any(draft.kind not in (FLYING, *SKY_KINDS) for draft in drafts):
            self.found["unknown"].append(_Found(word, position))

    def _drop_pending(self) -> None:
        if self.pending:
            self.found["dangling"].append(self.pending)
        self.pending = None

    def finish(self) -> tuple[Description, Positions]:
        """Return all claims; a colour, size or count without a thing counts as unknown."""
        self._divide()
        self._drop_pending()
        unknown = [found for name in ("unknown", *_ADJECTIVES) for found in self.found[name]]
        if self.number:
            unknown.append(_Found(str(self.number), self.number_position))
        description = Description(
            tuple(draft.mention() for draft in self.drafts),
            tuple(relation for relation, _ in self.relations),
            _meanings(self.found["sky"]),
            _meanings(self.found["ground"]),
            _meanings(self.found["dangling"]),
            _meanings(unknown),
            tuple(count for count, _ in self.counts),
        )
        positions = [position for draft in self.drafts for position in draft.positions()]
        positions += [position for _, position in self.relations]
        positions += [
            f.position for name in ("dangling", "sky", "ground") for f in self.found[name]
        ]
        positions += [position for _, position in self.counts]
        return description, Positions(tuple(positions), frozenset(f.position for f in unknown))
