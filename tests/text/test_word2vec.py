"""Tests of cmlearn.text.word2vec."""

import os
import subprocess
import sys

import numpy as np
import pytest
from gensim.models import KeyedVectors

from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.word2vec import (
    embedding_table,
    lee_sentences,
    mean_vector,
    train_word2vec,
)

COLOURS, KINDS = ("red", "blue", "green"), ("house", "tree", "boat")
SENTENCES = [["a", colour, kind] for colour in COLOURS for kind in KINDS]


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    return train_word2vec(SENTENCES, vector_size=6, window=2, epochs=300, seed=1)


def test_words_of_one_class_are_nearest(vectors: KeyedVectors) -> None:
    nearest = [word for word, _ in vectors.most_similar("red", topn=2)]
    assert set(nearest) == {"blue", "green"}


def test_same_seed_same_vectors_in_any_process(vectors: KeyedVectors) -> None:
    again = train_word2vec(SENTENCES, vector_size=6, window=2, epochs=300, seed=1)
    np.testing.assert_array_equal(again.vectors, vectors.vectors)
    other = train_word2vec(SENTENCES, vector_size=6, window=2, epochs=300, seed=2)
    assert not np.allclose(other.vectors, vectors.vectors)
    code = (
        "from cmlearn.text.word2vec import train_word2vec as t;"
        f"v = t({SENTENCES!r}, vector_size=6, window=2, epochs=300, seed=1);"
        "print(v.index_to_key, v.vectors.tolist())"
    )
    # Python salts hash() anew in each process; the vectors must not notice.
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    run = [sys.executable, "-c", code]
    output = subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
    assert output.strip() == f"{vectors.index_to_key} {vectors.vectors.tolist()}"


def test_the_table_follows_the_vocabulary(vectors: KeyedVectors) -> None:
    vocabulary = Vocabulary.from_captions(["a red zebra", "a blue house"])
    table = embedding_table(vectors, vocabulary)
    assert table.shape == (len(vocabulary), 6)
    assert (table[:4] == 0).all()
    assert (table[vocabulary.ids["zebra"]] == 0).all()
    np.testing.assert_array_equal(table[vocabulary.ids["blue"]], vectors["blue"])


def test_the_mean_is_finite_whatever_the_sentence(vectors: KeyedVectors) -> None:
    expected = (vectors["red"] + vectors["house"]) / 2
    np.testing.assert_allclose(mean_vector(["red", "zebra", "house"], vectors), expected)
    for tokens in ([], ["zebra"], ["zebra"] * 10_000):
        mean = mean_vector(tokens, vectors)
        assert mean.shape == (6,)
        assert mean.dtype == np.float32
        assert (mean == 0).all()


def test_wrong_sentences_are_refused(vectors: KeyedVectors) -> None:
    with pytest.raises(TypeError, match="tokenize"):
        train_word2vec(["a red house"])
    with pytest.raises(TypeError, match="tokenize"):
        mean_vector("red", vectors)
    for empty in ([], [[]], [["once"]]):
        with pytest.raises(ValueError, match="no word occurs 2 times"):
            train_word2vec(empty, min_count=2)


def test_the_lee_corpus() -> None:
    sentences = lee_sentences()
    assert len(sentences) == 300
    assert sum(map(len, sentences)) > 50_000
    assert "fire" in sentences[0]
