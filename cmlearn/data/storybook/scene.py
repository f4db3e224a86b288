"""Symbolic description of a Storybook scene, and its random generation."""

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
NUM_SLOTS = 6  # left, middle and right of the sky, then left, middle and right of the ground

# Kinds that may stand on each ground: boats need water or a beach; snow has no flowers.
KINDS_ON = {
    "grass": ("house", "tree", "car", "flower", "ball"),
    "sand": ("house", "tree", "car", "flower", "ball", "boat"),
    "snow": ("house", "tree", "car", "ball"),
    "sea": ("ball", "boat"),
}

COLUMN_X = (11, 32, 53)  # centres of the three columns, in 64ths of the picture's width
SKY_Y = 13  # centre of things in the sky, in 64ths of the picture's height
GROUND_Y = 57  # lower edge of things on the ground, in 64ths of the picture's height
JITTER_X, JITTER_Y = 1, 1  # 64ths; small enough that no relation becomes ambiguous
MARGIN = 8  # 64ths; at this distance or less, no relation holds along that axis
VARIANTS = 2  # layouts of clouds and hills, which no caption mentions


@dataclass(frozen=True)
class Thing:
    """An object of a scene.

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
        """Whether the thing is in the sky."""
        return self.kind in SKY_KINDS

    @property
    def x(self) -> int:
        """Horizontal centre, in 64ths of the picture's width from the left."""
        return COLUMN_X[self.column] + self.dx

    @property
    def y(self) -> int:
        """Centre of a flying thing, or lower edge of a standing one, in 64ths from the top."""
        return (SKY_Y if self.flies else GROUND_Y) + self.dy


@dataclass(frozen=True)
class Scene:
    """The complete description of a picture.

    Attributes:
        sky: one of `SKIES`.
        ground: one of `GROUNDS`.
        things: the things, each in a slot of its own. Scenes of the data set also follow the
            rules of `follows_the_rules`; a scene parsed from a generated picture may break them.
        variant: layout of clouds and hills, 0 to `VARIANTS` - 1.

    Raises:
        ValueError: a value is unknown or out of range, or two things share a slot.
    """

    sky: str
    ground: str
    things: tuple[Thing, ...]
    variant: int = 0

    def __post_init__(self) -> None:
        """Check that the scene can be drawn."""
        problem = _problem(self)
        if problem:
            raise ValueError(f"Scene: {problem}")

    @property
    def content(self) -> tuple[object, ...]:
        """The scene without jitter and variant, in a canonical order of things."""
        things = sorted((t.column, t.kind, t.colour, t.size) for t in self.things)
        return (self.sky, self.ground, *things)


def _problem(scene: Scene) -> str | None:
    """Describe why a scene cannot be drawn; None if it can."""
    if scene.sky not in SKIES or scene.ground not in GROUNDS:
        return f"unknown sky or ground: {scene.sky!r}, {scene.ground!r}"
    for thing in scene.things:
        if thing.kind not in KINDS or thing.colour not in COLOURS or thing.size not in SIZES:
            return f"unknown kind, colour or size: {thing}"
        if thing.column not in (0, 1, 2) or abs(thing.dx) > JITTER_X or abs(thing.dy) > JITTER_Y:
            return f"column or offset out of range: {thing}"
    if len({(t.column, t.flies) for t in scene.things}) < len(scene.things):
        return "two things in one slot"
    return None


def follows_the_rules(scene: Scene) -> bool:
    """Tell whether the data set may contain the scene.

    It has one to three things of different kinds and colours, and its ground allows their kinds.
    """
    kinds, colours = ({getattr(t, part) for t in scene.things} for part in ("kind", "colour"))
    return (
        1 <= len(scene.things) <= 3
        and len(kinds) == len(colours) == len(scene.things)
        and kinds <= {*KINDS_ON[scene.ground], *SKY_KINDS}
    )


def holds(a: Thing, relation: str, b: Thing) -> bool:
    """Tell whether "`a` `relation` `b`" is true.

    Left and right are the viewer's. Two relations can hold at once, such as "above" and "left of".

    Args:
        a: the subject of the relation.
        relation: one of `RELATIONS`.
        b: the object of the relation.

    Raises:
        ValueError: the relation is unknown.
    """
    if relation not in RELATIONS:
        raise ValueError(f"relation: must be one of {RELATIONS}, got {relation!r}")
    if relation in ("right of", "below"):
        a, b = b, a
    return b.x - a.x > MARGIN if relation in ("left of", "right of") else b.y - a.y > MARGIN


# Combinations that only the novel split has: a colour for each kind, and pairs (left, right).
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
    """Tell whether the thing has the colour that its kind never has in training."""
    return NOVEL_COLOUR[thing.kind] == thing.colour


def has_novel_relation(scene: Scene) -> bool:
    """Tell whether the scene has a pair of `NOVEL_LEFT_OF`, which training never has."""
    return any(
        (a.kind, b.kind) in NOVEL_LEFT_OF and holds(a, "left of", b)
        for pair in combinations(scene.things, 2)
        for a, b in (pair, pair[::-1])
    )


def sample_scene(rng: np.random.Generator, novel: bool = False) -> Scene:
    """Sample a scene.

    Args:
        rng: random generator.
        novel: sample a scene with combinations that training never has. In 80 % of these scenes,
            every thing has the novel colour of its kind; the others have usual colours and a
            novel pair (left, right).

    Returns:
        A scene that follows the rules of the data set.
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
    """Propose a scene; None if the sampled kinds and colours are not allowed together."""
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
    """Sample different colours, all novel for their kinds or none; None if that fails."""
    if new_pairs:
        colours = [NOVEL_COLOUR[kind] for kind in kinds]
        return colours if len(set(colours)) == len(colours) else None
    colours = [str(c) for c in rng.choice(COLOURS, len(kinds), replace=False)]
    clash = any(NOVEL_COLOUR[k] == c for k, c in zip(kinds, colours, strict=True))
    return None if clash else colours
