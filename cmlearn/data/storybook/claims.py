"""Check the claims of a caption against a scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from cmlearn.data.storybook.scene import NUM_SLOTS, Scene, Thing, holds

CLAIM_KINDS = ("thing", "colour", "size", "relation", "sky", "ground")


@dataclass(frozen=True)
class Mention:
    """A thing that a caption mentions.

    Attributes:
        kind: one of `KINDS`.
        colours: the colours of the thing in the caption; two of them contradict each other.
        sizes: the sizes of the thing in the caption; two of them contradict each other.
    """

    kind: str
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()

    def fits(self, thing: Thing) -> bool:
        """Tell whether `thing` has the kind and all colours and sizes of the mention."""
        return (
            self.kind == thing.kind
            and all(c == thing.colour for c in self.colours)
            and all(s == thing.size for s in self.sizes)
        )


@dataclass(frozen=True)
class Relation:
    """A spatial relation between two mentions.

    Attributes:
        subject: index of the subject in `Description.mentions`.
        name: one of `RELATIONS`.
        object: index of the object in `Description.mentions`.
    """

    subject: int
    name: str
    object: int


@dataclass(frozen=True)
class Description:
    """The claims of a caption.

    Attributes:
        mentions: the things that the caption mentions, in order.
        relations: the relations between mentions.
        skies: the skies that the caption names; two of them contradict each other.
        grounds: the grounds that the caption names.
        dangling: relations that lack a subject or an object; they count as false claims.
        unknown: words outside the lexicon, and colours and sizes that no thing follows.
    """

    mentions: tuple[Mention, ...] = ()
    relations: tuple[Relation, ...] = ()
    skies: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One claim of a caption.

    Attributes:
        kind: one of `CLAIM_KINDS`.
        text: the claim in words, such as "red house".
        true: whether the claim is true of the scene.
        relevant: False for a colour, size or relation of a thing that is not in the scene. Such a
            claim is false, but it does not measure how well colours, sizes or relations are
            described.
    """

    kind: str
    text: str
    true: bool
    relevant: bool = True


def check_claims(description: Description, scene: Scene) -> tuple[Claim, ...]:
    """Check each claim of a description.

    Mentions are matched to different things such that the number of true claims is maximal. "A red
    house and a red house" is therefore true only of a scene with two of them.

    Args:
        description: the claims of a caption.
        scene: the scene that the caption describes.

    Returns:
        The claims: things with their colours and sizes, relations, skies, grounds.
    """
    match = _best_match(description, scene)
    claims = list(_claims_about_things(description, match))
    claims += [Claim("relation", text, False) for text in description.dangling]
    claims += [Claim("sky", sky, sky == scene.sky) for sky in description.skies]
    claims += [Claim("ground", ground, ground == scene.ground) for ground in description.grounds]
    return tuple(claims)


def all_true(description: Description, scene: Scene) -> bool:
    """Tell whether a description mentions a thing and all its claims are true.

    Unknown words, such as "dragon", may claim anything, so a description with one is not all true.

    Args:
        description: the claims of a caption.
        scene: the scene that the caption describes.
    """
    if not description.mentions or description.unknown:
        return False
    return all(claim.true for claim in check_claims(description, scene))


def coverage(description: Description, scene: Scene) -> float:
    """Compute the share of the scene's facts that a description states, 0 to 1.

    The facts are the kind, colour and size of each thing, the sky and the ground.

    Args:
        description: the claims of a caption.
        scene: the scene that the caption describes.
    """
    facts = 3 * len(scene.things) + 2
    stated = {
        (c.kind, c.text)
        for c in check_claims(description, scene)
        if c.true and c.kind != "relation"
    }
    return len(stated) / facts


def _best_match(description: Description, scene: Scene) -> tuple[Thing | None, ...]:
    """Match each mention to a different thing of its kind, or to None."""
    mentions, things = description.mentions, scene.things
    kinds = {t.kind: t for t in things}
    if len(kinds) == len(things) and len({m.kind for m in mentions}) == len(mentions):
        return tuple(kinds.get(m.kind) for m in mentions)
    # A kind occurs twice, so all matches are tried, but only of the first NUM_SLOTS mentions. No
    # scene has more things, so a caption with more mentions is false in any case.
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
        present = thing is not None
        yield Claim("thing", mention.kind, present)
        for colour in mention.colours:
            true = thing is not None and thing.colour == colour
            yield Claim("colour", f"{colour} {mention.kind}", true, present)
        for size in mention.sizes:
            true = thing is not None and thing.size == size
            yield Claim("size", f"{size} {mention.kind}", true, present)
    for relation in description.relations:
        a, b = match[relation.subject], match[relation.object]
        kinds = [description.mentions[i].kind for i in (relation.subject, relation.object)]
        present = a is not None and b is not None
        true = a is not None and b is not None and holds(a, relation.name, b)
        yield Claim("relation", f"{kinds[0]} {relation.name} {kinds[1]}", true, present)
