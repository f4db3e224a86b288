"""How many times as fast as pycocoevalcap's the course's CIDEr-D is, both timed in one run.

    python benchmarks/cider.py            5,000 candidates with 5 references each, made up
    python benchmarks/cider.py 500        fewer

Needs the extra `test`. Times differ from machine to machine, the ratio hardly.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
from pycocoevalcap.cider.cider import Cider

from cmlearn.evaluation.caption_metrics.cider import sentence_cider_d

REFERENCES = 5
VOCABULARY = 10_000  # about what COCO's captions have
REPEATS = 3  # the fastest of so many runs counts


def made_up_captions(count: int, rng: np.random.Generator) -> list[list[str]]:
    """Draw captions of 7 to 15 words, the word of rank r with a chance of about 1/r."""
    chances = 1 / np.arange(1, VOCABULARY + 1)
    words = rng.choice(VOCABULARY, (count, 15), p=chances / chances.sum())
    lengths = rng.integers(7, 16, count)
    return [[f"w{word}" for word in row[:length]] for row, length in zip(words, lengths)]


def main(count: int) -> None:
    """Time both, see that they agree, print the ratio."""
    rng = np.random.default_rng(0)
    candidates = made_up_captions(count, rng)
    references = [made_up_captions(REFERENCES, rng) for _ in range(count)]
    said = {row: [" ".join(tokens)] for row, tokens in enumerate(candidates)}
    told = {row: [" ".join(tokens) for tokens in of] for row, of in enumerate(references)}
    ours, theirs = [], []
    for _ in range(REPEATS):  # in turns, so that a busy moment strikes both
        start = perf_counter()
        scores = sentence_cider_d(candidates, references)
        ours.append(perf_counter() - start)
        start = perf_counter()
        _, expected = Cider().compute_score(told, said)
        theirs.append(perf_counter() - start)
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    print(f"CIDEr-D of {count:,} candidates with {REFERENCES} references each")
    print(f"cmlearn {min(ours):.1f} s, pycocoevalcap {min(theirs):.1f} s", end=", ")
    print(f"{min(theirs) / min(ours):.1f} times as fast, and the same scores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5000)
