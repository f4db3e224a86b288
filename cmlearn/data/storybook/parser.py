"""Parse captions into claims."""

from __future__ import annotations

import re

from cmlearn.data.storybook.claims import Description, Mention, Relation
from cmlearn.data.storybook.lexicon import MEANING

_FILLER = frozenset(
    ("a", "an", "the", "is", "are", "there", "it", "picture", "in", "on", "at", "to", "of")
    + ("and", "with", ",", ".")
)
_WORD = re.compile(r"[^\W_]+|[,.]")


def parse_caption(caption: str) -> Description:
    """Parse a caption from left to right.

    Colours and sizes belong to the next thing. A relation holds between the last thing before it
    and the first one after it. "Over the snow" is a location and not a relation, so "above" and
    "below" are dropped when a ground follows before the next thing.

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
        self.relations: list[Relation] = []
        self.found: dict[str, list[str]] = {
            k: [] for k in ("colour", "size", "sky", "ground", "dangling", "unknown")
        }
        self.pending: str | None = None  # a relation that has no object yet

    def take(self, word: str) -> None:
        """Process one word."""
        name, meaning = MEANING.get(word, ("", ""))
        if name == "kind":
            self._mention(meaning)
        elif name in ("horizontal", "vertical"):
            self._drop_pending()
            self.pending = meaning
        elif name:
            self.found[name].append(meaning)
            if name == "ground" and self.pending in ("above", "below"):
                self.pending = None
        elif word not in _FILLER:
            self.found["unknown"].append(word)

    def _mention(self, kind: str) -> None:
        colours, sizes = (tuple(self.found[k]) for k in ("colour", "size"))
        self.found["colour"], self.found["size"] = [], []
        self.mentions.append(Mention(kind, colours, sizes))
        if self.pending and len(self.mentions) > 1:
            last = len(self.mentions) - 1
            self.relations.append(Relation(last - 1, self.pending, last))
            self.pending = None
        self._drop_pending()

    def _drop_pending(self) -> None:
        if self.pending:
            self.found["dangling"].append(self.pending)
        self.pending = None

    def finish(self) -> Description:
        """Return all claims; a colour or size without a thing counts as unknown."""
        self._drop_pending()
        unknown = self.found["unknown"] + self.found["colour"] + self.found["size"]
        return Description(
            tuple(self.mentions),
            tuple(self.relations),
            tuple(self.found["sky"]),
            tuple(self.found["ground"]),
            tuple(self.found["dangling"]),
            tuple(unknown),
        )
