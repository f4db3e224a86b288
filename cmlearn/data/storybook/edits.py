"""Edit captions: negative captions, reversed relations and paraphrases."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.claims import all_true
from cmlearn.data.storybook.lexicon import CLASSES, MEANING, PLURAL_WORDS
from cmlearn.data.storybook.parser import parse_caption, words_of
from cmlearn.data.storybook.scene import OPPOSITE, Scene

# Word class -> value in a scene -> synonyms that no Storybook caption has. Each one is a plain
# English word with one meaning in its class; "kite", "star" and "snow" have no such synonym.
PARAPHRASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "colour": {
        "red": ("crimson", "scarlet", "ruby"),
        "orange": ("tangerine", "apricot"),
        "yellow": ("golden", "lemon"),
        "green": ("emerald", "olive", "lime"),
        "blue": ("azure", "navy", "cobalt"),
        "purple": ("lilac", "lavender", "mauve"),
    },
    "kind": {
        "house": ("cottage", "cabin", "bungalow", "villa"),
        "tree": ("oak", "pine", "maple", "birch"),
        "car": ("sedan", "vehicle", "taxi", "limousine"),
        "flower": ("rose", "tulip", "daisy", "lily"),
        "ball": ("sphere", "football"),
        "boat": ("yacht", "sailboat", "vessel", "canoe"),
        "balloon": ("airship", "blimp"),
    },
    "size": {
        "small": ("miniature", "petite", "minuscule"),
        "big": ("enormous", "gigantic", "massive"),
    },
    "sky": {
        "day": ("daytime", "lunchtime"),
        "night": ("nighttime", "nightfall"),
        "sunset": ("sundown", "twilight"),
    },
    "ground": {
        "grass": ("lawn", "pasture"),
        "sand": ("desert", "dunes"),
        "sea": ("ocean", "lake"),
    },
}


def edit_one_word(caption: str, rng: np.random.Generator, only: str | None = None) -> str | None:
    """Replace one word by another of its class, which makes a true caption false.

    Horizontal and vertical relations are separate classes, because "left of" and "above" can both
    be true of two things. A relation is therefore replaced by its opposite.

    Args:
        caption: a caption of the grammar.
        rng: random generator that chooses the position and the new word.
        only: a word class ("kind", "colour", "size", "sky", "ground", "horizontal" or
            "vertical"), or None for all.

    Returns:
        The negative caption, or None if the caption has no word of that class.
    """
    words = words_of(caption)
    positions = [
        i
        for i, word in enumerate(words)
        if word in MEANING and only in (None, MEANING[word][0]) and not _is_location(words, i)
    ]
    if not positions:
        return None
    i = positions[int(rng.integers(len(positions)))]
    name, meaning = MEANING[words[i]]
    others = [w for m, of in CLASSES[name].items() if m != meaning for w in of]
    words[i] = others[int(rng.integers(len(others)))]
    return _joined(words)


_COUNTS: Mapping[str, tuple[str, ...]] = {"2": ("two",), "3": ("three",)}
_TABLES: tuple[Mapping[str, tuple[str, ...]], ...] = (*CLASSES.values(), PLURAL_WORDS, _COUNTS)
# Word -> the words that may take its place, for `falsify`: those of its class with other meanings.
# "Day" has none, because nobody says "by sunset". In "one red and one blue", "one" is no claim.
_REPLACEMENTS: Mapping[str, tuple[str, ...]] = {
    word: tuple(other for m, words in table.items() if m != meaning for other in words)
    for table in _TABLES
    for meaning, of in table.items()
    for word in of
}


def falsify(caption: str, scene: Scene, rng: np.random.Generator) -> str:
    """Replace one word by another of its class, such that the caption is false of its scene.

    This also fits scenes with two things of a kind, of which a replaced word may be true as well:
    beside a blue house, "a blue house" is no error for "a red house".

    Args:
        caption: a caption of either edition, true of the scene.
        scene: the scene.
        rng: random generator that chooses the word, and the one in its place.

    Returns:
        The edited caption, with "a" or "an" as the new word requires.

    Raises:
        ValueError: no word can be replaced so that the caption is false.
    """
    words = words_of(caption)
    options = [
        _joined([*words[:i], other, *words[i + 1 :]])
        for i, word in enumerate(words)
        if not _is_location(words, i)
        for other in _REPLACEMENTS.get(word, ())
    ]
    for i in rng.permutation(len(options)):
        if not all_true(parse_caption(options[i]), scene):
            return options[i]
    raise ValueError(
        f"caption: no word of {caption!r} can be replaced by one that makes it false; give a "
        "caption that names a thing, a ground or a sky of the scene"
    )


def reverse_relations(caption: str) -> str:
    """Replace each relation by its opposite."""
    words = words_of(caption)
    for i, word in enumerate(words):
        name, meaning = MEANING.get(word, ("", ""))
        if name in ("horizontal", "vertical") and not _is_location(words, i):
            words[i] = CLASSES[name][OPPOSITE[meaning]][0]
    return _joined(words)


def paraphrase(
    caption: str, rng: np.random.Generator, only: Collection[str] = tuple(PARAPHRASES)
) -> str:
    """Replace words of the grammar by synonyms from outside it.

    Args:
        caption: a caption of the grammar.
        rng: random generator that chooses among the synonyms.
        only: the word classes to replace.

    Returns:
        A caption with the same claims; words without a synonym are unchanged.

    Raises:
        ValueError: a word class has no synonyms.
    """
    unknown = set(only) - set(PARAPHRASES)
    if unknown:
        known = ", ".join(PARAPHRASES)
        raise ValueError(f"only: {sorted(unknown)} have no paraphrases; choose among {known}")
    words = words_of(caption)
    for i, word in enumerate(words):
        name, meaning = MEANING.get(word, ("", ""))
        others = PARAPHRASES[name].get(meaning, ()) if name in only else ()
        if others:
            words[i] = others[int(rng.integers(len(others)))]
    return _joined(words)


def _is_location(words: list[str], i: int) -> bool:
    """Tell whether word i begins a location such as "over the snow", which is not a relation."""
    return words[i] == "over" and words[i + 1 : i + 2] == ["the"]


def _joined(words: list[str]) -> str:
    """Join words to a sentence, with "a" or "an" as the next word requires."""
    for i, word in enumerate(words[:-1]):
        if word in ("a", "an"):
            words[i] = article(words[i + 1])
    return " ".join(words).replace(" ,", ",")
