"""Split English captions into normalised word tokens.

The text is normalised to Unicode NFKC, lower case and one kind of apostrophe; punctuation is
dropped. Invisible signs, such as soft hyphens, are removed, and combining marks belong to their
letter, so neither cuts a word in two. The possessive is a token of its own ("dog's" → "dog",
"'s"), so that "dog" and "dog's" share a token. Hyphens separate words.
"""

import re
import unicodedata

APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ′`´", "'"))
# Default_Ignorable_Code_Point of Unicode: https://www.unicode.org/reports/tr44/
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
MARK = "\u00ad"  # stands for any combining mark in the text that TOKEN sees
LETTERS = rf"(?:[^\W_]++{MARK}*+)++"  # or digits, each with its marks
TOKEN = re.compile(
    rf"""'s(?![^\W_]|{MARK})                               # the possessive is split off
        |{LETTERS}(?:'(?!s(?![^\W_]|{MARK})){LETTERS})*   # apostrophes inside: don't""",
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
    visible = INVISIBLE.sub("", caption).translate(APOSTROPHES)
    # NFKC again, because lower() turns a few letters into a letter and a combining accent.
    text = unicodedata.normalize("NFKC", visible).translate(APOSTROPHES)
    text = unicodedata.normalize("NFKC", text.lower())
    if text.isascii():
        return TOKEN.findall(text)
    marked = "".join(MARK if unicodedata.category(sign)[0] == "M" else sign for sign in text)
    return [text[slice(*match.span())] for match in TOKEN.finditer(marked)]


def clean(caption: str) -> str:
    """Return the caption's tokens, joined by single spaces.

    The function is idempotent: cleaning a clean caption does not change it.

    Args:
        caption: any text.

    Raises:
        TypeError: the caption is not a string.
    """
    return " ".join(tokenize(caption))
