"""Compares the speed of the course's CIDEr-D with that of pycocoevalcap.

    python benchmarks/cider.py            5,000 random candidates with 5 references each
    python benchmarks/cider.py 500        fewer

Needs the extra `test`. The times depend on the machine; their ratio hardly does.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
from pycocoevalcap.cider.cider import Cider

from cmlearn.evaluation.caption_metrics.cider import sentence_cider_d

REFERENCES = 5
VOCABULARY = 10_000  # about as large as that of COCO's captions
REPEATS = 3  # the fastest run counts


def random_captions(count: int, rng: np.random.Generator) -> list[list[str]]:
    """Return `count` captions of 7 to 15 words; a word of rank r has probability ∝ 1/r."""
    weights = 1 / np.arange(1, VOCABULARY + 1)
    words = rng.choice(VOCABULARY, (count, 15), p=weights / weights.sum())
    lengths = rng.integers(7, 16, count)
    return [[f"w{word}" for word in row[:length]] for row, length in zip(words, lengths)]


def main(count: int) -> None:
    """Time both, check that their scores agree, and print the ratio."""
    rng = np.random.default_rng(0)
    candidates = random_captions(count, rng)
    references = [random_captions(REFERENCES, rng) for _ in range(count)]
    hypotheses = {row: [" ".join(tokens)] for row, tokens in enumerate(candidates)}
    truths = {row: [" ".join(tokens) for tokens in each] for row, each in enumerate(references)}
    ours, theirs = [], []
    for _ in range(REPEATS):  # alternately, so that other load affects both
        start = perf_counter()
        scores = sentence_cider_d(candidates, references)
        ours.append(perf_counter() - start)
        start = perf_counter()
        _, expected = Cider().compute_score(truths, hypotheses)
        theirs.append(perf_counter() - start)
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    print(f"CIDEr-D of {count:,} candidates with {REFERENCES} references each")
    print(f"cmlearn {min(ours):.1f} s, pycocoevalcap {min(theirs):.1f} s", end=", ")
    print(f"{min(theirs) / min(ours):.1f} times as fast, with the same scores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5000)
