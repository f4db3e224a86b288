"""What a caption claims, held against the scene it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from cmlearn.data.storybook.scene import Scene, Thing, holds

CLAIM_KINDS = ("thing", "colour", "size", "relation", "sky", "ground")
NUM_SLOTS = 6  # three columns in the sky, three on the ground


@dataclass(frozen=True)
class Mention:
    """A thing that a caption speaks of; a caption that contradicts itself gives two colours."""

    kind: str
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()

    def fits(self, thing: Thing) -> bool:
        """Whether everything that is said of it is true of `thing`."""
        return (
            self.kind == thing.kind
            and all(c == thing.colour for c in self.colours)
            and all(s == thing.size for s in self.sizes)
        )


@dataclass(frozen=True)
class Relation:
    """That mention number `subject` stands in relation `name` to mention number `object`."""

    subject: int
    name: str
    object: int


@dataclass(frozen=True)
class Description:
    """All that a caption claims.

    Attributes:
        mentions: the things it speaks of, in its order.
        relations: between mentions, by their place in `mentions`.
        skies: the skies it names (more than one contradict each other).
        grounds: the grounds it names.
        dangling: relation words that lack a thing on one side; such a claim is false.
        unknown: words without meaning in this world.
    """

    mentions: tuple[Mention, ...] = ()
    relations: tuple[Relation, ...] = ()
    skies: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One claim of a caption, its kind (one of `CLAIM_KINDS`), and whether it is true.

    `relevant` is False for a colour, size or relation of a thing that is not in the scene: it is
    false, but says nothing about how well colours, sizes or relations are told.
    """

    kind: str
    text: str
    true: bool
    relevant: bool = True


def check_claims(description: Description, scene: Scene) -> tuple[Claim, ...]:
    """Each claim of a description, true or false of the scene.

    Mentions are matched with different things so that as many claims as possible come true;
    "a red house and a red house" therefore needs two of them.
    """
    match = _best_match(description, scene)
    claims = list(_claims_about_things(description, match))
    claims += [Claim("relation", text, False) for text in description.dangling]
    claims += [Claim("sky", sky, sky == scene.sky) for sky in description.skies]
    claims += [Claim("ground", ground, ground == scene.ground) for ground in description.grounds]
    return tuple(claims)


def all_true(description: Description, scene: Scene) -> bool:
    """Whether the description speaks of a thing, and nothing that it says is untrue.

    A word without meaning in this world ("dragon") may claim anything, so that a description
    with one is not all true.
    """
    if not description.mentions or description.unknown:
        return False
    return all(claim.true for claim in check_claims(description, scene))


def _best_match(description: Description, scene: Scene) -> tuple[Thing | None, ...]:
    """For each mention a thing of its kind, all different, or None."""
    mentions, things = description.mentions, scene.things
    kinds = {t.kind: t for t in things}
    if len(kinds) == len(things) and len({m.kind for m in mentions}) == len(mentions):
        return tuple(kinds.get(m.kind) for m in mentions)
    # Something stands twice: try every match of the first mentions. No scene has more things
    # than places; a text that mentions more is false however the rest is matched.
    beginning = Description(
        mentions[:NUM_SLOTS],
        tuple(r for r in description.relations if max(r.subject, r.object) < NUM_SLOTS),
    )
    options = [[*(t for t in things if t.kind == m.kind), None] for m in beginning.mentions]
    best = max(
        (match for match in product(*options) if _all_different(match)),
        key=lambda match: sum(c.true for c in _claims_about_things(beginning, match)),
    )
    return best + (None,) * len(mentions[NUM_SLOTS:])


def _all_different(match: tuple[Thing | None, ...]) -> bool:
    things = [thing for thing in match if thing]
    return len(set(things)) == len(things)


def _claims_about_things(
    description: Description, match: tuple[Thing | None, ...]
) -> Iterator[Claim]:
    for mention, thing in zip(description.mentions, match, strict=True):
        there = thing is not None
        yield Claim("thing", mention.kind, there)
        for colour in mention.colours:
            true = thing is not None and thing.colour == colour
            yield Claim("colour", f"{colour} {mention.kind}", true, there)
        for size in mention.sizes:
            true = thing is not None and thing.size == size
            yield Claim("size", f"{size} {mention.kind}", true, there)
    for relation in description.relations:
        a, b = match[relation.subject], match[relation.object]
        kinds = [description.mentions[i].kind for i in (relation.subject, relation.object)]
        there = a is not None and b is not None
        true = a is not None and b is not None and holds(a, relation.name, b)
        yield Claim("relation", f"{kinds[0]} {relation.name} {kinds[1]}", true, there)


def coverage(description: Description, scene: Scene) -> float:
    """How much of the scene is truly said: the share, 0 to 1, of its facts.

    The facts are the kind, colour and size of each thing, the sky and the ground.
    """
    facts = 3 * len(scene.things) + 2
    stated = {
        (c.kind, c.text)
        for c in check_claims(description, scene)
        if c.true and c.kind != "relation"
    }
    return len(stated) / facts
