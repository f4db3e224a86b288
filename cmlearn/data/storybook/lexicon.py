"""The words of Storybook captions and their meanings."""

from __future__ import annotations

from collections.abc import Mapping

# Value in a scene -> its words in captions. No word has two meanings.
KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    "house": ("house", "home"),
    "tree": ("tree",),
    "car": ("car", "automobile"),
    "flower": ("flower", "blossom"),
    "ball": ("ball",),
    "boat": ("boat", "ship"),
    "kite": ("kite",),
    "star": ("star",),
    "balloon": ("balloon",),
}
COLOUR_WORDS: Mapping[str, tuple[str, ...]] = {
    "red": ("red",),
    "orange": ("orange",),
    "yellow": ("yellow",),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "violet"),
}
SIZE_WORDS: Mapping[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "big": ("big", "large", "huge"),
}
SKY_WORDS: Mapping[str, tuple[str, ...]] = {
    "day": ("noon", "midday"),
    "night": ("night", "midnight"),
    "sunset": ("sunset", "dusk"),
}
GROUND_WORDS: Mapping[str, tuple[str, ...]] = {
    "grass": ("grass", "meadow"),
    "sand": ("sand", "beach"),
    "snow": ("snow",),
    "sea": ("sea", "water"),
}
# Relations may have several words.
RELATION_WORDS: Mapping[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}

# Word class -> value in a scene -> single words. Horizontal and vertical relations are two classes,
# because both "left of" and "above" can be true of two things.
CLASSES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "kind": KIND_WORDS,
    "colour": COLOUR_WORDS,
    "size": SIZE_WORDS,
    "sky": SKY_WORDS,
    "ground": GROUND_WORDS,
    "horizontal": {"left of": ("left",), "right of": ("right",)},
    "vertical": {"above": ("above", "over"), "below": ("below", "under")},
}

# Word -> (word class, value in a scene).
MEANING: Mapping[str, tuple[str, str]] = {
    word: (name, meaning)
    for name, words_of in CLASSES.items()
    for meaning, words in words_of.items()
    for word in words
}
