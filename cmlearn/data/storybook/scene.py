"""A scene of the Storybook world, as values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple")
SIZES = ("small", "big")
SKIES = ("day", "night", "sunset")
GROUNDS = ("grass", "sand", "snow", "sea")
GROUND_KINDS = ("house", "tree", "car", "flower", "ball", "boat")
SKY_KINDS = ("kite", "star", "balloon")
KINDS = GROUND_KINDS + SKY_KINDS
RELATIONS = ("left of", "right of", "above", "below")
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}

# What may stand where: boats need water or a beach, and not much grows on snow or water.
KINDS_ON = {
    "grass": ("house", "tree", "car", "flower", "ball"),
    "sand": ("house", "tree", "car", "flower", "ball", "boat"),
    "snow": ("house", "tree", "car", "ball"),
    "sea": ("ball", "boat"),
}

COLUMN_X = (11, 32, 53)  # centres of the three columns, in 64ths of the picture's width
SKY_Y = 13  # where things fly, in 64ths of the picture's height
GROUND_Y = 57  # where things stand: the line under them
JITTER_X, JITTER_Y = 1, 1  # 64ths; small enough that no relation becomes ambiguous
MARGIN = 8  # 64ths; closer than this, two things are neither left nor right of one another
VARIANTS = 2  # ways to draw the clouds and hills, which no caption speaks of


@dataclass(frozen=True)
class Thing:
    """One thing: what it is, how it looks, and the place it takes.

    Attributes:
        kind: one of `KINDS`.
        colour: one of `COLOURS`.
        size: one of `SIZES`.
        column: 0 (left), 1 (middle) or 2 (right).
        dx: offset from the column's centre, -1 to 1, in 64ths of the picture's width.
        dy: offset from the row's height, -1 to 1, in 64ths of the picture's height.
    """

    kind: str
    colour: str
    size: str
    column: int
    dx: int = 0
    dy: int = 0

    @property
    def flies(self) -> bool:
        """Whether it belongs in the sky."""
        return self.kind in SKY_KINDS

    @property
    def x(self) -> int:
        """Its centre, in 64ths of the picture's width."""
        return COLUMN_X[self.column] + self.dx

    @property
    def y(self) -> int:
        """Where it is from the top: the centre of what flies, the foot of what stands."""
        return (SKY_Y if self.flies else GROUND_Y) + self.dy


@dataclass(frozen=True)
class Scene:
    """A picture's whole truth.

    Attributes:
        sky: one of `SKIES`.
        ground: one of `GROUNDS`.
        things: in different places. A scene of the data set has one to three of them, of
            different kinds and different colours (`follows_the_rules`); one that was read off
            a generated picture may be less orderly.
        variant: which clouds and hills, 0 to `VARIANTS` - 1.
    """

    sky: str
    ground: str
    things: tuple[Thing, ...]
    variant: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        problem = _problem(self)
        if problem:
            raise ValueError(f"Scene: {problem}")

    @property
    def content(self) -> tuple[object, ...]:
        """What there is to see, without jitter and clouds: two scenes may share it."""
        things = sorted((t.column, t.kind, t.colour, t.size) for t in self.things)
        return (self.sky, self.ground, *things)


def _problem(scene: Scene) -> str | None:
    """Why a scene cannot be drawn, or None."""
    if scene.sky not in SKIES or scene.ground not in GROUNDS:
        return f"no such sky and ground: {scene.sky!r}, {scene.ground!r}"
    for thing in scene.things:
        if thing.kind not in KINDS or thing.colour not in COLOURS or thing.size not in SIZES:
            return f"not a thing of this world: {thing}"
        if thing.column not in (0, 1, 2) or abs(thing.dx) > JITTER_X or abs(thing.dy) > JITTER_Y:
            return f"too far from its place: {thing}"
    if len({(t.column, t.flies) for t in scene.things}) < len(scene.things):
        return "two things in one place"
    return None


def follows_the_rules(scene: Scene) -> bool:
    """Whether the data set may hold this scene: see the attributes of `Scene`."""
    kinds, colours = ({getattr(t, part) for t in scene.things} for part in ("kind", "colour"))
    return (
        1 <= len(scene.things) <= 3
        and len(kinds) == len(colours) == len(scene.things)
        and kinds <= {*KINDS_ON[scene.ground], *SKY_KINDS}
    )


def holds(a: Thing, relation: str, b: Thing) -> bool:
    """Whether thing `a` stands in `relation` (one of `RELATIONS`) to thing `b`.

    Left and right are seen from the viewer. A diagonal pair is both: above and left of.
    """
    if relation not in RELATIONS:
        raise ValueError(f"relation: {relation!r} is none of {RELATIONS}")
    if relation in ("right of", "below"):
        a, b = b, a
    return b.x - a.x > MARGIN if relation in ("left of", "right of") else b.y - a.y > MARGIN


# ── combinations that only the novel split has ────────────────────────────────────────────────

NOVEL_COLOUR = {
    "house": "purple",
    "tree": "blue",
    "car": "yellow",
    "flower": "orange",
    "ball": "green",
    "boat": "red",
    "kite": "orange",
    "star": "blue",
    "balloon": "purple",
}
NOVEL_LEFT_OF = (("flower", "house"), ("ball", "tree"), ("star", "kite"), ("car", "balloon"))


def has_novel_pair(thing: Thing) -> bool:
    """Whether the thing's kind has the colour that training never shows it in."""
    return NOVEL_COLOUR[thing.kind] == thing.colour


def has_novel_relation(scene: Scene) -> bool:
    """Whether two things stand, left and right, as they never do in training."""
    return any(
        (a.kind, b.kind) in NOVEL_LEFT_OF and holds(a, "left of", b)
        for pair in combinations(scene.things, 2)
        for a, b in (pair, pair[::-1])
    )


# ── sampling ──────────────────────────────────────────────────────────────────────────────────


def sample_scene(rng: np.random.Generator, novel: bool = False) -> Scene:
    """Draw a scene: in the training world, or (`novel`) one that training cannot have.

    Four of five novel scenes have only things with a colour that is new for their kind; the
    fifth has ordinary things in a new left-and-right order.
    """
    new_pairs = novel and rng.random() < 0.8
    while True:
        scene = _propose(rng, new_pairs)
        if scene is None:
            continue
        new_relation = has_novel_relation(scene)
        if new_pairs or new_relation == novel:
            return scene


def _propose(rng: np.random.Generator, new_pairs: bool) -> Scene | None:
    """One try at a scene; None where the kinds drawn have no room or not enough colours."""
    sky, ground = str(rng.choice(SKIES)), str(rng.choice(GROUNDS))
    count = int(rng.choice((1, 2, 3), p=(0.3, 0.45, 0.25)))
    kinds = [str(k) for k in rng.choice(KINDS_ON[ground] + SKY_KINDS, count, replace=False)]
    colours = _colours(rng, kinds, new_pairs)
    if colours is None:
        return None
    columns = {flies: [int(c) for c in rng.permutation(3)] for flies in (False, True)}
    things = tuple(
        Thing(
            kind,
            colour,
            str(rng.choice(SIZES)),
            columns[kind in SKY_KINDS].pop(),
            int(rng.integers(-JITTER_X, JITTER_X + 1)),
            int(rng.integers(-JITTER_Y, JITTER_Y + 1)),
        )
        for kind, colour in zip(kinds, colours, strict=True)
    )
    return Scene(sky, ground, things, int(rng.integers(VARIANTS)))


def _colours(rng: np.random.Generator, kinds: list[str], new_pairs: bool) -> list[str] | None:
    """A different colour for each kind: all new for their kinds, or none; None if impossible."""
    if new_pairs:
        colours = [NOVEL_COLOUR[kind] for kind in kinds]
        return colours if len(set(colours)) == len(colours) else None
    colours = [str(c) for c in rng.choice(COLOURS, len(kinds), replace=False)]
    clash = any(NOVEL_COLOUR[k] == c for k, c in zip(kinds, colours, strict=True))
    return None if clash else colours
