"""A parser of stickers, which reads kind, colour and size by fitting the renderer's shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.renderer import render, render_thing
from cmlearn.data.storybook.scene import (
    COLOURS,
    COLUMN_X,
    GROUNDS,
    JITTER_X,
    JITTER_Y,
    KINDS,
    SIZES,
    SKIES,
    VARIANTS,
    Scene,
    Thing,
)
from cmlearn.data.storybook.stickers import STICKER_SIZE, window

PARTS = ("kind", "colour", "size")
BATCH = 250  # stickers parsed at once; bounds the memory
VALUES = 3 * STICKER_SIZE**2

# Thresholds, chosen on val: they accept what is blurred or noisy a little, and reject noise and
# blends of two stickers.
CAP = 40.0  # summed RGB difference at which a pixel's distance to a background saturates
EXPLAINS = 0.3  # share of a thing's squared distance to its background that must be explained
STRANGE = 60.0  # RGB distance from which a smoothed pixel outside the thing is an outlier
STRAY = 0.03  # share of the pixels that may be outliers


@dataclass(frozen=True)
class Sticker:
    """What a sticker shows.

    Attributes:
        thing: the thing, with its column and jitter.
        sky: one of `SKIES`.
        ground: one of `GROUNDS`, or "" behind a flying thing, where no ground is to be seen.
    """

    thing: Thing
    sky: str
    ground: str

    @property
    def backdrop(self) -> tuple[str, str, int]:
        """What the caption leaves open: sky, ground and column."""
        return self.sky, self.ground, self.thing.column


def parse_stickers(stickers: np.ndarray) -> list[Sticker | None]:
    """Parse each sticker.

    The parse is the nearest empty background, and on it the nearest thing: kind, colour, size and
    position. A sticker with too large a residual is rejected.

    Args:
        stickers: (N, 32, 32, 3) uint8 RGB.

    Returns:
        N parses; None where a sticker cannot be read.

    Raises:
        ValueError: the array has another shape or type.
    """
    if stickers.shape[1:] != (STICKER_SIZE, STICKER_SIZE, 3) or stickers.dtype != np.uint8:
        raise ValueError(
            f"stickers: (N, 32, 32, 3) uint8 expected, not {stickers.shape} {stickers.dtype}"
        )
    parses: list[Sticker | None] = []
    for start in range(0, len(stickers), BATCH):
        parses += _parse_batch(stickers[start : start + BATCH].astype(np.float32))
    return parses


def score_stickers(stickers: np.ndarray, captions: Sequence[str]) -> dict[str, float]:
    """Score N generated stickers against the captions they were conditioned on.

    Args:
        stickers: (N, 32, 32, 3) uint8 RGB.
        captions: N captions, such as "a small red car".

    Returns:
        Shares of the stickers, 0 to 1: those of the right `kind`, `colour` and `size`, those where
        `all` three are right, and those that are `unreadable`, which counts as wrong.

    Raises:
        ValueError: there are no stickers, their number differs from that of the captions, or a
            caption does not name one thing.
    """
    right = check_stickers(parse_stickers(stickers), captions)
    shares = {name: float(right[:, n].mean()) for n, name in enumerate(PARTS)}
    return {
        **shares,
        "all": float(right[:, :3].all(axis=1).mean()),
        "unreadable": float(1 - right[:, 3].mean()),
    }


def check_stickers(parses: Sequence[Sticker | None], captions: Sequence[str]) -> np.ndarray:
    """Check N parses against N captions.

    Args:
        parses: what `parse_stickers` returned.
        captions: what should be seen.

    Returns:
        (N, 4) bool: whether kind, colour and size are right, and whether the sticker was read.

    Raises:
        ValueError: the numbers differ or are 0, or a caption does not name one thing.
    """
    if len(parses) != len(captions) or not captions:
        raise ValueError(f"captions: one for each sticker, got {len(captions)} of {len(parses)}")
    return np.array([_check(parse, text) for parse, text in zip(parses, captions)], bool)


def sticker_variety(stickers: np.ndarray, captions: Sequence[str]) -> float:
    """Return the mean number of different backdrops among the right ones of K stickers.

    A model that always draws the same gets at most 1.

    Args:
        stickers: (N, K, 32, 32, 3) uint8 RGB, K stickers for each caption.
        captions: N captions.

    Returns:
        The mean over the captions, 0 to K.
    """
    seen = []
    for row, caption in zip(stickers, captions, strict=True):
        parses = parse_stickers(row)
        right = check_stickers(parses, [caption] * len(row))
        pairs = zip(parses, right, strict=True)
        seen.append({parse.backdrop for parse, each in pairs if each.all() and parse})
    return float(np.mean([len(backdrops) for backdrops in seen]))


def _check(parse: Sticker | None, caption: str) -> tuple[bool, bool, bool, bool]:
    mentions = parse_caption(caption).mentions
    if len(mentions) != 1 or mentions[0].kind not in KINDS:
        raise ValueError(f"captions: {caption!r} does not name one thing")
    if parse is None:
        return False, False, False, False
    (wanted,), thing = mentions, parse.thing
    return (
        wanted.kind == thing.kind,
        all(colour == thing.colour for colour in wanted.colours),
        all(size == thing.size for size in wanted.sizes),
        True,
    )


@dataclass(frozen=True)
class _Shapes:
    """All things in all positions on a sticker, as arrays for matrix products.

    Attributes:
        things: K things.
        picture: (K, VALUES) float32, each thing on black.
        opacity: (K, VALUES) float32, 0 to 1.
    """

    things: tuple[Thing, ...]
    picture: np.ndarray
    opacity: np.ndarray


@cache
def _shapes() -> _Shapes:
    """Return the candidates. The middle column of the sticker is the middle at every jitter."""
    jitter = list(product(range(-JITTER_X, JITTER_X + 1), range(-JITTER_Y, JITTER_Y + 1)))
    things = [
        Thing(kind, colour, size, column, dx, dy)
        for kind, colour, size in product(KINDS, COLOURS, SIZES)
        for column in range(len(COLUMN_X))
        for dx, dy in jitter
        if column != 1 or dx == 0
    ]
    parts = [_cut(thing) for thing in things]
    picture, opacity = (np.stack(each) for each in zip(*parts, strict=True))
    return _Shapes(tuple(things), picture, opacity)


def _cut(thing: Thing) -> tuple[np.ndarray, np.ndarray]:
    """Return a thing on black and its opacity on a sticker, (VALUES,) each."""
    middle = Thing(thing.kind, thing.colour, thing.size, column=1)
    by = (thing.y - middle.y, thing.x - middle.x)  # slots are whole pixels apart
    picture, opacity = (np.roll(part, by, (0, 1))[window(thing)] for part in _render_once(middle))
    return picture.ravel(), np.repeat(opacity.ravel(), 3)


_render_once = cache(render_thing)


@cache
def _backgrounds() -> tuple[list[tuple[str, str]], np.ndarray]:
    """Return the (sky, ground) of all empty stickers, and their pixels (K, VALUES) float32."""
    names, pixels = [], []
    windows = ((0, 0), (1, -1), (1, 0), (1, 1), (2, 0))  # column and dx of each different window
    for kind, (column, dx) in product((KINDS[0], KINDS[-1]), windows):
        thing = Thing(kind, COLOURS[0], SIZES[0], column, dx)
        for sky, ground, variant in product(SKIES, GROUNDS, range(VARIANTS)):
            if thing.flies and ground != GROUNDS[0]:
                continue
            names.append((sky, "" if thing.flies else ground))
            pixels.append(render(Scene(sky, ground, (), variant))[window(thing)].ravel())
    return names, np.stack(pixels).astype(np.float32)


def _parse_batch(stickers: np.ndarray) -> list[Sticker | None]:
    """(B, 32, 32, 3) float32 -> B parses."""
    names, backgrounds = _backgrounds()
    which = _nearest_background(stickers)
    behind = backgrounds[which]  # (B, VALUES)
    seen = stickers.reshape(len(stickers), -1)
    best, explained = _nearest_thing(seen - behind, behind)
    shapes = _shapes()
    opacity = shapes.opacity[best]
    fit = shapes.picture[best] + (1 - opacity) * behind
    error = np.where(opacity > 0, 0, seen - fit).reshape(stickers.shape)
    stray = (np.linalg.norm(_smooth(error), axis=3) > STRANGE).mean(axis=(1, 2))
    ok = (explained > EXPLAINS) & (stray < STRAY)
    return [
        Sticker(shapes.things[b], *names[w]) if good else None
        for b, w, good in zip(best, which, ok, strict=True)
    ]


def _nearest_background(stickers: np.ndarray) -> np.ndarray:
    """Return the index of the background with the least capped distance: (B,)."""
    _, backgrounds = _backgrounds()
    rough = stickers[:, ::2, ::2]  # every second row and column is enough, and four times as fast
    distance = np.empty((len(stickers), len(backgrounds)), np.float32)
    for k, background in enumerate(backgrounds):
        empty = background.reshape(stickers.shape[1:])[::2, ::2]
        difference = np.abs(rough - empty).sum(-1)
        # A thing differs strongly from every background: without the cap it would decide.
        distance[:, k] = np.minimum(difference, CAP).mean((1, 2))
    return distance.argmin(1)


def _nearest_thing(seen: np.ndarray, behind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the index of the nearest thing, and the share of its contrast that it explains.

    With D = sticker - B over the background B, a thing with picture P and opacity m changes the
    background by T = P - m·B, and |D - T|² = |D|² - 2 D·T + |T|². All terms are matrix products.

    Args:
        seen: D, (B, VALUES).
        behind: B, (B, VALUES).

    Returns:
        (B,) indices, and (B,) shares: 1 for a perfect fit, negative for none.
    """
    p, m = _shapes().picture, _shapes().opacity
    product_ = seen @ p.T - (seen * behind) @ m.T
    contrast = (p**2).sum(1) - 2 * behind @ (p * m).T + behind**2 @ (m**2).T
    change = contrast - 2 * product_  # |D - T|² - |D|²
    best = change.argmin(1)
    at = np.arange(len(seen))
    return best, -change[at, best] / np.maximum(contrast[at, best], 1)


def _smooth(error: np.ndarray) -> np.ndarray:
    """Return the mean over 3 × 3 pixels: (B, h, w, 3) -> (B, h, w, 3)."""
    padded = np.pad(error, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = error.shape[1:3]
    shifts = product(range(3), range(3))
    return np.mean([padded[:, y : y + height, x : x + width] for y, x in shifts], axis=0)
