"""Check the claims of a caption against a scene."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from cmlearn.data.storybook.lexicon import ANY, FLYING
from cmlearn.data.storybook.scene import KINDS, NUM_SLOTS, SKY_KINDS, Scene, Thing, holds

CLAIM_KINDS = ("thing", "colour", "size", "relation", "sky", "ground")
COUNT = "count"  # the kind of claim that only the second edition makes
_FITTING_KINDS = {ANY: KINDS, FLYING: SKY_KINDS} | {kind: (kind,) for kind in KINDS}


@dataclass(frozen=True)
class Mention:
    """A thing that a caption mentions.

    Attributes:
        kind: one of `KINDS`, or `ANY` or `FLYING` where the caption leaves the kind open.
        colours: the colours of the thing in the caption; two of them contradict each other.
        sizes: the sizes of the thing in the caption; two of them contradict each other.
    """

    kind: str
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()

    def fits(self, thing: Thing) -> bool:
        """Tell whether `thing` has the kind and all colours and sizes of the mention."""
        return (
            thing.kind in _FITTING_KINDS[self.kind]
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
class Count:
    """A claim about how many things of a scene fit a description.

    Attributes:
        mention: the description, such as "red house".
        number: exactly this many things fit it; None for a plural without a number ("red houses"),
            which claims at least two.
    """

    mention: Mention
    number: int | None


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
        counts: how many things there are; "two red houses" mentions two and counts them.
    """

    mentions: tuple[Mention, ...] = ()
    relations: tuple[Relation, ...] = ()
    skies: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    counts: tuple[Count, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One claim of a caption.

    Attributes:
        kind: one of `CLAIM_KINDS`, or `COUNT`.
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
        The claims: things with their colours and sizes, relations, skies, grounds, counts.
    """
    match = _best_match(description, scene)
    claims = list(_claims_about_things(description, match))
    claims += [Claim("relation", text, False) for text in description.dangling]
    claims += [Claim("sky", sky, sky == scene.sky) for sky in description.skies]
    claims += [Claim("ground", ground, ground == scene.ground) for ground in description.grounds]
    claims += [_claim_about_number(count, scene) for count in description.counts]
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


def tells_all(description: Description) -> bool:
    """Tell whether a description leaves nothing about a scene open but the places of its things.

    It names kind, colour and size of every thing that it mentions, the sky and the ground. A
    caption of that kind is meant to name every thing of its scene.

    Args:
        description: the claims of a caption.
    """
    return (
        len(description.skies) == len(description.grounds) == 1
        and not (description.unknown or description.dangling)
        and bool(description.mentions)
        and all(
            m.kind in KINDS and len(m.colours) == len(m.sizes) == 1 for m in description.mentions
        )
    )


def strictly_true(description: Description, scene: Scene) -> bool:
    """Tell whether all claims of a description are true, and the scene has no thing too many.

    If the description tells all (see `tells_all`), the scene has no thing but those that it
    mentions. Otherwise no thing but those may fit a mention: "a red house" is not strictly true of
    two red houses, and it is of a red house beside a tree. A plural without a number, such as "red
    houses", allows any number of them from two.

    Args:
        description: the claims of a caption.
        scene: the scene that the caption describes.
    """
    if not all_true(description, scene):
        return False
    mentions = description.mentions
    if tells_all(description):
        return len(scene.things) == len(mentions)
    many = {count.mention for count in description.counts if count.number is None}
    limited = [thing for thing in scene.things if not any(m.fits(thing) for m in many)]
    fitting = sum(any(m.fits(thing) for m in mentions) for thing in limited)
    return fitting <= sum(m not in many for m in mentions)


def coverage(description: Description, scene: Scene) -> float:
    """Compute the share of the scene's facts that a description states, 0 to 1.

    The facts are the kind, colour and size of each thing, the sky and the ground.

    Args:
        description: the claims of a caption.
        scene: the scene that the caption describes.
    """
    facts = Counter({("sky", scene.sky): 1, ("ground", scene.ground): 1})
    for thing in scene.things:
        facts["thing", thing.kind] += 1
        facts["colour", f"{thing.colour} {thing.kind}"] += 1
        facts["size", f"{thing.size} {thing.kind}"] += 1
    stated = Counter((c.kind, c.text) for c in check_claims(description, scene) if c.true)
    return (stated & facts).total() / facts.total()


def _best_match(description: Description, scene: Scene) -> tuple[Thing | None, ...]:
    """Match each mention to a different thing of its kind, or to None."""
    mentions, things = description.mentions, scene.things
    kinds = {t.kind: t for t in things}
    named = {m.kind for m in mentions}
    if len(kinds) == len(things) and len(named) == len(mentions) and named <= {*KINDS}:
        return tuple(kinds.get(m.kind) for m in mentions)
    # A kind occurs twice or is open, so all matches are tried, but only of the first NUM_SLOTS
    # mentions. No scene has more things, so a caption with more mentions is false in any case.
    beginning = Description(
        mentions[:NUM_SLOTS],
        tuple(r for r in description.relations if max(r.subject, r.object) < NUM_SLOTS),
    )
    options = [
        [*(t for t in things if t.kind in _FITTING_KINDS[m.kind]), None] for m in beginning.mentions
    ]
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


def _claim_about_number(count: Count, scene: Scene) -> Claim:
    mention = count.mention
    fitting = sum(mention.fits(thing) for thing in scene.things)
    true = fitting == count.number if count.number else fitting >= 2
    words = [str(count.number or "several"), *mention.sizes, *mention.colours, mention.kind]
    return Claim(COUNT, " ".join(words), true)
