"""Changes one word of a sentence, and says what changed between the two pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cmlearn.apps.studio.drawing import Drawing
from cmlearn.apps.studio.sentences import check_sentence
from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.lexicon import CLASSES, COUNT_WORDS, PLURAL_WORDS, TYPED_MEANING
from cmlearn.data.storybook.parser import words_of
from cmlearn.data.storybook.scene import COLOURS, GROUNDS, SIZES, SKIES

CHANGED = 32  # difference of a colour channel, 0 to 255, from which a pixel counts as changed
# Attribute -> its values.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "colour": COLOURS,
    "size": SIZES,
    "sky": SKIES,
    "ground": GROUNDS,
}
_ADDED = {
    **{"day": "at noon", "night": "at night", "sunset": "at sunset"},
    **{"grass": "on the grass", "sand": "on the sand", "snow": "in the snow", "sea": "on the sea"},
}
_SHOWN = {"day": "noon"}  # what a caption calls a value


@dataclass(frozen=True)
class Change:
    """What changed from one drawing to another.

    Attributes:
        words: the words of the new sentence, each with whether it is new.
        difference: (H, W) float, the largest change of a colour channel, 0 to 1.
        area: share of the pixels that changed, 0 to 1.
        kept: the claims that both sentences make, each with whether it held before and holds now.
        new: the claims that only the new sentence makes, each with whether it holds.
    """

    words: tuple[tuple[str, bool], ...]
    difference: np.ndarray
    area: float
    kept: tuple[tuple[str, bool, bool], ...]
    new: tuple[tuple[str, bool], ...]


def replacements(sentence: str) -> list[tuple[int, str, tuple[str, ...]]]:
    """List the words of a sentence that can be changed, and what into.

    Only changes after which the sentence can still be drawn are listed.

    Args:
        sentence: a sentence that can be drawn.

    Returns:
        For each such word its position among `words_of(sentence)`, the word, and the words that
        may take its place.
    """
    found = []
    for position, word in enumerate(words_of(sentence)):
        options = tuple(
            other
            for other in _others(word)
            if check_sentence(change_word(sentence, position, other)) is None
        )
        if options:
            found.append((position, word, options))
    return found


def change_word(sentence: str, position: int, new: str) -> str:
    """Put another word in the place of one, with "a" or "an" as it requires.

    Args:
        sentence: any sentence.
        position: of the word among `words_of(sentence)`.
        new: the other word.

    Raises:
        ValueError: the sentence has no such position.
    """
    words = words_of(sentence)
    if not 0 <= position < len(words):
        raise ValueError(f"position: 0 to {len(words) - 1} in {sentence!r:.80}, got {position}")
    return _joined([*words[:position], new, *words[position + 1 :]])


def with_attribute(sentence: str, name: str, value: str) -> str:
    """Give a sentence another colour, size, sky or ground; add it where it names none.

    A colour or a size is that of the first thing.

    Args:
        sentence: any sentence that names a thing.
        name: one of `ATTRIBUTES`.
        value: one of its values.

    Raises:
        ValueError: there is no such attribute or value, or the sentence names no thing.
    """
    if value not in ATTRIBUTES.get(name, ()):
        raise ValueError(f"{name}: no attribute with the value {value!r}; there are {ATTRIBUTES}")
    words = words_of(sentence)
    things = [i for i, word in enumerate(words) if _class_of(word) in ("kind", "plural", "open")]
    if not things:
        raise ValueError(f"sentence: {sentence!r:.80} names no thing")
    is_place = name in ("sky", "ground")
    reach = words if is_place else words[: things[0]]
    where = [i for i, word in enumerate(reach) if _class_of(word) == name]
    if where:
        return change_word(sentence, where[0], _SHOWN.get(value, value))
    if is_place:
        return f"{_joined(words)} {_ADDED[value]}"
    return _joined([*words[: things[0]], value, *words[things[0] :]])


def compare_drawings(before: Drawing, after: Drawing) -> Change:
    """Say what changed from one drawing to another with an edited sentence.

    Args:
        before: the drawing of the first sentence.
        after: the drawing of the edited one, from the same noise.
    """
    old = words_of(before.settings.sentence)
    words = words_of(after.settings.sentence)
    fresh = [i >= len(old) or old[i] != word for i, word in enumerate(words)]
    difference = np.abs(before.picture.astype(int) - after.picture).max(axis=2) / 255
    held = {claim.text: claim.true for claim in before.claims}
    now = {claim.text: claim.true for claim in after.claims}
    return Change(
        tuple(zip(words, fresh)),
        difference,
        float((difference > CHANGED / 255).mean()),
        tuple((text, held[text], true) for text, true in now.items() if text in held),
        tuple((text, true) for text, true in now.items() if text not in held),
    )


def _class_of(word: str) -> str:
    return TYPED_MEANING.get(word, ("",))[0]


def _others(word: str) -> list[str]:
    """Return one word for each other meaning of the class of a word."""
    name = _class_of(word)
    if name == "count":
        return [shown for (shown,) in COUNT_WORDS.values() if shown not in (word, "one")]
    table = PLURAL_WORDS if name == "plural" else CLASSES.get(name, {})
    return [words[0] for words in table.values() if word not in words]


def _joined(words: list[str]) -> str:
    for i, word in enumerate(words[:-1]):
        if word in ("a", "an"):
            words[i] = article(words[i + 1])
    return " ".join(words).replace(" ,", ",").replace(" .", ".")
