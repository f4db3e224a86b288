"""Two scene parsers for pictures: one fits the renderer's own shapes, one is a classifier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import cv2
import numpy as np
import torch

from cmlearn.data.storybook.renderer import render, render_thing
from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUND_KINDS,
    GROUNDS,
    JITTER_X,
    JITTER_Y,
    SIZES,
    SKIES,
    SKY_KINDS,
    VARIANTS,
    Scene,
    Thing,
)
from cmlearn.data.storybook.targets import from_slots
from cmlearn.evaluation.claim_accuracy import SceneParser
from cmlearn.models.scene_classifier import SceneClassifier, predict_slots, prepare

BATCH = 250  # pictures parsed at once; bounds the memory
PARSE_SIZE = 32  # pixels; pictures are resized to this first, which tolerates a little blur
WINDOWS = tuple(
    (slice(top, top + 16), slice(*columns))
    for top in (0, 16)
    for columns in ((0, 11), (10, 22), (21, 32))
)  # rows and columns of the six slots: three in the sky, three on the ground

# Thresholds of the shape parser; a "contrast" is a thing's squared distance to its background.
CAP = 40.0  # summed RGB difference at which a pixel's distance to a background saturates
EXPLAINS = 0.2  # share of its contrast that a thing must explain to be present
UNLIKE = 0.45  # share of its contrast that may remain unexplained inside its outline
STRANGE = 60.0  # RGB distance from which a pixel outside the thing is an outlier
STRAY = 0.04  # share of the pixels of a slot that may be outliers

# Least confidence of the classifier's answers, 0 to 1. On val, 0.6 rejects 0.2 % of the rendered
# pictures and half of the blends of two pictures.
MIN_CONFIDENCE = 0.6


@dataclass(frozen=True)
class _Shapes:
    """All candidate things of one slot, as arrays for matrix products; P pixels in the slot.

    Attributes:
        things: K candidates.
        picture: (K, P·3) float32, each thing on black.
        opacity: (K, P) float32, 0 to 1.
    """

    things: tuple[Thing, ...]
    picture: np.ndarray
    opacity: np.ndarray


def parse_scenes(pictures: np.ndarray) -> list[Scene | None]:
    """Parse the scene of each picture by fitting the renderer's shapes.

    The parse is the nearest empty background and, in each of the six slots, the nearest thing
    (kind, colour, size and jitter) or nothing, by squared RGB distance. With Gaussian pixel noise
    this is the maximum-likelihood scene. A picture with too large a residual is rejected.

    Args:
        pictures: (N, H, W, 3) uint8 RGB, square, of any size.

    Returns:
        N scenes; None where a picture cannot be parsed.

    Raises:
        ValueError: the array has another shape or type.
    """
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
        raise ValueError(
            f"pictures: (N, H, W, 3) uint8 expected, not {pictures.shape} {pictures.dtype}"
        )
    scenes: list[Scene | None] = []
    for start in range(0, len(pictures), BATCH):
        scenes += _parse_batch(np.stack([_resize(p) for p in pictures[start : start + BATCH]]))
    return scenes


def classifier_parser(model: SceneClassifier, sure: float = MIN_CONFIDENCE) -> SceneParser:
    """Make a scene parser from a trained scene classifier.

    Args:
        model: in eval mode.
        sure: least confidence of every answer, 0 to 1; a picture below it is rejected.

    Returns:
        A function from pictures (N, H, W, 3) uint8 RGB, square, of any size, to N scenes, None
        where a picture is rejected. It does not predict jitter and cloud variants.
    """

    def parse(pictures: np.ndarray) -> list[Scene | None]:
        scenes: list[Scene | None] = []
        for start in range(0, len(pictures), BATCH):
            scenes += _classify_batch(model, np.array(pictures[start : start + BATCH]), sure)
        return scenes

    return parse


def _classify_batch(
    model: SceneClassifier, pictures: np.ndarray, sure: float
) -> list[Scene | None]:
    answers, confidence = predict_slots(model, prepare(torch.from_numpy(pictures)))
    scenes = from_slots({name: answer.cpu().numpy() for name, answer in answers.items()})
    return [scene if c >= sure else None for scene, c in zip(scenes, confidence.tolist())]


def _resize(picture: np.ndarray) -> np.ndarray:
    """(H, W, C) -> (32, 32, C) float32."""
    if picture.shape[:2] == (PARSE_SIZE, PARSE_SIZE):
        return picture.astype(np.float32)
    how = cv2.INTER_AREA if picture.shape[0] > PARSE_SIZE else cv2.INTER_CUBIC
    return cv2.resize(picture.astype(np.float32), (PARSE_SIZE, PARSE_SIZE), interpolation=how)


def _parse_batch(pictures: np.ndarray) -> list[Scene | None]:
    """(B, 32, 32, 3) float32 -> B scenes or None."""
    which = _nearest_background(pictures)
    backgrounds = _backgrounds()[which]
    found: list[list[Thing | None]] = []
    readable = np.ones(len(pictures), bool)
    for slot in range(len(WINDOWS)):
        things, ok = _parse_slot(pictures, backgrounds, slot)
        found.append(things)
        readable &= ok
    return [
        _scene(int(w), [t for t in things if t]) if ok else None
        for w, things, ok in zip(which, zip(*found, strict=True), readable, strict=True)
    ]


def _scene(background: int, things: list[Thing]) -> Scene:
    sky, rest = divmod(background, len(GROUNDS) * VARIANTS)
    ground, variant = divmod(rest, VARIANTS)
    return Scene(SKIES[sky], GROUNDS[ground], tuple(things), variant)


@cache
def _backgrounds() -> np.ndarray:
    """(sky·ground·variant, 32, 32, 3) float32."""
    empty = [
        _resize(render(Scene(sky, ground, (), variant)))
        for sky in SKIES
        for ground in GROUNDS
        for variant in range(VARIANTS)
    ]
    return np.stack(empty)


def _nearest_background(pictures: np.ndarray) -> np.ndarray:
    """Return the index of the background with the least capped distance: (B,)."""
    distance = np.empty((len(pictures), len(_backgrounds())), np.float32)
    for k, background in enumerate(_backgrounds()):
        difference = np.abs(pictures - background).sum(-1)
        # Things differ strongly from every background: without the cap they would decide.
        distance[:, k] = np.minimum(difference, CAP).mean((1, 2))
    return distance.argmin(1)


@cache
def _shapes(slot: int) -> _Shapes:
    """Return the candidates of one slot, at every jitter."""
    rows, columns = WINDOWS[slot]
    kinds = SKY_KINDS if slot < 3 else GROUND_KINDS
    jitter = product(range(-JITTER_X, JITTER_X + 1), range(-JITTER_Y, JITTER_Y + 1))
    things = [
        Thing(kind, colour, size, slot % 3, dx, dy)
        for (kind, size, colour), (dx, dy) in product(product(kinds, SIZES, COLOURS), jitter)
    ]
    cut = [[_resize(part)[rows, columns].ravel() for part in _shifted(thing)] for thing in things]
    pictures, opacities = zip(*cut, strict=True)
    return _Shapes(tuple(things), np.stack(pictures), np.stack(opacities))


def _shifted(thing: Thing) -> tuple[np.ndarray, np.ndarray]:
    """Return `render_thing(thing)` by shifting one drawing: slots are whole pixels apart."""
    middle = Thing(thing.kind, thing.colour, thing.size, column=1)
    by = (thing.y - middle.y, thing.x - middle.x)
    picture, opacity = _cut_out_once(middle)
    return np.roll(picture, by, (0, 1)), np.roll(opacity, by, (0, 1))


_cut_out_once = cache(render_thing)


def _parse_slot(
    pictures: np.ndarray, backgrounds: np.ndarray, slot: int
) -> tuple[list[Thing | None], np.ndarray]:
    """Return the thing in one slot of each picture, or None, and (B,) whether the fit is good."""
    shapes, (rows, columns) = _shapes(slot), WINDOWS[slot]
    count = len(pictures)
    behind = backgrounds[:, rows, columns].reshape(count, -1)
    seen = pictures[:, rows, columns].reshape(count, -1) - behind  # relative to the background
    change, contrast = _compare(seen, behind, shapes)
    best = change.argmin(1)
    at = np.arange(count)
    is_thing = change[at, best] < -EXPLAINS * contrast[at, best]
    opacity = np.where(is_thing[:, None], shapes.opacity[best], 0)
    expected = (
        np.where(is_thing[:, None], shapes.picture[best], 0) - np.repeat(opacity, 3, 1) * behind
    )
    error = (seen - expected).reshape(count, -1, columns.stop - columns.start, 3)  # (B, h, w, 3)
    inside = opacity > 0.02  # (B, P)
    misfit = (_squared(error) * inside).sum(1) / np.maximum(contrast[at, best], 1)
    # On both sides of a blurred edge the errors have opposite signs: averaged, they cancel.
    stray = ((_squared(_smooth(error)) > STRANGE**2) & ~inside).mean(1)
    ok = (stray < STRAY) & (~is_thing | (misfit < UNLIKE))
    return [
        shapes.things[b] if there else None for b, there in zip(best, is_thing, strict=True)
    ], ok


def _squared(error: np.ndarray) -> np.ndarray:
    """(B, h, w, 3) -> (B, h·w), summed over colours."""
    return (error**2).sum(-1).reshape(len(error), -1)


def _smooth(error: np.ndarray) -> np.ndarray:
    """Return the mean over 3 × 3 pixels: (B, h, w, 3) -> (B, h, w, 3)."""
    padded = np.pad(error, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = error.shape[1:3]
    total = np.zeros_like(error)
    for y, x in product(range(3), range(3)):
        total += padded[:, y : y + height, x : x + width]
    return total / 9


def _compare(
    seen: np.ndarray, behind: np.ndarray, shapes: _Shapes
) -> tuple[np.ndarray, np.ndarray]:
    """Return how each candidate changes the squared distance between picture and fit.

    With D = picture - B over the background B, a thing with picture P and opacity m changes the
    background by T = P - m·B, and |D - T|² = |D|² - 2 D·T + |T|². All terms are matrix products.

    Returns:
        (B, K) |T|² - 2 D·T, negative where the thing fits better than the empty background, and
        (B, K) |T|², its contrast.
    """
    p, m = shapes.picture, shapes.opacity
    rgb = (len(seen), -1, 3)
    d_dot_b = (seen * behind).reshape(rgb).sum(-1)
    b_squared = (behind**2).reshape(rgb).sum(-1)
    d_dot_t = seen @ p.T - d_dot_b @ m.T
    faded = p * np.repeat(m, 3, axis=1)
    contrast = (p**2).sum(1) - 2 * (behind @ faded.T) + b_squared @ (m**2).T
    return contrast - 2 * d_dot_t, contrast
