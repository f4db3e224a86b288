"""Balanced questions about scenes: no question gives its answer away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cmlearn.data.storybook.lexicon import ANY
from cmlearn.data.storybook.programs import (
    CANNOT_TELL,
    NUMBERS,
    TYPES,
    Backdrop,
    CannotTellError,
    CompareNumbers,
    Count,
    Exist,
    Filter,
    Program,
    Query,
    Relate,
    Same,
    Verify,
    VerifyBackdrop,
    VerifyNumber,
    VerifyRelation,
    question_type,
)
from cmlearn.data.storybook.scene import (
    COLOURS,
    GROUND_KINDS,
    GROUNDS,
    KINDS,
    RELATIONS,
    SIZES,
    SKIES,
    SKY_KINDS,
    Scene,
)
from cmlearn.data.storybook.wordings import word_question

SCANNED = 500  # scenes that are searched for the answers to one program
PER_ANSWER = 4  # questions of one program with one answer
IN_VAIN = 1000  # programs in a row without a question, after which we give up


@dataclass(frozen=True)
class Question:
    """A question about one scene.

    Attributes:
        scene: index of the scene.
        text: the question in English.
        program: the question as a program.
        answer: one of `ANSWERS`.
        chance: the probability that a guess is right which knows the question but no picture.
    """

    scene: int
    text: str
    program: Program
    answer: str
    chance: float

    @property
    def type(self) -> str:
        """One of `TYPES`."""
        return question_type(self.program)


def ask_about(
    scenes: Sequence[Scene],
    count: int,
    rng: np.random.Generator,
    *,
    new_wording: bool = False,
    balanced: bool = True,
) -> list[Question]:
    """Ask questions about scenes; as many of each type, and of each answer to one program.

    A program is drawn first, then scenes for it: as many for each of its answers. So the question
    alone says nothing about the answer. Answers that few scenes give are left out.

    Args:
        scenes: the scenes.
        count: number of questions.
        rng: draws programs, scenes and words.
        new_wording: word the questions by templates that training never has.
        balanced: False takes the scenes as they come, to show what a guess then gains.

    Returns:
        The questions, in random order.

    Raises:
        ValueError: hardly any program has two answers in these scenes: they are too few or alike.
    """
    questions: list[Question] = []
    asked = dict.fromkeys(TYPES, 0)
    in_vain = 0  # programs in a row
    while len(questions) < count:
        rarest = min(asked, key=lambda name: asked[name])
        program = SAMPLERS[rarest](rng)
        found = _scenes_by_answer(program, scenes, rng)
        picked = _equal_parts(found) if balanced else _as_they_come(found, rng)
        asked[rarest] += max(1, len(picked))  # 1, so that no type without questions blocks
        in_vain = 0 if picked else in_vain + 1
        if in_vain == IN_VAIN:
            raise ValueError(
                f"scenes: {len(scenes)} are too few or too alike to ask about; {PER_ANSWER} "
                "scenes are needed for each of two answers to a question"
            )
        chance = 1 / max(1, len({reply for reply, _ in picked}))
        for reply, index in picked:
            text = word_question(program, rng, new_wording)
            questions.append(Question(index, text, program, reply, chance))
    order = rng.permutation(len(questions))[:count]
    return [questions[i] for i in order]


def _scenes_by_answer(
    program: Program, scenes: Sequence[Scene], rng: np.random.Generator
) -> dict[str, list[int]]:
    """Search scenes in random order; return the indices of some for each answer.

    Of those without an answer, every second one lacks a thing and the others have one too many, as
    far as there are both: in the first edition, few scenes have two things of one description.
    """
    found: dict[str, list[int]] = {}
    for index in rng.choice(len(scenes), min(SCANNED, len(scenes)), replace=False):
        try:
            key = program.run(scenes[index])
        except CannotTellError as error:
            key = f"{CANNOT_TELL}: {error.reason.split()[2]}"  # "no", or a number
        found.setdefault(key, []).append(int(index))
    unanswered = [found.pop(key) for key in list(found) if key.startswith(CANNOT_TELL)]
    if unanswered:
        found[CANNOT_TELL] = _in_turn(unanswered)
    return found


def _in_turn(lists: Sequence[Sequence[int]]) -> list[int]:
    """Take one of each list in turn, until the shortest ends, then the rest."""
    shortest = min(map(len, lists))
    mixed = [each[n] for n in range(shortest) for each in lists]
    return mixed + [item for each in lists for item in each[shortest:]]


def _equal_parts(found: Mapping[str, Sequence[int]]) -> list[tuple[str, int]]:
    """Return `PER_ANSWER` scenes of each answer that has so many."""
    enough = {key: indices for key, indices in found.items() if len(indices) >= PER_ANSWER}
    if len(enough) < 2:
        return []
    return [(key, index) for key, indices in enough.items() for index in indices[:PER_ANSWER]]


def _as_they_come(
    found: Mapping[str, Sequence[int]], rng: np.random.Generator
) -> list[tuple[str, int]]:
    every = [(key, index) for key, indices in found.items() for index in indices]
    return [every[i] for i in rng.choice(len(every), 5 * PER_ANSWER)]


# ── programs at random ────────────────────────────────────────────────────────────────────────


def _pick(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _maybe(options: Sequence[str], rng: np.random.Generator, share: float) -> str | None:
    return _pick(options, rng) if rng.random() < share else None


def sample_filter(
    rng: np.random.Generator, *, kind: str | None = None, colour: float = 0.3, size: float = 0.3
) -> Filter:
    """Sample a description.

    Args:
        rng: random generator.
        kind: its kind; by default any of `KINDS`, or, one time in five, `ANY`.
        colour: probability that it names a colour.
        size: probability that it names a size.
    """
    if kind is None:
        kind = ANY if rng.random() < 0.2 else _pick(KINDS, rng)
    found = Filter(kind, _maybe(COLOURS, rng, colour), _maybe(SIZES, rng, size))
    if found == Filter():  # "the thing" names nothing
        return Filter(ANY, _pick(COLOURS, rng))
    return found


def sample_relate(rng: np.random.Generator, *, bare: bool = True) -> Relate:
    """Sample things in a relation that can hold, such as "things above the big house".

    Args:
        rng: random generator.
        bare: whether the things may be any; otherwise a kind is named half of the time.
    """
    relation = _pick(RELATIONS, rng)
    kinds = {"above": GROUND_KINDS, "below": SKY_KINDS}.get(relation, KINDS)
    anchor = Filter(_pick(kinds, rng), _maybe(COLOURS, rng, 0.2), _maybe(SIZES, rng, 0.2))
    if bare:
        return Relate(Filter(), relation, anchor)
    kinds = {"above": SKY_KINDS, "below": GROUND_KINDS}.get(relation, KINDS)
    what = _pick(kinds, rng) if rng.random() < 0.5 else ANY
    return Relate(Filter(what), relation, anchor)


def _relation(rng: np.random.Generator) -> Program:
    if rng.random() < 0.5:
        return Query("kind", sample_relate(rng))
    related = sample_relate(rng, bare=False)
    first = related.what if related.what.kind != ANY else Filter(ANY, _pick(COLOURS, rng))
    return VerifyRelation(first, related.relation, related.anchor)


def _comparison(rng: np.random.Generator) -> Program:
    if rng.random() < 0.5:
        first, second = (Filter(kind, _maybe(COLOURS, rng, 0.2)) for kind in _two_kinds(rng))
        return CompareNumbers(_pick(("more", "fewer", "as many"), rng), first, second)
    first, second = (Filter(kind, size=_maybe(SIZES, rng, 0.1)) for kind in _two_kinds(rng))
    if rng.random() < 0.5:
        return Same("size", first, second)
    if rng.random() < 0.3:  # never "yes": things of two kinds have two colours in Storybook
        return Same("colour", first, second)
    kind = first.kind
    return Same("colour", Filter(kind, size="small"), Filter(kind, size="big"))


def _two_kinds(rng: np.random.Generator) -> list[str]:
    return [str(kind) for kind in rng.choice(KINDS, 2, replace=False)]


def _two_step(rng: np.random.Generator) -> Program:
    related = sample_relate(rng, bare=False)
    ask = rng.integers(4)
    if ask == 0:
        return Count(related)
    if ask == 1:
        return Exist(related)
    return Query(_pick(("colour", "size"), rng), related)


def _yes_no(rng: np.random.Generator) -> Program:
    if rng.random() < 0.5:
        return Exist(sample_filter(rng, colour=0.5))
    attribute = _pick(("colour", "size"), rng)
    value = _pick(COLOURS if attribute == "colour" else SIZES, rng)
    return Verify(attribute, value, sample_filter(rng, kind=_pick(KINDS, rng), colour=0, size=0))


def _count(rng: np.random.Generator) -> Program:
    if rng.random() < 0.25:
        number = NUMBERS[1 + int(rng.integers(3))]
        return VerifyNumber(number, sample_filter(rng, size=0.1))
    bare = rng.random() < 0.1
    return Count(Filter() if bare else sample_filter(rng, size=0.1))


def _scene(rng: np.random.Generator) -> Program:
    part, values = (("sky", SKIES), ("ground", GROUNDS))[int(rng.integers(2))]
    return Backdrop(part) if rng.random() < 0.5 else VerifyBackdrop(part, _pick(values, rng))


SAMPLERS: Mapping[str, Callable[[np.random.Generator], Program]] = {
    "colour": lambda rng: Query("colour", sample_filter(rng, colour=0)),
    "kind": lambda rng: Query("kind", sample_filter(rng, kind=ANY, colour=0.8, size=0.5)),
    "size": lambda rng: Query("size", sample_filter(rng, size=0)),
    "count": _count,
    "yes/no": _yes_no,
    "relation": _relation,
    "comparison": _comparison,
    "two-step": _two_step,
    "scene": _scene,
}


def sample_programs(rng: np.random.Generator) -> Iterator[Program]:
    """Yield random programs, of each type in turn."""
    while True:
        for name in TYPES:
            yield SAMPLERS[name](rng)
