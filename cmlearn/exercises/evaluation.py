"""Checks of the exercises on evaluation: scores of captions and of sets of pictures."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from cmlearn.evaluation.caption_metrics.rouge import longest_common_subsequence
from cmlearn.exercises.checking import Check, call, expect
from cmlearn.exercises.comparing import expect_value

CANDIDATES = ["a a a a cat", "red house", "on the the snow at noon now"]
REFERENCES = [
    ["a cat sat", "the cat a a"],
    ["a red home"],
    ["the snow", "noon at the snow", "snow on snow"],
]


def check_brevity(answer: Any) -> None:
    """The brevity penalty of six words beside references of eight and twelve."""
    expect_value(
        answer,
        math.exp(1 - 8 / 6),
        {
            "The candidate is shorter than every reference, so there is a penalty.": 1.0,
            "You took the longest reference. Which one does BLEU take?": math.exp(1 - 12 / 6),
            "You took the mean length. BLEU takes the length of one reference.": math.exp(-4 / 6),
            "The ratio in the exponent stands upside down.": math.exp(1 - 6 / 8),
            "That is the exponent. Where is e?": 1 - 8 / 6,
        },
        "The penalty is e to the power 1 − r/c. Which of the three lengths is r, and which is c?",
    )


def check_corpus_precision(answer: Any) -> None:
    """`corpus_precision(candidates, references)` clips by caption and divides once."""
    candidates = [text.split() for text in CANDIDATES]
    references = [[text.split() for text in texts] for texts in REFERENCES]
    expect_value(
        call(answer, candidates, references),
        9 / 14,
        {
            "That is the mean of the captions' precisions. Add up first, divide once.": (
                (3 / 5 + 1 / 2 + 5 / 7) / 3
            ),
            "You count every repetition of a word. Clip the counts.": 12 / 14,
            "You add up the counts of the references. One reference sets the limit.": 11 / 14,
            "You use one reference of each caption only.": 5 / 14,
            "You count each word of a caption once, however often it stands there.": 8 / 10,
        },
        "Clip the count of each word in each caption; then divide all clipped by all words.",
    )


def check_longest_common(answer: Any) -> None:
    """`longest_common(left, right)` returns the length of the longest common subsequence."""
    for pair in (
        ("noon a small red kite", "a small red kite at noon"),
        ("a red house left of a blue tree", "a blue tree on the left of a red house"),
        ("a b c", "d e"),
    ):
        left, right = (text.split() for text in pair)
        mistakes = {
            "You count the words in common. Their order matters, too.": sum(
                (Counter(left) & Counter(right)).values()
            ),
            "You count the different words in common. Their order matters, too.": len(
                {*left} & {*right}
            ),
            "That is the longest run without a gap. Gaps are allowed here.": _longest_run(
                left, right
            ),
            "You take the first word that fits, which can cost several later ones.": _greedy(
                left, right
            ),
        }
        wanted = longest_common_subsequence(left, right)
        wrong = f"The length is wrong for {' '.join(left)!r} and {' '.join(right)!r}."
        expect_value(call(answer, left, right), wanted, mistakes, wrong)


def _longest_run(left: list[str], right: list[str]) -> int:
    runs = {tuple(left[i:j]) for i in range(len(left)) for j in range(i, len(left) + 1)}
    shared = {tuple(right[i:j]) for i in range(len(right)) for j in range(i, len(right) + 1)}
    return max(len(run) for run in (runs & shared) | {()})


def _greedy(left: list[str], right: list[str]) -> int:
    rest, count = right, 0
    for word in left:
        if word in rest:
            rest, count = rest[rest.index(word) + 1 :], count + 1
    return count


def check_chunks(answer: Any) -> None:
    """`chunks_of(pairs)` returns the number of chunks of METEOR's pairs."""
    found = call(answer, [(0, 2), (1, 3), (2, 4)])
    breaks = {"You count the breaks. How many chunks lie between them?": 0.0}
    expect_value(found, 1, breaks, "Three pairs side by side in both captions are one chunk.")
    found = call(answer, [(0, 4), (1, 5), (3, 6), (4, 0), (5, 1), (6, 3), (7, 9), (8, 10)])
    mistakes = {
        "You ask for neighbours in the candidate only.": 2.0,
        "You ask for neighbours in the reference only.": 4.0,
        "You count the pairs.": 8.0,
    }
    expect_value(found, 5, mistakes, "Two pairs share a chunk if they are neighbours in both.")
    expect_value(call(answer, []), 0, {}, "No pairs make no chunk.")


def check_cosine(answer: Any) -> None:
    """`weighted_cosine(candidate, reference, rarity)` returns CIDEr's cosine for single words."""
    rarity = {"a": 0.0, "red": 1.0, "kite": 2.0, "over": 0.5, "sea": 1.5}
    texts = [text.split() for text in ("a red red kite over a", "a red kite kite sea")]
    counts = [Counter(text) for text in texts]
    ours, theirs = (np.array([count[word] * rarity[word] for word in rarity]) for count in counts)
    once = [(np.array(list(rarity.values())) * [w in c for w in rarity]) for c in counts]
    plain = [np.array([count[word] for word in rarity]) for count in counts]
    expect_value(
        call(answer, *texts, rarity),
        _cosine(ours, theirs),
        {
            "That is the dot product. A cosine divides by both lengths.": ours @ theirs,
            "The rarity has no effect: weigh each count by it.": _cosine(*plain),
            "You count each word once. A word said twice counts twice.": _cosine(*once),
        },
        "Each word's number is its count times its rarity, in the candidate and in the reference.",
    )


def _cosine(x: np.ndarray, y: np.ndarray) -> float:
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def check_interval(answer: Any) -> None:
    """`interval_of_mean(values, rng)` returns the ends of a 95 % bootstrap interval."""
    values = np.random.default_rng(0).normal(3.0, 2.0, 80)
    found = call(answer, values, np.random.default_rng(1))
    expect(isinstance(found, tuple | list | np.ndarray), "Return two numbers: low, high.")
    expect(len(found) == 2, f"Return two numbers: low, high. Yours are {len(found)}.")
    low, high = (float(end) for end in found)
    expect(low <= high, "The lower end comes first.")
    expect(low < values.mean() < high or low == high, "The mean itself lies outside.")
    width = (high - low) / (2 * 1.96 * values.std() / math.sqrt(len(values)))
    expect(width > 0.01, "All your means are equal. Draw with replacement.")
    expect(width < 3, "That is where the values lie, not their mean. Average each resample.")
    expect(width > 0.9, "Your interval is too narrow: 95 % of the means lie between its ends.")
    expect(width < 1.12, "Your interval is too wide. Does a resample have as many values?")


def check_frechet(answer: Any) -> None:
    """`frechet_1d(x, y)` returns the squared Fréchet distance of two sets of numbers."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(1.0, 2.0, 6), rng.normal(4.0, 0.5, 9)
    means, spreads = x.mean() - y.mean(), x.std() - y.std()
    expect_value(
        call(answer, x, y),
        means**2 + spreads**2,
        {
            "You took the root; the distance in the formula is squared.": math.hypot(
                means, spreads
            ),
            "You compare the means alone. Two sets can differ in their spread.": means**2,
            "C is a variance; what is its root?": means**2 + (x.var() - y.var()) ** 2,
            "The last term is missing: − 2 (C C')^½.": means**2 + x.var() + y.var(),
        },
        "With one feature, C is the variance, and the trace is the number itself.",
    )


def check_kid(answer: Any) -> None:
    """`unbiased_mmd(x, y)` returns the unbiased squared MMD with KID's kernel."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0.0, 1.0, (5, 3)), rng.normal(0.5, 1.0, (7, 3))
    xx, yy, xy = (_kernel(*pair) for pair in ((x, x), (y, y), (x, y)))
    within = _off_diagonal(xx) + _off_diagonal(yy)
    raw = [_kernel(a * 3**0.5, b * 3**0.5) for a, b in ((x, x), (y, y), (x, y))]
    expect_value(
        call(answer, x, y),
        within - 2 * xy.mean(),
        {
            "You compare each picture with itself, too. That is the bias: leave i = j out.": (
                xx.mean() + yy.mean() - 2 * xy.mean()
            ),
            "The mean across the sets counts twice.": within - xy.mean(),
            "The kernel divides the product of two rows by their number of features.": (
                _off_diagonal(raw[0]) + _off_diagonal(raw[1]) - 2 * raw[2].mean()
            ),
            "You left i = j out of the sum, but still divide by N².": (
                xx.mean() - np.trace(xx) / 25 + yy.mean() - np.trace(yy) / 49 - 2 * xy.mean()
            ),
        },
        "Mean kernel within x, plus within y, minus twice across. One of the three is wrong.",
    )


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _off_diagonal(kernel: np.ndarray) -> float:
    count = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))


CHECKS: dict[str, Check] = {
    "evaluation.brevity": check_brevity,
    "evaluation.corpus_precision": check_corpus_precision,
    "evaluation.longest_common": check_longest_common,
    "evaluation.chunks": check_chunks,
    "evaluation.cosine": check_cosine,
    "evaluation.interval": check_interval,
    "evaluation.frechet": check_frechet,
    "evaluation.kid": check_kid,
}
