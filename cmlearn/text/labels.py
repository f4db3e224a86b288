"""Which of a few words are true of each picture, for a network to learn."""

from __future__ import annotations

from collections import Counter

import numpy as np

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.targets import LABELS, multi_hot
from cmlearn.text.cleaning import tokenize

# Words of English captions that name nothing one could see.
_GRAMMAR = (
    "a an the this that these those some other another and or but while with without of in on at "
    "to from for by as near next into onto through over under above below behind front between "
    "beside left right up down out off around along across against top middle side is are be "
    "being been was has have having it its 's his her their them he she they there who which "
    "very picture photo image"
)
GRAMMAR = frozenset(_GRAMMAR.split())


def label_words(data: CaptionedPictures, count: int = len(LABELS)) -> tuple[str, ...]:
    """The words to ask for, of the pictures of a training split.

    Args:
        data: pictures with captions.
        count: how many words, of photographs.

    Returns:
        `LABELS` where the scenes are known. Of photographs the words that most of them have in
        a caption, `GRAMMAR` left out; the most frequent first, ties in alphabetical order.

    Raises:
        ValueError: the captions have fewer such words.
    """
    if data.scenes is not None:
        return LABELS
    counts = Counter(word for captions in data.captions for word in _said(captions) - GRAMMAR)
    words = sorted(counts, key=lambda word: (-counts[word], word))[:count]
    if len(words) < count:
        raise ValueError(f"{data.name}: its captions have {len(words)} words of {count} to ask for")
    return tuple(words)


def label_pictures(data: CaptionedPictures, words: tuple[str, ...]) -> np.ndarray:
    """Which words are true of each picture, as far as is known.

    Args:
        data: N pictures with captions.
        words: what `label_words` gave for the training split.

    Returns:
        (N, V) float32 of zeros and ones. From the scene where it is known; else 1 if any caption
        has the word: what nobody mentioned counts as not there.
    """
    if data.scenes is not None:
        return multi_hot(data.scenes)
    rows = [[word in said for word in words] for said in map(_said, data.captions)]
    return np.array(rows, np.float32).reshape(-1, len(words))


def _said(captions: tuple[str, ...]) -> set[str]:
    return {word for caption in captions for word in tokenize(caption)}
