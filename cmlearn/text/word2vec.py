"""Word vectors by gensim's Word2Vec, as arrays that the models can use."""

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


def _tokens(sentence: Sequence[str]) -> Sequence[str]:
    """Refuse a string, whose letters would be taken for words."""
    if isinstance(sentence, str):
        raise TypeError("sentence: expected a list of tokens, got a string; use tokenize(caption)")
    return sentence


def skipgram_pairs(ids: Sequence[int], window: int) -> Tensor:
    """List every word with each of its neighbours.

    Args:
        ids: the ids of one sentence.
        window: how many places to each side count as near.

    Returns:
        (N, 2) int64: word, context. N = 0 for sentences of fewer than two words.
    """
    pairs = [
        (word, ids[j])
        for i, word in enumerate(ids)
        for j in range(max(0, i - window), min(len(ids), i + window + 1))
        if j != i
    ]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def draw_negatives(counts: Tensor, size: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """Draw words by chance, in proportion to their count to the power 3/4 (section 2.2).

    Args:
        counts: (V,) how often each word occurs; a count of zero is never drawn.
        size: (B, K), K negatives for each of B pairs.
        rng: NumPy's, whose draws are the same on every processor.

    Returns:
        (B, K) int64 ids.
    """
    weights = counts.double().numpy() ** 0.75
    return torch.from_numpy(rng.choice(len(counts), size=size, p=weights / weights.sum()))


class SkipGram(nn.Module):
    """Two vectors for each word: one as the word itself, one as the context of others.

    Args:
        vocab_size: V, the number of words.
        embed_dim: D, the length of the vectors.
    """

    def __init__(self, vocab_size: int, embed_dim: int) -> None:
        """Begin as word2vec does: small random words, zero contexts."""
        super().__init__()
        self.words = nn.Embedding(vocab_size, embed_dim)
        self.contexts = nn.Embedding(vocab_size, embed_dim)
        nn.init.uniform_(self.words.weight, -0.5 / embed_dim, 0.5 / embed_dim)
        nn.init.zeros_(self.contexts.weight)

    def forward(self, word: Tensor, contexts: Tensor) -> Tensor:
        """Score words with contexts: (B,) and (B, K) int64 -> (B, K) dot products."""
        vectors = self.words(word).unsqueeze(-1)  # (B, D, 1)
        return (self.contexts(contexts) @ vectors).squeeze(-1)  # (B, K, D) -> (B, K)


def skipgram_loss(model: SkipGram, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Compute equation 4 with its sign turned, so that smaller is better.

    Args:
        model: the vectors.
        batch: "word" (B,), "context" (B,) and "negatives" (B, K), all int64.

    Returns:
        "loss", the mean over the batch, and its two parts "positive" and "negative".
    """
    near = model(batch["word"], batch["context"].unsqueeze(1))  # (B, 1)
    chance = model(batch["word"], batch["negatives"])  # (B, K)
    positive = -logsigmoid(near).sum(dim=1).mean()
    negative = -logsigmoid(-chance).sum(dim=1).mean()
    return {"loss": positive + negative, "positive": positive, "negative": negative}
