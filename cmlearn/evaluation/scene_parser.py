"""Reads a Storybook scene off a picture by explaining it with the renderer's own shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import cv2
import numpy as np
import torch

from cmlearn.data.storybook.render import cut_out, render
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

PARSE_SIZE = 32  # pixels; all pictures are brought to this size first, which forgives a little blur


WINDOWS = tuple(
    (slice(top, top + 16), slice(*columns))
    for top in (0, 16)
    for columns in ((0, 11), (10, 22), (21, 32))
)  # the six places: three in the sky, three on the ground


CAP = 40.0  # summed RGB difference; a pixel counts no more than this against a background


EXPLAINS = 0.2  # of a thing's contrast with what lies behind it, or there is no thing


UNLIKE = 0.45  # of a thing's contrast with what lies behind it; more left unexplained is no thing


STRANGE = 60.0  # RGB distance from which a pixel is not what was expected of it


STRAY = 0.04  # share of a place's other pixels that may be strange


@dataclass(frozen=True)
class _Shapes:
    """All things that may stand in one place, as arrays for matrix products.

    Attributes:
        things: K candidates.
        picture: (K, P·3) the thing on black.
        opacity: (K, P).
    """

    things: tuple[Thing, ...]
    picture: np.ndarray
    opacity: np.ndarray


def parse_scenes(pictures: np.ndarray) -> list[Scene | None]:
    """Read the scene off each picture.

    A picture is explained as the nearest empty background and, in each of the six places, the
    nearest thing (kind, colour, size and jitter) or nothing, by squared RGB distance: for
    pictures with Gaussian noise this is the most likely reading. A picture that this leaves
    unexplained cannot be read.

    Args:
        pictures: (N, H, W, 3) uint8 RGB, square, of any size.

    Returns:
        N scenes; None where the picture cannot be read.

    Raises:
        ValueError: if the array is not such pictures.
    """
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
        raise ValueError(
            f"pictures: (N, H, W, 3) uint8 expected, not {pictures.shape} {pictures.dtype}"
        )
    scenes: list[Scene | None] = []
    for start in range(0, len(pictures), 250):
        scenes += _read_batch(np.stack([_to_side(p) for p in pictures[start : start + 250]]))
    return scenes


def _to_side(picture: np.ndarray) -> np.ndarray:
    if picture.shape[:2] == (PARSE_SIZE, PARSE_SIZE):
        return picture.astype(np.float32)
    how = cv2.INTER_AREA if picture.shape[0] > PARSE_SIZE else cv2.INTER_CUBIC
    return cv2.resize(picture.astype(np.float32), (PARSE_SIZE, PARSE_SIZE), interpolation=how)


def _read_batch(pictures: np.ndarray) -> list[Scene | None]:
    """(B, 32, 32, 3) float32 -> B scenes or None."""
    which = _nearest_background(pictures)
    backgrounds = _backgrounds()[which]
    found: list[list[Thing | None]] = []
    readable = np.ones(len(pictures), bool)
    for place in range(len(WINDOWS)):
        things, ok = _read_place(pictures, backgrounds, place)
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
        _to_side(render(Scene(sky, ground, (), variant)))
        for sky in SKIES
        for ground in GROUNDS
        for variant in range(VARIANTS)
    ]
    return np.stack(empty)


def _nearest_background(pictures: np.ndarray) -> np.ndarray:
    """The background from which the fewest pixels differ: (B,) indices."""
    distance = np.empty((len(pictures), len(_backgrounds())), np.float32)
    for k, background in enumerate(_backgrounds()):
        apart = np.abs(pictures - background).sum(-1)
        # Things differ much from any background: the cap keeps them from deciding.
        distance[:, k] = np.minimum(apart, CAP).mean((1, 2))
    return distance.argmin(1)


@cache
def _shapes(place: int) -> _Shapes:
    """The candidates of one place, at every jitter."""
    rows, columns = WINDOWS[place]
    kinds = SKY_KINDS if place < 3 else GROUND_KINDS
    jitter = product(range(-JITTER_X, JITTER_X + 1), range(-JITTER_Y, JITTER_Y + 1))
    things = [
        Thing(kind, colour, size, place % 3, dx, dy)
        for (kind, size, colour), (dx, dy) in product(product(kinds, SIZES, COLOURS), jitter)
    ]
    cut = [[_to_side(part)[rows, columns].ravel() for part in _moved(thing)] for thing in things]
    pictures, opacities = zip(*cut, strict=True)
    return _Shapes(tuple(things), np.stack(pictures), np.stack(opacities))


def _moved(thing: Thing) -> tuple[np.ndarray, np.ndarray]:
    """`cut_out(thing)`, from one drawing for all places, for they are whole pixels apart."""
    middle = Thing(thing.kind, thing.colour, thing.size, column=1)
    by = (thing.y - middle.y, thing.x - middle.x)
    picture, opacity = _cut_out_once(middle)
    return np.roll(picture, by, (0, 1)), np.roll(opacity, by, (0, 1))


_cut_out_once = cache(cut_out)


def _read_place(
    pictures: np.ndarray, backgrounds: np.ndarray, place: int
) -> tuple[list[Thing | None], np.ndarray]:
    """The thing in one place of each picture, or None, and whether that explains the place."""
    shapes, (rows, columns) = _shapes(place), WINDOWS[place]
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
    # On both sides of a blurred edge the errors have opposite signs: averaged, they vanish.
    stray = ((_squared(_smooth(error)) > STRANGE**2) & ~inside).mean(1)
    ok = (stray < STRAY) & (~is_thing | (misfit < UNLIKE))
    return [
        shapes.things[b] if there else None for b, there in zip(best, is_thing, strict=True)
    ], ok


def _squared(error: np.ndarray) -> np.ndarray:
    """(B, h, w, 3) -> (B, h·w), summed over colours."""
    return (error**2).sum(-1).reshape(len(error), -1)


def _smooth(error: np.ndarray) -> np.ndarray:
    """The mean of each 3 x 3 pixels: (B, h, w, 3) -> (B, h, w, 3)."""
    padded = np.pad(error, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = error.shape[1:3]
    total = np.zeros_like(error)
    for y, x in product(range(3), range(3)):
        total += padded[:, y : y + height, x : x + width]
    return total / 9


def _compare(
    seen: np.ndarray, behind: np.ndarray, shapes: _Shapes
) -> tuple[np.ndarray, np.ndarray]:
    """How each candidate changes the squared distance of each picture to its explanation.

    With seen D = picture - B, a thing of picture P and opacity m explains T = P - m·B, and
    |D - T|² = |D|² - 2 D·T + |T|². All of it is written as matrix products.

    Returns:
        (B, K) |T|² - 2 D·T, negative where the thing explains more than the empty background
        does; (B, K) |T|², its contrast.
    """
    p, m = shapes.picture, shapes.opacity
    rgb = (len(seen), -1, 3)
    d_dot_b = (seen * behind).reshape(rgb).sum(-1)
    b_squared = (behind**2).reshape(rgb).sum(-1)
    d_dot_t = seen @ p.T - d_dot_b @ m.T
    faded = p * np.repeat(m, 3, axis=1)
    contrast = (p**2).sum(1) - 2 * (behind @ faded.T) + b_squared @ (m**2).T
    return contrast - 2 * d_dot_t, contrast


# Probability; a picture with an answer less sure than this cannot be read. On the val split 0.6
# refuses 0.2 % of the true pictures and half of those blended from two.
SURE = 0.6


def classifier_parser(model: SceneClassifier, sure: float = SURE) -> SceneParser:
    """Return a judge, as `score_pictures` takes it, from a trained network.

    Args:
        model: in eval mode.
        sure: how sure every answer must be, 0 to 1, for a picture to count as read.

    Returns:
        A function of pictures (N, H, W, 3) uint8 RGB, square, of any size, that returns N scenes,
        None where the picture cannot be read. It does not read jitter and clouds.
    """

    def read(pictures: np.ndarray) -> list[Scene | None]:
        scenes: list[Scene | None] = []
        for start in range(0, len(pictures), 250):
            scenes += _classify_batch(model, np.array(pictures[start : start + 250]), sure)
        return scenes

    return read


def _classify_batch(
    model: SceneClassifier, pictures: np.ndarray, sure: float
) -> list[Scene | None]:
    answers, confidence = predict_slots(model, prepare(torch.from_numpy(pictures)))
    scenes = from_slots({name: answer.cpu().numpy() for name, answer in answers.items()})
    return [scene if c >= sure else None for scene, c in zip(scenes, confidence.tolist())]
