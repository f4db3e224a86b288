"""Split English captions into normalised word tokens.

The text is normalised to Unicode NFKC, lower case and one kind of apostrophe; punctuation is
dropped. The possessive is a token of its own ("dog's" → "dog", "'s"), so that "dog" and "dog's"
share a token. Hyphens separate words.
"""

import re
import unicodedata

APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ′`´", "'"))
TOKEN = re.compile(
    r"""'s(?![^\W_])                           # the possessive is split off
        |[^\W_]+(?:'(?!s(?![^\W_]))[^\W_]+)*   # letters and digits, apostrophes inside: don't""",
    re.VERBOSE,
)


def tokenize(caption: str) -> list[str]:
    """Split a caption into normalised tokens.

    Args:
        caption: any text.

    Returns:
        The tokens in order, in lower case, without punctuation; an empty list if the caption is
        empty or has only punctuation.

    Raises:
        TypeError: the caption is not a string.
    """
    if not isinstance(caption, str):
        raise TypeError(
            f"caption: expected one string, got {type(caption).__name__} ({caption!r:.40}). "
            "Pass captions one at a time, and drop missing ones first."
        )
    # NFKC again, because lower() turns a few letters into a letter and a combining accent.
    text = unicodedata.normalize("NFKC", caption.translate(APOSTROPHES)).translate(APOSTROPHES)
    text = unicodedata.normalize("NFKC", text.lower())
    return TOKEN.findall(text)


def clean(caption: str) -> str:
    """Return the caption's tokens, joined by single spaces.

    The function is idempotent: cleaning a clean caption does not change it.

    Args:
        caption: any text.

    Raises:
        TypeError: the caption is not a string.
    """
    return " ".join(tokenize(caption))
