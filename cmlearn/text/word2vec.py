"""Word vectors by gensim's Word2Vec, as arrays that the models can use."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import Tensor

from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import Vocabulary


def train_word2vec(
    sentences: Iterable[Sequence[str]],
    *,
    vector_size: int = 64,
    window: int = 5,
    epochs: int = 5,
    seed: int = 0,
    min_count: int = 1,
    sample: float = 0.0,
) -> KeyedVectors:
    """Train skip-gram with negative sampling on sentences.

    One worker, so that the same seed gives the same vectors.

    Args:
        sentences: lists of tokens.
        vector_size: D, the length of the vectors.
        window: how many words to each side count as near.
        epochs: how many times to read the sentences.
        seed: of gensim's own random numbers.
        min_count: words seen fewer times get no vector.
        sample: frequent words are skipped above this frequency. 0 skips none, right for a
            small world in which every word is frequent; 1e-3 is usual for prose.

    Returns:
        The vectors; `vectors[word]` is (D,) float32.

    Raises:
        ValueError: if no word is left to learn.
        TypeError: if a sentence is a string instead of a list of tokens.
    """
    sentences = [_tokens(sentence) for sentence in sentences]
    model = Word2Vec(
        vector_size=vector_size,
        window=window,
        min_count=min_count,
        sample=sample,
        sg=1,
        negative=5,
        seed=seed,
        workers=1,
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise ValueError(f"sentences: no word occurs {min_count} times in {len(sentences)} of them")
    model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    return model.wv


def lee_sentences() -> list[list[str]]:
    """Read the Lee corpus that gensim ships: 300 short texts of Australian news.

    Returns:
        One list of tokens for each text.

    Source: Lee, Pincombe and Welsh 2005, "An empirical evaluation of models of text document
    similarity", in gensim as test_data/lee_background.cor.
    """
    text = Path(datapath("lee_background.cor")).read_text(encoding="utf-8")
    return [tokenize(line) for line in text.splitlines()]


def embedding_table(vectors: KeyedVectors, vocabulary: Vocabulary) -> Tensor:
    """Lay the vectors out in the order of a vocabulary.

    Returns:
        (V, D) float32. Specials and words without a vector are rows of zeros.
    """
    table = np.zeros((len(vocabulary), vectors.vector_size), dtype=np.float32)
    for row, token in zip(table, vocabulary.tokens, strict=True):
        if token in vectors:
            row[:] = vectors[token]
    return torch.from_numpy(table)


def standardised_table(vectors: KeyedVectors, vocabulary: Vocabulary) -> Tensor:
    """Lay the vectors out as `embedding_table` does, each dimension with mean 0 and deviation 1.

    Word2Vec's vectors share a large common part, beside which two words differ little; a network
    that starts from them learns faster without it.

    Returns:
        (V, D) float32. Specials and words without a vector are rows of zeros.
    """
    table = embedding_table(vectors, vocabulary)
    known = table.abs().sum(dim=1) > 0
    table[known] = (table[known] - table[known].mean(dim=0)) / table[known].std(dim=0)
    return table


def mean_vector(tokens: Sequence[str], vectors: KeyedVectors) -> np.ndarray:
    """Average the vectors of the tokens that have one.

    Returns:
        (D,) float32; zeros if no token has a vector, never NaN.
    """
    known = [vectors[token] for token in _tokens(tokens) if token in vectors]
    if not known:
        return np.zeros(vectors.vector_size, dtype=np.float32)
    return np.mean(known, axis=0)


def save_vectors(vectors: KeyedVectors, path: Path) -> None:
    """Write the vectors to `path` (.safetensors), with their words in a .json beside it."""
    path = Path(path)
    save_file({"vectors": np.ascontiguousarray(vectors.vectors)}, path)
    words = json.dumps({"words": vectors.index_to_key}, ensure_ascii=False)
    path.with_suffix(".json").write_text(words, encoding="utf-8")


def load_vectors(path: Path) -> KeyedVectors:
    """Read what `save_vectors` wrote; nothing is unpickled.

    Raises:
        FileNotFoundError: if one of the two files is missing.
        ValueError: if they are damaged or do not belong together.
    """
    path = Path(path)
    for file in (path, path.with_suffix(".json")):
        if not file.is_file():
            raise FileNotFoundError(
                f"{file}: not found; word vectors are a .safetensors and a .json"
            )
    try:
        array = load_file(path)["vectors"]
        words = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["words"]
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not word vectors of this course ({error})") from error
    if array.ndim != 2 or len(array) != len(words):
        raise ValueError(f"{path}: {len(words)} words but an array of shape {array.shape}")
    vectors = KeyedVectors(array.shape[1])
    vectors.add_vectors(words, array)
    return vectors


def _tokens(sentence: Sequence[str]) -> Sequence[str]:
    """Refuse a string, whose letters would be taken for words."""
    if isinstance(sentence, str):
        raise TypeError("sentence: expected a list of tokens, got a string; use tokenize(caption)")
    return sentence
