"""Which thing of a scene each word of a caption speaks of."""

from __future__ import annotations

from typing import NamedTuple

from cmlearn.data.lexicon import MEANING
from cmlearn.data.parser import words_of
from cmlearn.data.scene import Scene, Thing

OF_A_THING = ("size", "colour", "kind")  # the classes of words that speak of one thing


class Spoken(NamedTuple):
    """A word that speaks of a thing.

    Attributes:
        place: the word's place in the caption, commas and full stops not counted.
        word: the word.
        about: one of `OF_A_THING`.
        thing: the thing of the scene.
    """

    place: int
    word: str
    about: str
    thing: Thing


def spoken_of(caption: str, scene: Scene) -> list[Spoken]:
    """Find the words that tell size, colour or kind, and the thing that they tell it of.

    Sizes and colours belong to the next kind named, as in `parse_caption`. A caption that names a
    kind which the scene does not have speaks of nothing there; a wrong colour of a thing that is
    there speaks of that thing.

    Args:
        caption: any text.
        scene: in which no kind stands twice.

    Raises:
        TypeError: if the caption is not a string.
    """
    things = {thing.kind: thing for thing in scene.things}
    words = [word for word in words_of(caption) if word not in ",."]
    found, waiting = [], []
    for place, word in enumerate(words):
        about, meaning = MEANING.get(word, ("", ""))
        if about in OF_A_THING:
            waiting.append((place, word, about))
        if about == "kind":
            if meaning in things:
                found += [Spoken(*waited, things[meaning]) for waited in waiting]
            waiting = []
    return found
