"""A caption string becomes a list of clean tokens.

The rules are for English captions: one spelling for each character (Unicode NFKC), lower case,
one kind of apostrophe, no punctuation. A possessive is its own token ("dog's" → "dog", "'s"), so
that a dog and a dog's bone share a word. Hyphens separate words.
"""

import re
import unicodedata

APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ′`´", "'"))
TOKEN = re.compile(
    r"""'s(?![^\W_])                           # the possessive, split off
        |[^\W_]+(?:'(?!s(?![^\W_]))[^\W_]+)*   # letters and digits, apostrophes inside: don't""",
    re.VERBOSE,
)


def tokenize(caption: str) -> list[str]:
    """Split a caption into clean tokens.

    Args:
        caption: any text; an empty one, or one of punctuation only, has no tokens.

    Returns:
        The tokens in order, lower case, without punctuation.

    Raises:
        TypeError: if the caption is not a string.
    """
    if not isinstance(caption, str):
        raise TypeError(
            f"caption: expected one string, got {type(caption).__name__} ({caption!r:.40}). "
            "Pass captions one at a time, and drop missing ones first."
        )
    # NFKC again after lower(): a few letters change into a letter with a loose accent.
    text = unicodedata.normalize("NFKC", caption.translate(APOSTROPHES)).translate(APOSTROPHES)
    text = unicodedata.normalize("NFKC", text.lower())
    return TOKEN.findall(text)


def clean(caption: str) -> str:
    """Return the caption as its clean tokens with one space between them.

    Cleaning twice changes nothing more.
    """
    return " ".join(tokenize(caption))
