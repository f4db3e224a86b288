"""Questions that a caption answers, to ask about a picture drawn from it.

After TIFA (Hu et al. 2023, arXiv:2303.11897), which lets a language model write them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cmlearn.data.storybook.claims import Description, Mention
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.programs import (
    NUMBERS,
    Backdrop,
    Count,
    Exist,
    Filter,
    Program,
    Query,
    VerifyRelation,
)
from cmlearn.data.storybook.scene import KINDS


def questions_of_caption(caption: str) -> list[tuple[Program, str]]:
    """Return questions with the answers that a caption gives.

    A thing that alone has its kind is asked for, then its colour and size. Of several of one kind,
    each is asked for by its whole description. Relations are asked between kinds that are named
    once; numbers, sky and ground where the caption names them.

    A true caption that names every thing agrees with its scene. One that omits a second house may
    not: "what colour is the house?" then has no answer.

    Args:
        caption: any caption.

    Raises:
        TypeError: the caption is not a string.
    """
    description = parse_caption(caption)
    return [*_about_things(description), *_about_relations(description), *_about_rest(description)]


def _filter(mention: Mention) -> Filter:
    return Filter(mention.kind, next(iter(mention.colours), None), next(iter(mention.sizes), None))


def _about_things(description: Description) -> Iterator[tuple[Program, str]]:
    named = Counter(mention.kind for mention in description.mentions)
    for mention in dict.fromkeys(description.mentions):
        if mention.kind not in KINDS:
            continue
        if named[mention.kind] > 1:
            yield Exist(_filter(mention)), "yes"
            continue
        alone = Filter(mention.kind)
        yield Exist(alone), "yes"
        for colour in mention.colours:
            yield Query("colour", alone), colour
        for size in mention.sizes:
            yield Query("size", alone), size


def _about_relations(description: Description) -> Iterator[tuple[Program, str]]:
    kinds = [mention.kind for mention in description.mentions]
    for relation in description.relations:
        first, second = kinds[relation.subject], kinds[relation.object]
        if all(kind in KINDS and kinds.count(kind) == 1 for kind in (first, second)):
            yield VerifyRelation(Filter(first), relation.name, Filter(second)), "yes"


def _about_rest(description: Description) -> Iterator[tuple[Program, str]]:
    for count in description.counts:
        if count.number and count.mention.kind in KINDS:
            yield Count(_filter(count.mention)), NUMBERS[count.number]
    for part, values in (("sky", description.skies), ("ground", description.grounds)):
        for value in values:
            yield Backdrop(part), value
