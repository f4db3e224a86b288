"""Captions with changed words: made false, reversed, or paraphrased."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from cmlearn.data.storybook.captions import article
from cmlearn.data.storybook.lexicon import (
    CLASSES,
    MEANING,
)
from cmlearn.data.storybook.parser import words_of
from cmlearn.data.storybook.scene import OPPOSITE

# ── captions made false ───────────────────────────────────────────────────────────────────────


def edit_one_word(caption: str, rng: np.random.Generator, only: str | None = None) -> str | None:
    """Change one word to another of its class, which makes a true caption false.

    A horizontal relation becomes its opposite, and so does a vertical one: of a diagonal pair
    both "left of" and "above" are true, so these two are not of one class.

    Args:
        caption: a caption of the grammar.
        rng: chooses the place and the word.
        only: a class of words ("kind", "colour", "size", "sky", "ground", "horizontal",
            "vertical"), or None for any.

    Returns:
        The changed caption, or None if it has no word of that class.
    """
    words = words_of(caption)
    places = [
        i
        for i, word in enumerate(words)
        if word in MEANING
        and only in (None, MEANING[word][0])
        # "over the snow" is no relation
        and not (word == "over" and words[i + 1 : i + 2] == ["the"])
    ]
    if not places:
        return None
    i = places[int(rng.integers(len(places)))]
    name, meaning = MEANING[words[i]]
    others = [w for m, of in CLASSES[name].items() if m != meaning for w in of]
    words[i] = others[int(rng.integers(len(others)))]
    return _joined(words)


def reverse_relations(caption: str) -> str:
    """The caption with each relation turned into its opposite, and nothing else changed."""
    words = words_of(caption)
    for i, word in enumerate(words):
        name, meaning = MEANING.get(word, ("", ""))
        is_place = word == "over" and words[i + 1 : i + 2] == ["the"]
        if name in ("horizontal", "vertical") and not is_place:
            words[i] = CLASSES[name][OPPOSITE[meaning]][0]
    return _joined(words)


def _joined(words: list[str]) -> str:
    """Words as a sentence, with each article fitting its next word."""
    for i, word in enumerate(words[:-1]):
        if word in ("a", "an"):
            words[i] = article(words[i + 1])
    return " ".join(words).replace(" ,", ",")


# A class of words → what it means in a scene → words that no Storybook caption has. Chosen for
# being plain English for just one of the class; "kite", "star" and "snow" have no such word.
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


def paraphrase(
    caption: str, rng: np.random.Generator, only: Collection[str] = tuple(PARAPHRASES)
) -> str:
    """Say a caption of the grammar in words from outside it; what it claims stays the same.

    Args:
        caption: a caption of the grammar.
        rng: chooses among the words.
        only: the classes of words to replace.

    Returns:
        The caption with each such word replaced that has a paraphrase, articles made to fit.

    Raises:
        ValueError: there is no such class.
    """
    unknown = set(only) - set(PARAPHRASES)
    if unknown:
        known = ", ".join(PARAPHRASES)
        raise ValueError(f"only: {sorted(unknown)} are no classes with paraphrases ({known})")
    words = words_of(caption)
    for i, word in enumerate(words):
        name, meaning = MEANING.get(word, ("", ""))
        others = PARAPHRASES[name].get(meaning, ()) if name in only else ()
        if others:
            words[i] = others[int(rng.integers(len(others)))]
    for i, word in enumerate(words[:-1]):
        if word in ("a", "an"):
            words[i] = article(words[i + 1])
    return " ".join(words).replace(" ,", ",")
