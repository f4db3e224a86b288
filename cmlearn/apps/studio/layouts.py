"""Arranges pictures of an idea: variations, their order, a grid of two attributes, a strip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from cmlearn.apps.studio.drawing import Drawing, Settings
from cmlearn.apps.studio.edits import ATTRIBUTES, with_attribute
from cmlearn.apps.studio.sentences import check_sentence
from cmlearn.data.storybook.scene import Scene

MAX_COUNT = 24  # pictures of one request
MIN_STRIP = 3


def variations(settings: Settings, count: int) -> list[Settings]:
    """Return settings that differ only in the index of the noise.

    Args:
        settings: of the first.
        count: number of pictures, 1 to `MAX_COUNT`.

    Raises:
        ValueError: the count is out of range.
    """
    _check_count(count, 1)
    return [replace(settings, index=settings.index + i) for i in range(count)]


def grid(settings: Settings, rows: str, columns: str) -> list[list[Settings | str]]:
    """Return a grid of two attributes, all from the same noise.

    Args:
        settings: of the sentence to change.
        rows: the attribute that differs from row to row, one of `ATTRIBUTES`.
        columns: the attribute that differs from column to column.

    Returns:
        Rows of settings; where a combination cannot be drawn, why not.

    Raises:
        ValueError: there is no such attribute, or both are the same.
    """
    if rows == columns or not {rows, columns} <= ATTRIBUTES.keys():
        raise ValueError(
            f"rows, columns: two different ones of {', '.join(ATTRIBUTES)} are needed, "
            f"got {rows!r} and {columns!r}"
        )
    return [
        [_edited(settings, {rows: row, columns: column}) for column in ATTRIBUTES[columns]]
        for row in ATTRIBUTES[rows]
    ]


def strip(settings: Settings, other: str, count: int) -> list[Settings]:
    """Return a strip of pictures from one sentence to another, all from the same noise.

    Args:
        settings: of the first sentence.
        other: the last sentence.
        count: number of pictures, `MIN_STRIP` to `MAX_COUNT`.

    Raises:
        ValueError: the other sentence cannot be drawn, or the count is out of range.
    """
    _check_count(count, MIN_STRIP)
    return [replace(settings, other=other, mix=i / (count - 1)) for i in range(count)]


def by_truth(drawings: Sequence[Drawing]) -> list[Drawing]:
    """Sort drawings: right ones first, then by the share of their claims that hold."""
    return sorted(drawings, key=lambda d: (not d.is_right, -d.share_true))


def by_variety(drawings: Sequence[Drawing]) -> list[Drawing]:
    """Sort drawings so that each differs as much as possible from all before it.

    Pictures that cannot be read come last: a broken picture differs from every other.

    Args:
        drawings: the first readable one stays first.
    """
    left = [drawing for drawing in drawings if drawing.scene]
    chosen = left[:1]
    left = left[1:]
    while left:
        farthest = max(left, key=lambda d: min(_distance(d.scene, c.scene) for c in chosen))
        chosen.append(farthest)
        left.remove(farthest)
    return [*chosen, *(drawing for drawing in drawings if not drawing.scene)]


def best_of(drawings: Sequence[Drawing]) -> Drawing:
    """Return the first of the drawings that are most true by the scene parser.

    Raises:
        ValueError: there are no drawings.
    """
    if not drawings:
        raise ValueError("drawings is empty: choose among at least one")
    return by_truth(drawings)[0]


# Name of an order -> what sorts drawings so.
ORDERS: Mapping[str, Callable[[Sequence[Drawing]], list[Drawing]]] = {
    "as drawn": list,
    "truth": by_truth,
    "variety": by_variety,
}


def _distance(a: Scene | None, b: Scene | None) -> int:
    """Count the facts that only one of two scenes has."""
    first, second = _facts(a), _facts(b)
    return ((first - second) + (second - first)).total()


def _facts(scene: Scene | None) -> Counter[tuple[str, ...]]:
    if scene is None:
        return Counter()
    things = [(t.kind, t.colour, t.size, str(t.column)) for t in scene.things]
    return Counter([("sky", scene.sky), ("ground", scene.ground), *things])


def _edited(settings: Settings, values: dict[str, str]) -> Settings | str:
    sentence = settings.sentence
    for name, value in values.items():
        sentence = with_attribute(sentence, name, value)
    return check_sentence(sentence) or replace(settings, sentence=sentence)


def _check_count(count: int, least: int) -> None:
    if not isinstance(count, int) or not least <= count <= MAX_COUNT:
        raise ValueError(f"count: {least} to {MAX_COUNT} pictures are needed, got {count!r:.40}")
