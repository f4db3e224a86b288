"""How much of what captions say is true of the pictures made for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.claims import Claim, all_true, check
from cmlearn.data.grammar import edit_one_word
from cmlearn.data.parser import parse_caption
from cmlearn.data.scene import GROUNDS, SKIES, Scene
from cmlearn.evaluation.caption_truth import claim_rates

# A judge: pictures (N, H, W, 3) uint8 -> N scenes, None where a picture cannot be read.
Reader = Callable[[np.ndarray], list[Scene | None]]

BLURS = (0.5, 1.0)  # standard deviation in 64ths of the picture's width
NOISES = (10, 20)  # standard deviation in grey levels of 255


def score_pictures(
    pictures: np.ndarray, captions: Sequence[str], reader: Reader
) -> dict[str, float]:
    """Hold N pictures against the captions that they were made for.

    Args:
        pictures: (N, H, W, 3) uint8 RGB.
        captions: N captions.
        reader: the judge.

    Returns:
        Rates of 0 to 1: all_true and unreadable, of the pictures; each of `CLAIM_KINDS`, of the
        claims of that kind, where a colour, size or relation counts only if its things are in the
        picture (NaN where there is none). Of a picture that cannot be read nothing is true.

    Raises:
        ValueError: there are no pictures, or not as many as captions.
    """
    _check_lengths(pictures, captions)
    return score_readings(reader(pictures), captions)


def score_readings(readings: Sequence[Scene | None], captions: Sequence[str]) -> dict[str, float]:
    """Do what `score_pictures` does, for pictures that a judge has read already."""
    _check_lengths(readings, captions)
    return {
        "all_true": float(np.mean(tells_true(readings, captions))),
        "unreadable": float(np.mean([reading is None for reading in readings])),
        **claim_rates(_claims(caption, scene) for caption, scene in zip(captions, readings)),
    }


def tells_true(readings: Sequence[Scene | None], captions: Sequence[str]) -> np.ndarray:
    """Whether each caption is all true of what was read: (N,) bool."""
    pairs = zip(readings, captions, strict=True)
    true = [scene is not None and all_true(parse_caption(text), scene) for scene, text in pairs]
    return np.array(true, bool)


def _check_lengths(pictures: Sequence[object] | np.ndarray, captions: Sequence[str]) -> None:
    if len(pictures) != len(captions) or not len(captions):
        given = f"{len(captions)} of {len(pictures)}"
        raise ValueError(f"captions: one for each picture is needed, got {given}")


def _claims(caption: str, scene: Scene | None) -> tuple[Claim, ...]:
    description = parse_caption(caption)
    if scene is not None:
        return check(description, scene)
    nothing = check(description, Scene(SKIES[0], GROUNDS[0], ()))
    return tuple(replace(claim, true=False) for claim in nothing)


def variety(pictures: np.ndarray, captions: Sequence[str], reader: Reader) -> float:
    """How many different scenes a model draws for one caption, all of them true.

    A caption leaves things open (a size, the sky): who always draws the same has a variety of at
    most 1, and who draws anything whatever has one near 0, for most of it is not true.

    Args:
        pictures: (N, K, H, W, 3) uint8 RGB, K pictures for each caption.
        captions: N captions.
        reader: the judge.

    Returns:
        The mean over captions of the number, 0 to K, of different contents.
    """
    _check_lengths(pictures, captions)
    count = pictures.shape[1]
    readings = reader(pictures.reshape(-1, *pictures.shape[2:]))
    repeated = [caption for caption in captions for _ in range(count)]
    true = tells_true(readings, repeated)
    contents: list[set[object]] = [set() for _ in captions]
    for i, reading in enumerate(readings):
        if reading is not None and true[i]:
            contents[i // count].add(reading.content)
    return float(np.mean([len(found) for found in contents]))


def nearest_training_distance(
    pictures: np.ndarray, training: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far each picture is from the most similar one that a model was trained on.

    Args:
        pictures: (N, H, W, 3) uint8.
        training: (M, H, W, 3) uint8, of the same size.

    Returns:
        (N,) root mean squared differences, in grey levels 0 to 255; and (N,) the rows of those
        training pictures.

    Raises:
        ValueError: the sizes differ, or there are no training pictures.
    """
    if pictures.shape[1:] != training.shape[1:] or len(training) == 0:
        raise ValueError(f"training: {training.shape} does not fit pictures {pictures.shape}")
    ours = _centred(pictures)
    nearest = np.full(len(pictures), np.inf, np.float32)
    rows = np.zeros(len(pictures), np.int64)
    for start in range(0, len(training), 500):
        theirs = _centred(training[start : start + 500])
        # |a - b|² = |a|² - 2 a·b + |b|², and |a|² is the same for all b.
        distance = (theirs**2).sum(1) - 2 * ours @ theirs.T
        best = distance.argmin(1)
        closer = distance.min(1) < nearest
        nearest[closer], rows[closer] = distance.min(1)[closer], start + best[closer]
    difference = ours - _centred(training[rows])
    return np.sqrt((difference**2).mean(1)), rows


def _centred(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float32) - 128


# ── how far a judge can be trusted ────────────────────────────────────────────────────────────


def calibrate(reader: Reader, data: CaptionedPictures, seed: int = 0) -> dict[str, float]:
    """Measure a judge on pictures whose truth is known.

    Args:
        reader: the judge.
        data: pictures with their scenes and captions.
        seed: of the edits and the noise.

    Returns:
        Rates of 0 to 1. exact: scenes read without a mistake; unreadable: pictures. Captions
        that were found all true: ceiling, of the true pictures; floor, of pictures of other
        scenes; blur_0.5, blur_1, noise_10 and noise_20, of true pictures so damaged. And
        specificity: captions found false of those with one word made false.

    Raises:
        ValueError: the data have no scenes.
    """
    if data.scenes is None:
        raise ValueError(f"{data.name} has no scenes to hold a judge against")
    pictures, captions, rng = np.asarray(data.images), data.captions, np.random.default_rng(seed)
    readings = reader(pictures)
    edited = [[edit_one_word(caption, rng) or "" for caption in told] for told in captions]
    exact = [r is not None and r.content == s.content for r, s in zip(readings, data.scenes)]
    damaged = {f"blur_{sigma:g}": blur(pictures, sigma) for sigma in BLURS}
    damaged |= {f"noise_{spread}": add_noise(pictures, spread, rng) for spread in NOISES}
    return {
        "exact": float(np.mean(exact)),
        "unreadable": float(np.mean([reading is None for reading in readings])),
        "ceiling": _found_true(readings, captions),
        "floor": _found_true(readings, [*captions[1:], captions[0]]),
        "specificity": 1 - _found_true(readings, edited),
        **{name: _found_true(reader(worse), captions) for name, worse in damaged.items()},
    }


def _found_true(readings: Sequence[Scene | None], captions: Sequence[Sequence[str]]) -> float:
    """Share of all captions that are all true of what was read off their pictures."""
    repeated = [r for r, told in zip(readings, captions) for _ in told]
    return float(np.mean(tells_true(repeated, [text for told in captions for text in told])))


def blur(pictures: np.ndarray, sigma: float) -> np.ndarray:
    """Blur by a Gaussian of `sigma` 64ths of the picture's width: (N, H, W, 3) uint8."""
    pixels = sigma * pictures.shape[2] / 64
    return np.stack([cv2.GaussianBlur(picture, (0, 0), pixels) for picture in pictures])


def add_noise(pictures: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise with a standard deviation of `spread` grey levels: (N, H, W, 3) uint8."""
    noisy = pictures + spread * rng.standard_normal(pictures.shape, np.float32)
    return noisy.round().clip(0, 255).astype(np.uint8)
