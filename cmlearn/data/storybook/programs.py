"""Questions as short programs, and their answers from a scene.

After CLEVR (Johnson et al. 2017, arXiv:1612.06890) and NS-VQA (Yi et al. 2018, arXiv:1810.02338): a
program first finds things, by `Filter` and `Relate`, then asks something about them.
"""

from __future__ import annotations

from dataclasses import dataclass

from cmlearn.data.storybook.lexicon import ANY
from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUNDS,
    KINDS,
    SIZES,
    SKIES,
    Scene,
    Thing,
    holds,
)

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")  # at most one thing in each slot
CANNOT_TELL = "cannot tell"
# Whatever a question about a scene of the data set, which has at most three things, can get.
ANSWERS = (*COLOURS, *KINDS, *SIZES, *NUMBERS[:4], "yes", "no", *SKIES, *GROUNDS, CANNOT_TELL)


class CannotTellError(Exception):
    """A question about one thing, of which a scene has none or several.

    Attributes:
        reason: such as "there is no boat".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# ── finding things ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Filter:
    """Finds all things of a description.

    Attributes:
        kind: one of `KINDS`, or `ANY`.
        colour: one of `COLOURS`, or None for any.
        size: one of `SIZES`, or None for any.
    """

    kind: str = ANY
    colour: str | None = None
    size: str | None = None

    def things(self, scene: Scene) -> tuple[Thing, ...]:
        """Return the things of a scene that fit the description."""
        return tuple(
            thing
            for thing in scene.things
            if self.kind in (ANY, thing.kind)
            and self.colour in (None, thing.colour)
            and self.size in (None, thing.size)
        )

    def words(self, number: int = 1) -> str:
        """Return the description in words, such as "big red houses"."""
        adjectives = [word for word in (self.size, self.colour) if word]
        return " ".join([*adjectives, self.kind if number == 1 else f"{self.kind}s"])


@dataclass(frozen=True)
class Relate:
    """Finds all things of a description that stand in a relation to one other thing.

    Attributes:
        what: the description.
        relation: one of `RELATIONS`.
        anchor: the other thing, which has to be the only one of its description.
    """

    what: Filter
    relation: str
    anchor: Filter

    def things(self, scene: Scene) -> tuple[Thing, ...]:
        """Return the things of a scene that fit.

        Raises:
            CannotTellError: there is no such anchor, or more than one.
        """
        anchor = only(self.anchor, scene)
        return tuple(t for t in self.what.things(scene) if holds(t, self.relation, anchor))

    def words(self, number: int = 1) -> str:
        """Return what is looked for in words, such as "things left of the tree"."""
        return f"{self.what.words(number)} {self.relation} the {self.anchor.words()}"


Selection = Filter | Relate


def only(selection: Selection, scene: Scene) -> Thing:
    """Return the one thing of a scene that a selection finds.

    Raises:
        CannotTellError: it finds none, or more than one.
    """
    things = selection.things(scene)
    if not things:
        raise CannotTellError(f"there is no {selection.words()}")
    if len(things) > 1:
        number = len(things)
        raise CannotTellError(f"there are {NUMBERS[number]} {selection.words(number)}")
    return things[0]


# ── asking about them ─────────────────────────────────────────────────────────────────────────


def yes_or_no(true: bool) -> str:
    """Return "yes" or "no"."""
    return "yes" if true else "no"


@dataclass(frozen=True)
class Query:
    """Asks for the colour, kind or size of one thing.

    Attributes:
        attribute: "colour", "kind" or "size".
        of: the thing.
    """

    attribute: str
    of: Selection

    def run(self, scene: Scene) -> str:
        """Return the colour, kind or size; raise `CannotTellError` if there is no one thing."""
        return str(getattr(only(self.of, scene), self.attribute))


@dataclass(frozen=True)
class Count:
    """Asks how many things a selection finds."""

    of: Selection

    def run(self, scene: Scene) -> str:
        """Return one of `NUMBERS`; raise `CannotTellError` if an anchor is missing."""
        return NUMBERS[len(self.of.things(scene))]


@dataclass(frozen=True)
class Exist:
    """Asks whether a selection finds anything."""

    of: Selection

    def run(self, scene: Scene) -> str:
        """Return yes or no; raise `CannotTellError` if an anchor is missing."""
        return yes_or_no(bool(self.of.things(scene)))


@dataclass(frozen=True)
class VerifyNumber:
    """Asks whether a selection finds exactly a number of things.

    Attributes:
        number: one of `NUMBERS`.
        of: the things.
    """

    number: str
    of: Selection

    def run(self, scene: Scene) -> str:
        """Return yes or no; raise `CannotTellError` if an anchor is missing."""
        return yes_or_no(NUMBERS[len(self.of.things(scene))] == self.number)


@dataclass(frozen=True)
class Verify:
    """Asks whether one thing has a colour or size.

    Attributes:
        attribute: "colour" or "size".
        value: the colour or size.
        of: the thing.
    """

    attribute: str
    value: str
    of: Selection

    def run(self, scene: Scene) -> str:
        """Return yes or no; raise `CannotTellError` if there is no one thing."""
        return yes_or_no(getattr(only(self.of, scene), self.attribute) == self.value)


@dataclass(frozen=True)
class VerifyRelation:
    """Asks whether a relation holds between two things.

    Attributes:
        first: the subject.
        relation: one of `RELATIONS`.
        second: the object.
    """

    first: Filter
    relation: str
    second: Filter

    def run(self, scene: Scene) -> str:
        """Return yes or no; raise `CannotTellError` if there is no one first or second thing."""
        first, second = only(self.first, scene), only(self.second, scene)
        return yes_or_no(holds(first, self.relation, second))


@dataclass(frozen=True)
class CompareNumbers:
    """Asks whether there are more, fewer or as many things of one kind than of another.

    Attributes:
        how: "more", "fewer" or "as many".
        first: the things that are compared.
        second: the things they are compared to.
    """

    how: str
    first: Filter
    second: Filter

    def run(self, scene: Scene) -> str:
        """Return yes or no."""
        first, second = len(self.first.things(scene)), len(self.second.things(scene))
        return yes_or_no(
            {"more": first > second, "fewer": first < second}.get(self.how, first == second)
        )


@dataclass(frozen=True)
class Same:
    """Asks whether two things have the same colour or size.

    Attributes:
        attribute: "colour" or "size".
        first: one thing.
        second: the other.
    """

    attribute: str
    first: Selection
    second: Selection

    def run(self, scene: Scene) -> str:
        """Return yes or no; raise `CannotTellError` if there is no one first or second thing."""
        first, second = only(self.first, scene), only(self.second, scene)
        return yes_or_no(getattr(first, self.attribute) == getattr(second, self.attribute))


@dataclass(frozen=True)
class Backdrop:
    """Asks for the sky or the ground.

    Attributes:
        part: "sky" or "ground".
    """

    part: str

    def run(self, scene: Scene) -> str:
        """Return one of `SKIES` or `GROUNDS`."""
        return str(getattr(scene, self.part))


@dataclass(frozen=True)
class VerifyBackdrop:
    """Asks whether the sky or the ground is a certain one.

    Attributes:
        part: "sky" or "ground".
        value: one of `SKIES` or `GROUNDS`.
    """

    part: str
    value: str

    def run(self, scene: Scene) -> str:
        """Return yes or no."""
        return yes_or_no(getattr(scene, self.part) == self.value)


Program = (
    Query
    | Count
    | Exist
    | VerifyNumber
    | Verify
    | VerifyRelation
    | CompareNumbers
    | Same
    | Backdrop
    | VerifyBackdrop
)


def answer(program: Program, scene: Scene) -> str:
    """Run a program on a scene; the answer is `CANNOT_TELL` where there is none.

    Args:
        program: any program.
        scene: any scene; with up to three things, the answer is one of `ANSWERS`.
    """
    try:
        return program.run(scene)
    except CannotTellError:
        return CANNOT_TELL


TYPES = ("colour", "kind", "size", "count", "yes/no", "relation", "comparison", "two-step", "scene")


def question_type(program: Program) -> str:
    """Return the type of a question, one of `TYPES`."""
    if isinstance(program, Backdrop | VerifyBackdrop):
        return "scene"
    if isinstance(program, CompareNumbers | Same):
        return "comparison"
    if isinstance(program, VerifyRelation):
        return "relation"
    if isinstance(program.of, Relate):
        return (
            "relation" if isinstance(program, Query) and program.attribute == "kind" else "two-step"
        )
    if isinstance(program, Query):
        return program.attribute
    return "count" if isinstance(program, Count | VerifyNumber) else "yes/no"
