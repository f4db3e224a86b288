"""Compares beam search over a batch of images with beam search over one image at a time.

    python benchmarks/beam.py             64 images, 3 beams
    python benchmarks/beam.py 256 5       another number of images and of beams

It needs the shipped checkpoints; the images are the first of Storybook's test split. The times
depend on the machine; their ratio depends less on it.
"""

from __future__ import annotations

import sys
from time import perf_counter

from cmlearn.data.folders import checkpoint_folder
from cmlearn.models.captioner import Captioner, CaptionerConfig
from cmlearn.models.decoding import beam_search
from cmlearn.recipes.image_encoders import grid_features
from cmlearn.training.checkpoint import load_checkpoint
from cmlearn.training.runtime import set_threads

REPEATS = 3  # the fastest run counts


def main(count: int, beam_size: int) -> None:
    """Time both, check that the captions agree, and print the ratio."""
    set_threads(1)
    model, _ = load_checkpoint(checkpoint_folder() / "captioner", Captioner, CaptionerConfig)
    features = grid_features("test")[:count]
    at_once, one_by_one = [], []
    for _ in range(REPEATS):  # alternately, so that other load affects both
        start = perf_counter()
        together = beam_search(model, features, beam_size)
        at_once.append(perf_counter() - start)
        start = perf_counter()
        alone = [beam_search(model, image, beam_size)[0] for image in features.split(1)]
        one_by_one.append(perf_counter() - start)
    best = [[captions[0][0] for captions in found] for found in (together, alone)]
    same = sum(one == other for one, other in zip(*best, strict=True))
    print(f"beam search with {beam_size} beams, {len(features)} images")
    print(f"at once {min(at_once):.2f} s, one at a time {min(one_by_one):.2f} s", end=", ")
    print(f"{min(one_by_one) / min(at_once):.1f} times as fast", end=", ")
    print(f"the same best caption for {same} of {len(features)}")


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:3]) if sys.argv[2:] else (64, 3)))
