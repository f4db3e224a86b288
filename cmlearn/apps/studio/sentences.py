"""What may be typed in the studio: words to click, examples, and a check with a clear answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cmlearn.data.storybook.requests import explain_request
from cmlearn.data.storybook.scene import COLOURS, GROUND_KINDS, SKY_KINDS

MAX_LETTERS = 200  # of a sentence; the longest captions of Storybook have about 130

# Heading of a group -> the words to click in it, as they are put into a sentence.
PALETTE: Mapping[str, tuple[str, ...]] = {
    "Things": GROUND_KINDS,
    "Flying things": SKY_KINDS,
    "Colours": COLOURS,
    "Sizes": ("small", "big"),
    "How many": ("a", "two", "three"),
    "Where": ("left of", "right of", "above", "below", "and"),
    "Sky": ("at noon", "at night", "at sunset"),
    "Ground": ("on the grass", "on the sand", "in the snow", "on the sea"),
}
EXAMPLES = (
    "a red house and a star at night",
    "two boats on the sea at sunset",
    "a big purple balloon above a small green car",
    "a blue house left of a yellow tree in the snow",
    "kite, boat, sunset",
)
# Half a surrogate pair counts too: no file can hold it.
_OTHER_ALPHABET = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f]|[\ud800-\udfff]")


def check_sentence(text: str) -> str | None:
    """Say why a sentence cannot be drawn.

    Args:
        text: what somebody typed.

    Returns:
        One sentence for the person who typed it, or None if it can be drawn.

    Raises:
        TypeError: the text is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"sentence: expected a string, got {type(text).__name__}")
    if len(text) > MAX_LETTERS:
        return (
            f"The sentence has {len(text):,} letters, and at most {MAX_LETTERS} are read: "
            "name one to three things."
        )
    if _OTHER_ALPHABET.search(text):
        return 'Only English is understood: write in Latin letters, such as "a red house".'
    return explain_request(text)
