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

# ── the second edition ────────────────────────────────────────────────────────────────────────
# Its captions also have the words below. They stand outside `CLASSES`, because the edits of the
# first edition choose their words there.

ANY = "thing"  # kind of "something red": any kind fits
FLYING = "flying thing"  # kind of "something red in the sky": any kind of the sky fits
PLURAL_WORDS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(f"{word}s" for word in words) for kind, words in KIND_WORDS.items()
}
COUNT_WORDS: Mapping[int, tuple[str, ...]] = {1: ("one",), 2: ("two",), 3: ("three",)}

# Word -> (word class, value), for the parser. Digits, "thing" and "things" are only typed.
TYPED_MEANING: Mapping[str, tuple[str, str | int]] = {
    **MEANING,
    **{word: ("plural", kind) for kind, words in PLURAL_WORDS.items() for word in words},
    **{word: ("count", number) for number, words in COUNT_WORDS.items() for word in words},
    **{str(number): ("count", number) for number in COUNT_WORDS},
    "something": ("open", ANY),
    "thing": ("kind", ANY),
    "things": ("plural", ANY),
    "day": ("sky", "day"),
}
