"""Words from outside the grammar that mean what a word of the grammar means."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from cmlearn.data.grammar import article
from cmlearn.data.lexicon import MEANING
from cmlearn.data.parser import words_of

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
