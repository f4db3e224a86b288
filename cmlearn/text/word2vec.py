"""Word2vec: skip-gram with negative sampling, by gensim and in PyTorch.

Mikolov et al. 2013, "Distributed representations of words and phrases and their
compositionality", https://arxiv.org/abs/1310.4546; equation and section numbers refer to it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

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
    """Train word vectors with gensim, by skip-gram with negative sampling.

    Training uses one worker thread, so that the same seed gives the same vectors.

    Args:
        sentences: lists of tokens.
        vector_size: D, the dimension of the vectors.
        window: maximum distance between a word and its context words.
        epochs: number of passes over the sentences.
        seed: seed of gensim's random generator.
        min_count: words with fewer occurrences get no vector.
        sample: relative frequency above which occurrences of a word are randomly dropped
            (section 2.3). 0 drops none, which suits a small vocabulary in which every word is
            frequent; 1e-3 is usual for prose.

    Returns:
        The vectors; `vectors[word]` is (D,) float32.

    Raises:
        ValueError: no word occurs `min_count` times.
        TypeError: a sentence is a string instead of a list of tokens.
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
        raise ValueError(
            f"sentences: no word occurs {min_count} times in {len(sentences)} sentences"
        )
    model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    return model.wv


def lee_sentences() -> list[list[str]]:
    """Load the Lee background corpus, 300 short Australian news texts that gensim ships.

    Source: Lee, Pincombe and Welsh 2005, "An empirical evaluation of models of text document
    similarity"; gensim's file is test_data/lee_background.cor.

    Returns:
        One list of tokens for each text.
    """
    text = Path(datapath("lee_background.cor")).read_text(encoding="utf-8")
    return [tokenize(line) for line in text.splitlines()]


def embedding_table(vectors: KeyedVectors, vocabulary: Vocabulary) -> Tensor:
    """Arrange word vectors in the order of a vocabulary.

    Args:
        vectors: word vectors of dimension D.
        vocabulary: V tokens.

    Returns:
        (V, D) float32; the rows of special tokens and of words without a vector are zero.
    """
    table = np.zeros((len(vocabulary), vectors.vector_size), dtype=np.float32)
    for row, token in zip(table, vocabulary.tokens, strict=True):
        if token in vectors:
            row[:] = vectors[token]
    return torch.from_numpy(table)


def standardised_table(vectors: KeyedVectors, vocabulary: Vocabulary) -> Tensor:
    """Arrange word vectors as `embedding_table` does, and standardise each dimension.

    Word2vec vectors have a large common mean, and the differences between words are small beside
    it. A network that is initialised with the vectors learns faster without that mean.

    Args:
        vectors: word vectors of dimension D.
        vocabulary: V tokens.

    Returns:
        (V, D) float32 with mean 0 and standard deviation 1 in each dimension, over the words
        that have a vector; the other rows are zero.
    """
    table = embedding_table(vectors, vocabulary)
    known = table.abs().sum(dim=1) > 0
    table[known] = (table[known] - table[known].mean(dim=0)) / table[known].std(dim=0)
    return table


def mean_vector(tokens: Sequence[str], vectors: KeyedVectors) -> np.ndarray:
    """Average the vectors of the tokens that have one.

    Args:
        tokens: the tokens of a sentence.
        vectors: word vectors of dimension D.

    Returns:
        (D,) float32; zeros if no token has a vector.

    Raises:
        TypeError: `tokens` is a string.
    """
    known = [vectors[token] for token in _tokens(tokens) if token in vectors]
    if not known:
        return np.zeros(vectors.vector_size, dtype=np.float32)
    return np.mean(known, axis=0)


def skipgram_pairs(ids: Sequence[int], window: int) -> Tensor:
    """List all pairs of a word and a context word.

    Args:
        ids: the word ids of one sentence.
        window: maximum distance between a word and its context words.

    Returns:
        (N, 2) int64, word and context; N = 0 if the sentence has fewer than two words.
    """
    pairs = [
        (word, ids[j])
        for i, word in enumerate(ids)
        for j in range(max(0, i - window), min(len(ids), i + window + 1))
        if j != i
    ]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def draw_negatives(counts: Tensor, size: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """Sample negative words in proportion to their count to the power 3/4 (section 2.2).

    Args:
        counts: (V,) occurrences of each word; a word with count 0 is never drawn.
        size: (B, K), K negatives for each of B pairs.
        rng: random generator of NumPy, whose draws are the same on every processor.

    Returns:
        (B, K) int64 ids.
    """
    weights = counts.double().numpy() ** 0.75
    return torch.from_numpy(rng.choice(len(counts), size=size, p=weights / weights.sum()))


class SkipGram(nn.Module):
    """Skip-gram model with two embeddings of each word: as centre word and as context word.

    Args:
        vocab_size: V, the number of words.
        embed_dim: D, the dimension of the vectors.
    """

    def __init__(self, vocab_size: int, embed_dim: int) -> None:
        """Initialise as word2vec does: uniform word vectors, zero context vectors."""
        super().__init__()
        self.words = nn.Embedding(vocab_size, embed_dim)
        self.contexts = nn.Embedding(vocab_size, embed_dim)
        nn.init.uniform_(self.words.weight, -0.5 / embed_dim, 0.5 / embed_dim)
        nn.init.zeros_(self.contexts.weight)

    def forward(self, word: Tensor, contexts: Tensor) -> Tensor:
        """Score each word with its K context words.

        Args:
            word: (B,) int64 ids.
            contexts: (B, K) int64 ids.

        Returns:
            (B, K) dot products.
        """
        vectors = self.words(word).unsqueeze(-1)  # (B, D, 1)
        return (self.contexts(contexts) @ vectors).squeeze(-1)  # (B, K, D) -> (B, K)


def skipgram_loss(model: SkipGram, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Compute the negative-sampling loss: the negative of equation 4.

    Args:
        model: the skip-gram model.
        batch: "word" (B,), "context" (B,) and "negatives" (B, K), all int64.

    Returns:
        "loss", its mean over the batch, and its two terms "positive" and "negative".
    """
    near = model(batch["word"], batch["context"].unsqueeze(1))  # (B, 1)
    chance = model(batch["word"], batch["negatives"])  # (B, K)
    positive = -logsigmoid(near).sum(dim=1).mean()
    negative = -logsigmoid(-chance).sum(dim=1).mean()
    return {"loss": positive + negative, "positive": positive, "negative": negative}


def _tokens(sentence: Sequence[str]) -> Sequence[str]:
    """Refuse a string, whose letters would be used as tokens."""
    if isinstance(sentence, str):
        raise TypeError("sentence: expected a list of tokens, got a string; use tokenize(caption)")
    return sentence
