"""Captions and requests as newcomers type them: a test set that no grammar produced."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cmlearn.data.storybook.claims import Count, Description, Mention, Relation
from cmlearn.data.storybook.lexicon import COLOUR_WORDS, FLYING, SIZE_WORDS

FILE = Path(__file__).with_name("typed.json")


class TypedCaption(NamedTuple):
    """A caption that can be drawn.

    Attributes:
        caption: as typed, with capitals and punctuation.
        claims: the right answer, written by hand.
    """

    caption: str
    claims: Description


class TypedRequest(NamedTuple):
    """A request that cannot be drawn.

    Attributes:
        request: as typed.
        named: what `explain_request` must name in its sentence.
    """

    request: str
    named: str


def load_typed() -> tuple[TypedCaption, ...]:
    """Return the 100 captions of the split "typed".

    Neither edition's grammar produces one of them, and each can be drawn. Kinds have no novel
    colour, number or place, so that the captions are new in their wording only.
    """
    return tuple(TypedCaption(row["caption"], _description(row)) for row in _rows("captions"))


def load_typed_requests() -> tuple[TypedRequest, ...]:
    """Return about 60 requests that cannot be drawn."""
    return tuple(TypedRequest(row["request"], row["named"]) for row in _rows("requests"))


@cache
def _rows(name: str) -> Sequence[dict[str, Any]]:
    return json.loads(FILE.read_text("utf-8"))[name]


def _description(row: dict[str, Any]) -> Description:
    return Description(
        mentions=tuple(_mention(words) for words in row["things"]),
        relations=tuple(Relation(*relation) for relation in row["relations"]),
        skies=(row["sky"],) if row["sky"] else (),
        grounds=(row["ground"],) if row["ground"] else (),
        counts=tuple(Count(_mention(words), number) for number, words in row["counts"]),
    )


def _mention(text: str) -> Mention:
    """Read "big red house" or "red flying thing"."""
    words = text.removesuffix(FLYING).split()
    kind = FLYING if text.endswith(FLYING) else words.pop()
    colours = tuple(word for word in words if word in COLOUR_WORDS)
    sizes = tuple(word for word in words if word in SIZE_WORDS)
    return Mention(kind, colours, sizes)
