"""Multi-label classification targets: which words of a fixed list describe each picture."""

from __future__ import annotations

from collections import Counter

import numpy as np

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook.targets import LABELS, multi_hot
from cmlearn.text.cleaning import tokenize

# Frequent words of English captions that name nothing visible.
_GRAMMAR = (
    "a an the this that these those some other another and or but while with without of in on at "
    "to from for by as near next into onto through over under above below behind front between "
    "beside left right up down out off around along across against top middle side is are be "
    "being been was has have having it its 's his her their them he she they there who which "
    "very picture photo image"
)
STOP_WORDS = frozenset(_GRAMMAR.split())


def label_words(data: CaptionedPictures, count: int = len(LABELS)) -> tuple[str, ...]:
    """Choose the label words for a training split.

    Args:
        data: the pictures of the training split, with captions.
        count: number of words; ignored if the scenes are known.

    Returns:
        `LABELS` if the scenes are known. Otherwise the `count` words that occur in the captions of
        the most pictures, `STOP_WORDS` excluded; the most frequent first, ties alphabetically.

    Raises:
        ValueError: the captions have fewer than `count` such words.
    """
    if data.scenes is not None:
        return LABELS
    counts = Counter(
        word for captions in data.captions for word in _words_of(captions) - STOP_WORDS
    )
    words = sorted(counts, key=lambda word: (-counts[word], word))[:count]
    if len(words) < count:
        raise ValueError(
            f"{data.name}: its captions have {len(words)} words of the {count} needed; lower count"
        )
    return tuple(words)


def label_pictures(data: CaptionedPictures, words: tuple[str, ...]) -> np.ndarray:
    """Return the multi-hot labels of each picture.

    Args:
        data: N pictures with captions.
        words: the V words that `label_words` chose for the training split.

    Returns:
        (N, V) float32 of zeros and ones, from the scenes if they are known. Otherwise a label is
        1 if any caption of the picture has the word, so an object that no caption mentions
        counts as absent.
    """
    if data.scenes is not None:
        return multi_hot(data.scenes)
    rows = [[word in present for word in words] for present in map(_words_of, data.captions)]
    return np.array(rows, np.float32).reshape(-1, len(words))


def _words_of(captions: tuple[str, ...]) -> set[str]:
    return {word for caption in captions for word in tokenize(caption)}
