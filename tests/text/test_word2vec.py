"""Tests of cmlearn.text.word2vec."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors

from cmlearn.text.vocabulary import Vocabulary
from cmlearn.text.word2vec import (
    SkipGram,
    draw_negatives,
    embedding_table,
    lee_sentences,
    mean_vector,
    skipgram_loss,
    skipgram_pairs,
    train_word2vec,
)

# ── Skip-gram from its equations ─────────────────────────────────────────────────────────────────


def test_pairs() -> None:
    assert skipgram_pairs([7, 8, 9], window=1).tolist() == [[7, 8], [8, 7], [8, 9], [9, 8]]
    assert len(skipgram_pairs([7, 8, 9], window=5)) == 6
    assert skipgram_pairs([7], window=2).shape == (0, 2)
    assert skipgram_pairs([], window=2).shape == (0, 2)


def test_negatives_follow_the_counts_to_the_power_of_three_quarters() -> None:
    counts = torch.tensor([0, 1, 16])
    drawn = draw_negatives(counts, (3000, 3), np.random.default_rng(0))
    assert drawn.shape == (3000, 3)
    assert drawn.dtype == torch.int64
    shares = torch.bincount(drawn.flatten(), minlength=3) / drawn.numel()
    assert shares.tolist() == pytest.approx([0, 1 / 9, 8 / 9], abs=0.01)
    again = draw_negatives(counts, (3000, 3), np.random.default_rng(0))
    assert torch.equal(drawn, again)


def test_scores_are_dot_products() -> None:
    model = SkipGram(vocab_size=7, embed_dim=5)
    torch.nn.init.normal_(model.contexts.weight)
    scores = model(torch.tensor([1, 2]), torch.tensor([[3, 4, 5], [6, 0, 1]]))
    assert scores.shape == (2, 3)
    torch.testing.assert_close(scores[1, 0], model.words.weight[2] @ model.contexts.weight[6])


def test_the_loss_is_equation_4() -> None:
    model = SkipGram(vocab_size=7, embed_dim=5)
    torch.nn.init.normal_(model.words.weight)
    torch.nn.init.normal_(model.contexts.weight)
    batch = {
        "word": torch.tensor([1]),
        "context": torch.tensor([2]),
        "negatives": torch.tensor([[3, 4]]),
    }
    terms = skipgram_loss(model, batch)
    word, contexts = model.words.weight[1], model.contexts.weight
    objective = torch.log(torch.sigmoid(contexts[2] @ word)) + sum(
        torch.log(torch.sigmoid(-(contexts[i] @ word))) for i in (3, 4)
    )
    torch.testing.assert_close(terms["loss"], -objective)
    torch.testing.assert_close(terms["loss"], terms["positive"] + terms["negative"])


def test_words_of_like_company_grow_alike() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    # Words 0 and 1 keep company with 2 and 3; words 4 and 5 with 6 and 7.
    sentences = [[a, b] for a in (0, 1) for b in (2, 3)] + [[a, b] for a in (4, 5) for b in (6, 7)]
    pairs = torch.cat([skipgram_pairs(sentence, window=1) for sentence in sentences])
    model = SkipGram(vocab_size=8, embed_dim=4)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(200):
        negatives = draw_negatives(torch.ones(8), (len(pairs), 3), rng)
        batch = {"word": pairs[:, 0], "context": pairs[:, 1], "negatives": negatives}
        loss = skipgram_loss(model, batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    vectors = torch.nn.functional.normalize(model.words.weight, dim=1)
    assert vectors[0] @ vectors[1] > 0.8
    assert vectors[0] @ vectors[4] < vectors[0] @ vectors[1] - 0.3


# ── Skip-gram by gensim ──────────────────────────────────────────────────────────────────────────


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
