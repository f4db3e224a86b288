"""Parse captions into claims."""

from __future__ import annotations

import re
from dataclasses import replace

from cmlearn.data.storybook.claims import Count, Description, Mention, Relation
from cmlearn.data.storybook.lexicon import ANY, FLYING, TYPED_MEANING
from cmlearn.data.storybook.scene import SKY_KINDS

_FILLER = frozenset(
    ("a", "an", "the", "is", "are", "there", "it", "picture", "in", "on", "at", "by", "to", "of")
    + ("and", "with", "me", "please", "some", "draw", "show", ",", ".")
)
_WORD = re.compile(r"[^\W_]+|[,.]")
_ADJECTIVES = ("colour", "size")


def parse_caption(caption: str) -> Description:
    """Parse a caption from left to right.

    Colours and sizes belong to the next thing, or to the "something" before them. A relation holds
    between the last thing before it and the first one after it; of "two houses", it holds for
    each. "Over the snow" is a location and not a relation, so "above" and "below" are dropped when
    a ground follows before the next thing. "In the sky" may follow a thing that flies.

    "Two red houses" mentions a red house twice, and counts the red houses. "Two cars, one red and
    one blue" gives each of them its colour. "Red houses" are two or more.

    Args:
        caption: any text, grammatical or not; case does not matter.

    Returns:
        The claims of the caption; empty if it has no known words.

    Raises:
        TypeError: the caption is not a string.
    """
    state = _ParserState()
    for word in words_of(caption):
        state.take(word)
    return state.finish()


def words_of(caption: str) -> list[str]:
    """Split a caption into words, commas and full stops, in lower case.

    Raises:
        TypeError: the caption is not a string.
    """
    if not isinstance(caption, str):
        raise TypeError(f"caption: expected one string, got {type(caption).__name__}")
    return _WORD.findall(caption.lower())


class _ParserState:
    """The claims that were parsed so far."""

    def __init__(self) -> None:
        self.mentions: list[Mention] = []
        self.counts: list[Count] = []
        self.relations: list[Relation] = []
        self.found: dict[str, list[str]] = {
            k: [] for k in ("colour", "size", "sky", "ground", "dangling", "unknown")
        }
        self.pending: str | None = None  # a relation that has no object yet
        self.number: int | None = None  # a count that has no thing yet
        self.last = range(0)  # the mentions of the last phrase, such as "two houses"
        self.undivided = range(0)  # those of them that "one red and one blue" may still describe
        self.after_open = False  # whether colours and sizes belong to the "something" before them

    def take(self, word: str) -> None:
        """Process one word."""
        name, meaning = TYPED_MEANING.get(word, ("", ""))
        if name in _ADJECTIVES and self.after_open:
            self._describe(self.last, {name: (str(meaning),)})
            return
        self.after_open = name == "open"
        if name not in (*_ADJECTIVES, "kind", "plural"):
            self._divide()
        if name in ("kind", "plural", "open"):
            self._mention(str(meaning), name == "plural")
        elif name == "count":
            self.number = int(meaning)
        elif name in ("horizontal", "vertical"):
            self._drop_pending()
            self.pending = str(meaning)
        elif name:
            self.found[name].append(str(meaning))
            if name == "ground" and self.pending in ("above", "below"):
                self.pending = None
        elif word == "sky":
            self._in_the_sky()
        elif word not in _FILLER:
            self.found["unknown"].append(word)

    def _mention(self, kind: str, plural: bool) -> None:
        mention = Mention(kind, tuple(self.found["colour"]), tuple(self.found["size"]))
        self.found["colour"], self.found["size"] = [], []
        number = self.number or (2 if plural else 1)
        if plural or self.number:
            self.counts.append(Count(mention, self.number))
        before, start = self.last, len(self.mentions)
        self.last = self.undivided = range(start, start + number)
        self.mentions += [mention] * number
        self.number = None
        if self.pending and before:
            pairs = [(a, b) for a in before for b in self.last]
            self.relations += [Relation(a, self.pending, b) for a, b in pairs]
            self.pending = None
        self._drop_pending()

    def _divide(self) -> None:
        """Give "one red" to one of "two cars", if no thing follows it."""
        adjectives = {name: tuple(self.found[name]) for name in _ADJECTIVES}
        if not self.number or not any(adjectives.values()):
            return
        chosen = self.undivided[: self.number]
        if len(chosen) == self.number:
            self._describe(chosen, adjectives)
            self.undivided = self.undivided[self.number :]
            self.found["colour"], self.found["size"], self.number = [], [], None

    def _describe(self, which: range, adjectives: dict[str, tuple[str, ...]]) -> None:
        """Add colours and sizes to mentions."""
        for i in which:
            old = self.mentions[i]
            colours = old.colours + adjectives.get("colour", ())
            sizes = old.sizes + adjectives.get("size", ())
            self.mentions[i] = replace(old, colours=colours, sizes=sizes)

    def _in_the_sky(self) -> None:
        """Check that what "in the sky" follows flies; it is a claim about "something" only."""
        for i in self.last:
            kind = self.mentions[i].kind
            if kind == ANY:
                self.mentions[i] = replace(self.mentions[i], kind=FLYING)
            elif kind not in SKY_KINDS:
                self.found["unknown"].append("sky")
                return
        if not self.last:
            self.found["unknown"].append("sky")

    def _drop_pending(self) -> None:
        if self.pending:
            self.found["dangling"].append(self.pending)
        self.pending = None

    def finish(self) -> Description:
        """Return all claims; a colour, size or count without a thing counts as unknown."""
        self._divide()
        self._drop_pending()
        unknown = self.found["unknown"] + self.found["colour"] + self.found["size"]
        return Description(
            tuple(self.mentions),
            tuple(self.relations),
            tuple(self.found["sky"]),
            tuple(self.found["ground"]),
            tuple(self.found["dangling"]),
            tuple(unknown + [str(self.number)] * (self.number is not None)),
            tuple(self.counts),
        )
