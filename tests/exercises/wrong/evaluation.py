"""Typical wrong answers to the exercises on evaluation."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np


def mean_of_precisions(candidates, references):
    shares = []
    for words, others in zip(candidates, references):
        counts = Counter(words)
        right = sum(min(counts[w], max(other.count(w) for other in others)) for w in counts)
        shares.append(right / len(words))
    return np.mean(shares)


def unclipped(candidates, references):
    right = sum(
        any(word in other for other in others)
        for words, others in zip(candidates, references)
        for word in words
    )
    return right / sum(map(len, candidates))


def added_references(candidates, references):
    right = 0
    for words, others in zip(candidates, references):
        counts = Counter(words)
        right += sum(min(counts[w], sum(other.count(w) for other in others)) for w in counts)
    return right / sum(map(len, candidates))


def first_reference(candidates, references):
    right = sum((Counter(w) & Counter(o[0])).total() for w, o in zip(candidates, references))
    return right / sum(map(len, candidates))


def longest_run(left, right):
    best = 0
    for i in range(len(left)):
        for j in range(len(right)):
            length = 0
            while left[i + length : i + length + 1] == right[j + length : j + length + 1] != []:
                length += 1
            best = max(best, length)
    return best


def first_fit(left, right):
    start, count = 0, 0
    for word in left:
        if word in right[start:]:
            start, count = right.index(word, start) + 1, count + 1
    return count


def table_off_by_one(left, right):
    table = np.zeros((len(left) + 1, len(right) + 1), int)
    for i in range(1, len(left)):
        for j in range(1, len(right)):
            best = max(table[i - 1, j], table[i, j - 1])
            table[i, j] = table[i - 1, j - 1] + 1 if left[i] == right[j] else best
    return table[-2, -2]


def breaks(pairs):
    return sum(b != (a[0] + 1, a[1] + 1) for a, b in zip(pairs, pairs[1:]))


def side_alone(side):
    return lambda pairs: sum(
        n == 0 or pair[side] != pairs[n - 1][side] + 1 for n, pair in enumerate(pairs)
    )


def dot_product(candidate, reference, rarity):
    ours, theirs = Counter(candidate), Counter(reference)
    return sum(ours[w] * theirs[w] * rarity[w] ** 2 for w in rarity)


def by_vectors(vector):
    def cosine(candidate, reference, rarity):
        x, y = (np.array([vector(c, w, rarity) for w in rarity]) for c in (candidate, reference))
        return x @ y / np.linalg.norm(x) / np.linalg.norm(y)

    return cosine


def resampled(take, low=2.5):
    def interval(values, rng):
        means = [take(values, rng) for _ in range(1000)]
        return np.percentile(means, [low, 100 - low])

    return interval


def mmd(kernel, within, factor=2.0):
    def distance(x, y):
        return within(kernel(x, x)) + within(kernel(y, y)) - factor * kernel(x, y).mean()

    return distance


def cubic(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


def off_diagonal(k):
    return (k.sum() - np.trace(k)) / (len(k) * (len(k) - 1))


# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "evaluation.brevity": [
        (1.0, "there is a penalty"),
        (math.exp(1 - 12 / 6), "longest reference"),
        (math.exp(1 - 6 / 8), "upside down"),
        (math.exp(1 - 10 / 6), "mean length"),
        (0.5, "Which of the three lengths"),
    ],
    "evaluation.corpus_precision": [
        (mean_of_precisions, "divide once"),
        (unclipped, "Clip the counts"),
        (added_references, "One reference sets the limit"),
        (first_reference, "one reference of each caption only"),
        (lambda candidates, references: "64 %", "Return a number"),
    ],
    "evaluation.longest_common": [
        (longest_run, "without a gap"),
        (first_fit, "can cost several later ones"),
        (lambda a, b: (Counter(a) & Counter(b)).total(), "order matters"),
        (lambda a, b: len({*a} & {*b}), "order matters"),
        (table_off_by_one, "wrong for"),
    ],
    "evaluation.chunks": [
        (breaks, "count the breaks"),
        (side_alone(0), "in the candidate only"),
        (side_alone(1), "in the reference only"),
        (lambda pairs: breaks(pairs) + 1, "No pairs make no chunk"),
    ],
    "evaluation.cosine": [
        (dot_product, "divides by both lengths"),
        (by_vectors(lambda c, w, rarity: c.count(w)), "rarity has no effect"),
        (by_vectors(lambda c, w, rarity: (w in c) * rarity[w]), "said twice"),
        (by_vectors(lambda c, w, rarity: c.count(w) * rarity[w] ** 2), "count times its rarity"),
    ],
    "evaluation.interval": [
        (resampled(lambda v, rng: rng.permutation(v).mean()), "with replacement"),
        (resampled(lambda v, rng: rng.choice(v)), "not their mean"),
        (resampled(lambda v, rng: rng.choice(v, len(v)).mean(), low=5), "too narrow"),
        (resampled(lambda v, rng: rng.choice(v, len(v) // 2).mean()), "too wide"),
        (lambda values, rng: values.mean(), "Return two numbers"),
    ],
    "evaluation.frechet": [
        (lambda x, y: (x.mean() - y.mean()) ** 2, "means alone"),
        (lambda x, y: (x.mean() - y.mean()) ** 2 + (x.var() - y.var()) ** 2, "what is its root"),
        (lambda x, y: np.hypot(x.mean() - y.mean(), x.std() - y.std()), "took the root"),
        (lambda x, y: (x.mean() - y.mean()) ** 2 + x.var() + y.var(), "last term"),
    ],
    "evaluation.kid": [
        (mmd(cubic, np.mean), "leave i = j out"),
        (mmd(cubic, off_diagonal, factor=1.0), "counts twice"),
        (mmd(lambda x, y: (x @ y.T + 1) ** 3, off_diagonal), "number of features"),
        (mmd(cubic, lambda k: (k.sum() - np.trace(k)) / len(k) ** 2), "still divide by N²"),
    ],
}
