"""Which words of a caption are not true of its scene."""

from __future__ import annotations

from collections.abc import Sequence

from cmlearn.data.claims import CLAIM_KINDS, check
from cmlearn.data.lexicon import MEANING
from cmlearn.data.parser import parse_caption, words_of
from cmlearn.data.scene import Scene

# The claim that a word of a class makes, where it is not called like the class.
CLAIM_OF = {"kind": "thing", "horizontal": "relation", "vertical": "relation"}


def mark_words(caption: str, scene: Scene) -> list[tuple[str, bool]]:
    """Return each word of a caption, and whether what it claims is true of the scene.

    A word that claims nothing ("a", "there") is true; one without meaning in this world is not.
    Of a colour, size or relation of a thing that is not there, only the thing is marked.

    Args:
        caption: any text.
        scene: what it speaks of.

    Raises:
        TypeError: if the caption is not a string.
    """
    description = parse_caption(caption)
    claims = check(description, scene)
    # Claims of one kind come in the order of their words; words left over claim nothing true.
    verdicts = {
        kind: iter([claim.true or not claim.relevant for claim in claims if claim.kind == kind])
        for kind in CLAIM_KINDS
    }
    words = [word for word in words_of(caption) if word not in ",."]
    marked = []
    for place, word in enumerate(words):
        claim = _claim(words, place)
        true = next(verdicts[claim], False) if claim else word not in description.unknown
        marked.append((word, true))
    return marked


def _claim(words: Sequence[str], place: int) -> str | None:
    """Which kind of claim the word at a place makes, or None."""
    name = MEANING.get(words[place], (None,))[0]
    if name is None or (name == "vertical" and _says_where(words[place + 1 :])):
        return None
    return CLAIM_OF.get(name, name)


def _says_where(following: Sequence[str]) -> bool:
    """Whether a ground comes before the next thing, as in "over the snow"."""
    names = (MEANING.get(word, ("",))[0] for word in following)
    return next((name for name in names if name in ("ground", "kind")), "") == "ground"
