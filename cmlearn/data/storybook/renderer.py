"""Render Storybook scenes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from cmlearn.data.storybook.scene import Scene, Thing

OVERSAMPLING = 4  # the canvas is this much larger and then averaged, for smooth edges
KEPT_UP_TO = 64  # pixels; larger backdrops are not cached, because they would fill the memory
HORIZON = 37  # 64ths of the picture's height from the top
WIDTH = {"big": 17.0, "small": 11.0}  # of a thing, in 64ths of the picture's width

Rgb = tuple[int, int, int]
Points = list[tuple[float, float]]

INK: Rgb = (62, 44, 52)
WHITE: Rgb = (252, 250, 244)
STARLIGHT: Rgb = (206, 208, 214)
THING_RGB: dict[str, Rgb] = {
    "red": (216, 46, 50),
    "orange": (244, 134, 36),
    "yellow": (252, 214, 56),
    "green": (40, 142, 70),
    "blue": (48, 104, 216),
    "purple": (138, 70, 180),
}
SKY_RGB: dict[str, tuple[Rgb, Rgb]] = {  # colour at the top, colour at the horizon
    "day": ((160, 210, 240), (222, 240, 246)),
    "night": ((26, 30, 66), (66, 70, 118)),
    "sunset": ((206, 150, 178), (252, 214, 168)),
}
CLOUD_RGB: dict[str, Rgb] = {
    "day": (240, 248, 250),
    "night": (52, 56, 100),
    "sunset": (236, 184, 178),
}
GROUND_RGB: dict[str, Rgb] = {
    "grass": (158, 200, 112),
    "sand": (236, 214, 166),
    "snow": (236, 242, 248),
    "sea": (112, 182, 206),
}
GROUND_LIGHT = {"day": 100, "night": 72, "sunset": 94}  # brightness of the ground, in per cent


def render(scene: Scene, size: int = 64) -> np.ndarray:
    """Render a scene.

    The result is the same on every machine, because the averaging uses integers only.

    Args:
        scene: the scene to render.
        size: width and height in pixels, at least 16.

    Returns:
        (size, size, 3) uint8 RGB.

    Raises:
        ValueError: `size` is less than 16.
    """
    if size < 16:
        raise ValueError(f"size: must be at least 16 pixels, got {size}")
    pen = _Pen(size * OVERSAMPLING)
    behind = _kept_backdrop if size <= KEPT_UP_TO else _backdrop
    pen.canvas[:] = behind(scene.sky, scene.ground, scene.variant, size)
    for thing in sorted(scene.things, key=lambda t: t.y):
        _draw_thing(pen, thing)
    return _average_down(pen.canvas)


def render_thing(thing: Thing, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Render a thing without a background.

    Over a background B, the thing is composited as picture + (1 - opacity)·B.

    Args:
        thing: the thing to render.
        size: width and height in pixels.

    Returns:
        The thing on black, (size, size, 3) float32 in 0 to 255, and its opacity, (size, size)
        float32 in 0 to 1.
    """
    drawn = []
    for backdrop in (0, 255):
        pen = _Pen(size * OVERSAMPLING)
        pen.canvas[:] = backdrop
        _draw_thing(pen, thing)
        drawn.append(_average_down(pen.canvas).astype(np.float32))
    black, white = drawn
    return black, 1 - (white - black).mean(-1) / 255


class Box(NamedTuple):
    """A bounding box in 64ths of the picture, from the left and the top.

    Attributes:
        left: first column.
        top: first row.
        right: column after the last.
        bottom: row after the last.
    """

    left: int
    top: int
    right: int
    bottom: int


@cache  # rendering is slow, and there are only a few thousand different things
def thing_box(thing: Thing) -> Box:
    """Return the bounding box of the pixels where the thing's opacity is at least 0.5."""
    _, opacity = render_thing(thing)
    rows, columns = np.nonzero(opacity >= 0.5)
    left, right = int(columns.min()), int(columns.max()) + 1
    return Box(left, int(rows.min()), right, int(rows.max()) + 1)


def _backdrop(sky: str, ground: str, variant: int, size: int) -> np.ndarray:
    """Draw sky and ground; return the canvas."""
    pen, empty = _Pen(size * OVERSAMPLING), Scene(sky, ground, (), variant)
    _draw_sky(pen, empty)
    _draw_ground(pen, empty)
    return pen.canvas


# There are only 48 backdrops, and they take longer to draw than the things.
_kept_backdrop = lru_cache(maxsize=48)(_backdrop)


def _average_down(canvas: np.ndarray) -> np.ndarray:
    """Average blocks of k × k pixels with integers: (S·k, S·k, 3) -> (S, S, 3) uint8."""
    k = OVERSAMPLING
    rows = np.add.reduce([canvas[i::k] for i in range(k)], dtype=np.uint16)
    total = np.add.reduce([rows[:, i::k] for i in range(k)])
    return ((total + k * k // 2) // (k * k)).astype(np.uint8)


class _Pen:
    """Draws on a canvas, in 64ths of the picture, relative to an origin and a scale."""

    def __init__(self, pixels: int) -> None:
        self.canvas = np.zeros((pixels, pixels, 3), np.uint8)
        self.unit = pixels / 64
        self.origin = (0.0, 0.0)
        self.scale = 1.0

    def polygon(self, points: Points, colour: Rgb) -> None:
        (x, y), s = self.origin, self.scale
        corners = [((x + s * px) * self.unit, (y + s * py) * self.unit) for px, py in points]
        cv2.fillPoly(self.canvas, [np.rint(corners).astype(np.int32)], colour)

    def disc(self, x: float, y: float, rx: float, ry: float, colour: Rgb) -> None:
        self.polygon(_ellipse(x, y, rx, ry), colour)

    def line(self, a: tuple[float, float], b: tuple[float, float], width: float, ink: Rgb) -> None:
        length = math.hypot(b[0] - a[0], b[1] - a[1])
        nx, ny = (a[1] - b[1]) * width / 2 / length, (b[0] - a[0]) * width / 2 / length
        sides = [(a[0] + nx, a[1] + ny), (b[0] + nx, b[1] + ny)]
        self.polygon([*sides, (b[0] - nx, b[1] - ny), (a[0] - nx, a[1] - ny)], ink)


_TURN = [(math.cos(2 * math.pi * i / 28), math.sin(2 * math.pi * i / 28)) for i in range(28)]


def _ellipse(x: float, y: float, rx: float, ry: float) -> Points:
    return [(x + rx * cos, y + ry * sin) for cos, sin in _TURN]


def _shade(colour: Rgb, per_cent: int) -> Rgb:
    r, g, b = (min(255, c * per_cent // 100) for c in colour)
    return r, g, b


# ── backdrop ──────────────────────────────────────────────────────────────────────────────────


def _draw_sky(pen: _Pen, scene: Scene) -> None:
    """Draw the sky in bands of colour, the clouds of the variant and, at night, stars."""
    top, low = (np.array(c) for c in SKY_RGB[scene.sky])
    bands = 12
    for i in range(bands):
        colour = (top * (bands - 1 - i) + low * i) // (bands - 1)
        y = HORIZON * i / bands
        r, g, b = (int(c) for c in colour)
        pen.polygon([(0, y), (64, y), (64, HORIZON + 1), (0, HORIZON + 1)], (r, g, b))
    cloud = CLOUD_RGB[scene.sky]
    clouds = (((22, 6, 5), (44, 27, 6)), ((42, 5, 5), (20, 28, 6)))
    for x, y, r in clouds[scene.variant]:
        pen.disc(x - r * 0.7, y + 0.6, r * 0.7, r * 0.36, cloud)
        pen.disc(x + r * 0.7, y + 0.6, r * 0.8, r * 0.36, cloud)
        pen.disc(x, y, r * 0.7, r * 0.55, cloud)
    if scene.sky == "night":
        for i in range(14):
            x, y = (i * 23 + scene.variant * 11) % 64, (i * i * 7 + scene.variant * 5) % 34
            pen.polygon([(x, y + 0.5), (x + 0.5, y), (x + 1, y + 0.5), (x + 0.5, y + 1)], STARLIGHT)


def _draw_ground(pen: _Pen, scene: Scene) -> None:
    """Draw hills at the horizon (none at sea), the ground and its texture."""
    ground = _shade(GROUND_RGB[scene.ground], GROUND_LIGHT[scene.sky])
    far, dab = _shade(ground, 90), _shade(ground, 93)
    if scene.ground != "sea":
        shift = (0, 16)[scene.variant]
        for x, rx in ((8, 22), (46, 26), (84, 20), (-30, 26)):
            pen.disc((x + shift + 40) % 114 - 25, HORIZON + 3, rx, 6, far)
    pen.polygon([(0, HORIZON), (64, HORIZON), (64, 64), (0, 64)], ground)
    if scene.ground == "sea":
        pen.polygon([(0, HORIZON), (64, HORIZON), (64, HORIZON + 1), (0, HORIZON + 1)], far)
    for i in range(9):
        x, y = (i * 29 + scene.variant * 17) % 64, HORIZON + 4 + (i * 7) % 22
        _DABS[scene.ground](pen, x, y, dab)


_DABS: dict[str, Callable[[_Pen, float, float, Rgb], None]] = {
    "grass": lambda pen, x, y, c: pen.polygon(
        [(x - 1, y - 2), (x, y), (x + 1, y - 2), (x, y + 1)], c
    ),
    "sand": lambda pen, x, y, c: pen.disc(x, y, 1.0, 0.5, c),
    "snow": lambda pen, x, y, c: pen.disc(x, y, 5.0, 0.6, c),
    "sea": lambda pen, x, y, c: pen.polygon(
        [(x - 4, y), (x, y - 0.8), (x + 4, y), (x, y + 0.5)], c
    ),
}


# ── things ────────────────────────────────────────────────────────────────────────────────────
# Each thing has width 1 and is centred at x = 0. y = 0 is the lower edge of a standing thing and
# the centre of a flying one. The outline is drawn first and the fill over it.


def _draw_thing(pen: _Pen, thing: Thing) -> None:
    pen.origin, pen.scale = (float(thing.x), float(thing.y)), WIDTH[thing.size]
    _SHAPES[thing.kind](pen, THING_RGB[thing.colour], 1.0 / WIDTH[thing.size])
    pen.origin, pen.scale = (0.0, 0.0), 1.0


def _outlined(pen: _Pen, points: Points, colour: Rgb, outline: float) -> None:
    """Draw a filled polygon with an outline, most of which lies outside the polygon."""
    ink = _shade(colour, 45)
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True):
        pen.line((ax, ay), (bx, by), outline, ink)
        pen.disc(ax, ay, outline / 2, outline / 2, ink)
    pen.polygon(points, colour)


def _ringed(
    pen: _Pen, disc: tuple[float, float, float, float], colour: Rgb, outline: float
) -> None:
    """Draw a filled ellipse (x, y, rx, ry) with an outline."""
    x, y, rx, ry = disc
    pen.disc(x, y, rx + outline / 2, ry + outline / 2, _shade(colour, 45))
    pen.disc(x, y, rx, ry, colour)


def _house(pen: _Pen, colour: Rgb, outline: float) -> None:
    _outlined(pen, [(-0.4, -0.68), (0.4, -0.68), (0.4, 0), (-0.4, 0)], colour, outline)
    _outlined(pen, [(-0.5, -0.66), (0, -1.16), (0.5, -0.66)], colour, outline)
    pen.polygon([(-0.5, -0.66), (0, -1.16), (0.5, -0.66)], _shade(colour, 70))
    pen.polygon([(-0.11, -0.34), (0.11, -0.34), (0.11, 0), (-0.11, 0)], INK)
    for x in (-0.26, 0.26):
        pen.polygon(
            [(x - 0.08, -0.58), (x + 0.08, -0.58), (x + 0.08, -0.42), (x - 0.08, -0.42)], WHITE
        )


def _tree(pen: _Pen, colour: Rgb, outline: float) -> None:
    _outlined(pen, [(-0.1, -0.5), (0.1, -0.5), (0.13, 0), (-0.13, 0)], (132, 90, 62), outline)
    crown = [(-0.24, -0.66, 0.26), (0.24, -0.66, 0.26), (0.0, -0.98, 0.32)]
    for x, y, r in crown:
        pen.disc(x, y, r + outline / 2, r + outline / 2, _shade(colour, 45))
    for x, y, r in crown:
        pen.disc(x, y, r, r, colour)
    pen.disc(0, -0.74, 0.3, 0.26, colour)


def _car(pen: _Pen, colour: Rgb, outline: float) -> None:
    cabin = [(-0.3, -0.36), (-0.2, -0.62), (0.18, -0.62), (0.32, -0.36)]
    body = [(-0.5, -0.38), (0.5, -0.38), (0.5, -0.12), (-0.5, -0.12)]
    _outlined(pen, cabin, colour, outline)
    _outlined(pen, body, colour, outline)
    pen.polygon(cabin, colour)
    pen.polygon([(-0.2, -0.38), (-0.14, -0.55), (-0.03, -0.55), (-0.03, -0.38)], WHITE)
    pen.polygon([(0.04, -0.38), (0.04, -0.55), (0.14, -0.55), (0.22, -0.38)], WHITE)
    for x in (-0.28, 0.28):
        pen.disc(x, -0.12, 0.14, 0.14, INK)
        pen.disc(x, -0.12, 0.05, 0.05, WHITE)


def _flower(pen: _Pen, colour: Rgb, outline: float) -> None:
    pen.line((0, 0), (0, -0.6), max(0.09, outline), (70, 104, 60))
    petals = [(0.27 * math.sin(a), -0.72 - 0.27 * math.cos(a)) for a in
              (2 * math.pi * i / 5 for i in range(5))]  # fmt: skip
    for x, y in petals:
        pen.disc(x, y, 0.21 + outline / 2, 0.21 + outline / 2, _shade(colour, 45))
    for x, y in petals:
        pen.disc(x, y, 0.21, 0.21, colour)
    pen.disc(0, -0.72, 0.16, 0.16, WHITE)


def _ball(pen: _Pen, colour: Rgb, outline: float) -> None:
    _ringed(pen, (0, -0.42, 0.42, 0.42), colour, outline)
    pen.polygon([(-0.42, -0.5), (0.42, -0.5), (0.42, -0.34), (-0.42, -0.34)], WHITE)


def _boat(pen: _Pen, colour: Rgb, outline: float) -> None:
    pen.line((0, -0.25), (0, -1.12), max(0.07, outline), INK)
    _outlined(pen, [(0.04, -1.1), (0.04, -0.38), (0.44, -0.38)], WHITE, outline)
    _outlined(pen, [(-0.5, -0.3), (0.5, -0.3), (0.32, 0), (-0.32, 0)], colour, outline)
    _outlined(pen, [(-0.06, -0.96), (-0.06, -0.4), (-0.38, -0.4)], colour, outline)


def _kite(pen: _Pen, colour: Rgb, outline: float) -> None:
    pen.line((0, 0.4), (0.2, 0.72), max(0.06, outline), INK)
    diamond = [(0, -0.6), (0.42, -0.12), (0, 0.44), (-0.42, -0.12)]
    _outlined(pen, diamond, colour, outline)
    pen.line((0, -0.6), (0, 0.44), 0.07, _shade(colour, 60))
    pen.line((-0.42, -0.12), (0.42, -0.12), 0.07, _shade(colour, 60))


def _star(pen: _Pen, colour: Rgb, outline: float) -> None:
    radii = (0.55, 0.25)
    points = [(radii[i % 2] * math.sin(math.pi * i / 5), -radii[i % 2] * math.cos(math.pi * i / 5))
              for i in range(10)]  # fmt: skip
    _outlined(pen, points, colour, outline)


def _balloon(pen: _Pen, colour: Rgb, outline: float) -> None:
    pen.line((0, 0.3), (0, 0.68), max(0.05, outline * 0.8), INK)
    _ringed(pen, (0, -0.14, 0.36, 0.45), colour, outline)
    pen.disc(-0.13, -0.3, 0.09, 0.12, WHITE)


_SHAPES: dict[str, Callable[[_Pen, Rgb, float], None]] = {
    "house": _house,
    "tree": _tree,
    "car": _car,
    "flower": _flower,
    "ball": _ball,
    "boat": _boat,
    "kite": _kite,
    "star": _star,
    "balloon": _balloon,
}
