"""Random scenes of the second edition, in which two or three things may be of one kind."""

from __future__ import annotations

from collections import Counter

import numpy as np

from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUNDS,
    JITTER_X,
    JITTER_Y,
    KINDS_ON,
    NOVEL_COLOUR,
    SIZES,
    SKIES,
    SKY_KINDS,
    VARIANTS,
    Scene,
    Thing,
    has_novel_pair,
    has_novel_relation,
)

GROUP_SHARE = 0.25  # of the scenes have two or three things of one kind
# How many things of each kind a scene has, before kinds are chosen, with the probabilities.
SINGLES = ((1,), (1, 1), (1, 1, 1))
SINGLES_SHARE = (0.35, 0.4, 0.25)
GROUPS = ((2,), (2, 1), (3,))
GROUPS_SHARE = (0.4, 0.35, 0.25)
SAME_COLOUR = 0.5  # probability that the things of a group share one colour
SAME_SIZE = 0.5  # probability that they share one size

# Numbers of a kind that only the novel split has.
NOVEL_COUNT = (("kite", 2), ("boat", 3))
NOVELTIES = ("colour", "relation", "count")
NOVELTIES_SHARE = (0.7, 0.2, 0.1)


def group_sizes(scene: Scene) -> dict[str, int]:
    """Return how many things of each kind a scene has."""
    return dict(Counter(thing.kind for thing in scene.things))


def follows_the_second_rules(scene: Scene) -> bool:
    """Tell whether the second edition may contain the scene.

    It has one to three things, its ground allows their kinds, and things of different kinds have
    different colours. The things of one kind share their colour or all differ.
    """
    kinds = set(group_sizes(scene))
    colours = {kind: {t.colour for t in scene.things if t.kind == kind} for kind in kinds}
    sizes = group_sizes(scene)
    return (
        1 <= len(scene.things) <= 3
        and kinds <= {*KINDS_ON[scene.ground], *SKY_KINDS}
        and sum(map(len, colours.values())) == len(set().union(*colours.values()))
        and all(len(colours[kind]) in (1, sizes[kind]) for kind in kinds)
    )


def novelties(scene: Scene) -> frozenset[str]:
    """Return what a scene has that training never has, some of `NOVELTIES`.

    Args:
        scene: any scene.

    Returns:
        "colour": a thing has the novel colour of its kind. "relation": a pair of `NOVEL_LEFT_OF`.
        "count": a number of things of one kind that is in `NOVEL_COUNT`.
    """
    found = {
        "colour": any(map(has_novel_pair, scene.things)),
        "relation": has_novel_relation(scene),
        "count": any(pair in NOVEL_COUNT for pair in group_sizes(scene).items()),
    }
    return frozenset(name for name, there in found.items() if there)


def sample_second_scene(rng: np.random.Generator, novel: bool = False) -> Scene:
    """Sample a scene of the second edition.

    Args:
        rng: random generator.
        novel: sample a scene with exactly one of `NOVELTIES`. If it is "colour", every thing has
            the novel colour of its kind.

    Returns:
        A scene that follows `follows_the_second_rules`.
    """
    wanted = str(rng.choice(NOVELTIES, p=NOVELTIES_SHARE)) if novel else None
    while True:
        scene = _propose(rng, wanted)
        if scene is not None and novelties(scene) == ({wanted} if wanted else set()):
            return scene


def _propose(rng: np.random.Generator, novelty: str | None) -> Scene | None:
    """Propose a scene; None if the sampled kinds and colours are not allowed together."""
    sky, ground = str(rng.choice(SKIES)), str(rng.choice(GROUNDS))
    numbers = _numbers(rng, grouped=novelty == "count" or rng.random() < GROUP_SHARE)
    kinds = [str(k) for k in rng.choice(KINDS_ON[ground] + SKY_KINDS, len(numbers), replace=False)]
    columns = {flies: [int(c) for c in rng.permutation(3)] for flies in (False, True)}
    things: list[Thing] = []
    for kind, number in zip(kinds, numbers, strict=True):
        colours = _colours(rng, kind, number, novelty, {thing.colour for thing in things})
        if colours is None:
            return None
        sizes = [str(s) for s in rng.choice(SIZES, number)]
        if rng.random() < SAME_SIZE:
            sizes = sizes[:1] * number
        things += [
            Thing(
                kind,
                colour,
                size,
                columns[kind in SKY_KINDS].pop(),
                int(rng.integers(-JITTER_X, JITTER_X + 1)),
                int(rng.integers(-JITTER_Y, JITTER_Y + 1)),
            )
            for colour, size in zip(colours, sizes, strict=True)
        ]
    return Scene(sky, ground, tuple(things), int(rng.integers(VARIANTS)))


def _numbers(rng: np.random.Generator, grouped: bool) -> tuple[int, ...]:
    options, shares = (GROUPS, GROUPS_SHARE) if grouped else (SINGLES, SINGLES_SHARE)
    return options[int(rng.choice(len(options), p=shares))]


def _colours(
    rng: np.random.Generator, kind: str, number: int, novelty: str | None, taken: set[str]
) -> list[str] | None:
    """Sample the colours of the things of one kind; None if the colour it needs is taken."""
    if novelty == "colour":
        return None if NOVEL_COLOUR[kind] in taken else [NOVEL_COLOUR[kind]] * number
    free = [c for c in COLOURS if c != NOVEL_COLOUR[kind] and c not in taken]
    if rng.random() < SAME_COLOUR:
        return [str(rng.choice(free))] * number
    return [str(colour) for colour in rng.choice(free, number, replace=False)]
