"""Reads a caption, whoever wrote it, as the claims it makes."""

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
    """Read a caption from left to right.

    Colours and sizes belong to the next thing named. A relation holds between the last thing
    named before it and the first one after it. "over the snow" says where, not a relation: a
    relation word is dropped when a ground comes before the next thing.

    Args:
        caption: any text, grammatical or not, of any length; case does not matter.

    Returns:
        Its claims. A text without known words gives an empty description.

    Raises:
        TypeError: if the caption is not a string.
    """
    reader = _Reader()
    for word in words_of(caption):
        reader.take(word)
    return reader.finish()


def words_of(caption: str) -> list[str]:
    """The caption's words, commas and full stops, in lower case, as the parser sees them."""
    if not isinstance(caption, str):
        raise TypeError(f"caption: a string is needed, not {type(caption).__name__}")
    return _WORD.findall(caption.lower())


class _Reader:
    """What has been read so far."""

    def __init__(self) -> None:
        self.mentions: list[Mention] = []
        self.relations: list[Relation] = []
        self.found: dict[str, list[str]] = {
            k: [] for k in ("colour", "size", "sky", "ground", "dangling", "unknown")
        }
        self.pending: str | None = None  # a relation that waits for its object

    def take(self, word: str) -> None:
        """Read one word."""
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
        """All that was read; a colour or size that belongs to nothing counts as unknown."""
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
