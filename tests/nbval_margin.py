"""A plugin of pytest: numbers printed by networks trained on the spot are compared with a margin.

`python -m pytest -p tests.nbval_margin notebooks --nbval …`. Rounding differs between processors,
and training amplifies it. In cells tagged `trained` these rules hold; nbval compares all else
exactly:

1. Exact are words, numbers in names ("BLEU-4"), sizes, settings, counted things ("1,200 steps",
   "3 of 8"), and whole numbers below 20 that are not percentages.
2. A percentage may move by three standard errors of the difference of two rates of 1,000 pictures
   each (6.7 points at 50 %, 2.9 at 5 %), but at least by two points.
3. Any other number may move by 5 %, but at least by one unit of its last printed place.
4. The order stays: two percentages, or two numbers with equally many decimals, whose distance in
   the committed output exceeds the margin, may neither swap nor tie.

A run names the cells that needed the margin; on the processor that wrote the outputs, none do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

import pytest
from nbformat import NotebookNode

TAG = "trained"
PICTURES = 1000  # of the test split, and of the novel one
ERRORS = 3  # standard errors of the difference; decision 18 has what was measured
POINTS = 2  # of a percentage, at least
SHARE = Decimal("0.05")
EXACT_BELOW = 20  # whole numbers below are counts that one can check by hand
NUMBER = re.compile(
    r"""
    (?<![\w.,]) (?<!\w-)  # not the end of a name: BLEU-4, v2
    (?<!\b\w[ ]=[ ])  # not the value of a symbol: λ = 1
    (?<!×) (?<!×[ ]) (?<!\d[ ]of[ ])  # not a size: 32 × 32, 3 of 80
    (?<!seed[ ]) (?<!step[ ])
    [-−]? (?:\d{1,3}(?:,\d{3})+ | \d+) (?:\.\d+)? (?:e[-+]?\d+)?
    (?! \w | [.,-]\w | [ ]?× | [ ]of[ ]\d )
    (?! [ ] (?:\w+[ ])? (?:step|epoch|seed|layer|picture|photograph)s?\b )  # not counted things
    (?P<percent>(?=[ ]?%))?
    """,
    re.VERBOSE,
)


class Number(NamedTuple):
    """A printed number, and whether it is a percentage."""

    value: Decimal  # keeps the printed decimals
    percent: bool

    @property
    def last_place(self) -> Decimal:
        """One unit of the last printed place: 0.1 for "2.5"."""
        return Decimal(1).scaleb(int(self.value.as_tuple().exponent))

    @property
    def unit(self) -> str | Decimal:
        """Equal for numbers whose order matters."""
        return "%" if self.percent else self.last_place

    @property
    def margin(self) -> Decimal:
        """How far another number may be from this one."""
        if self.percent and 0 <= self.value <= 100:  # a gain may exceed 100 %: rule 3
            variance = self.value * (100 - self.value) / PICTURES
            return max(ERRORS * (2 * variance).sqrt(), Decimal(POINTS))
        if not self.percent and self.last_place == 1 and abs(self.value) < EXACT_BELOW:
            return Decimal(0)
        return max(SHARE * abs(self.value), self.last_place)


def pytest_configure() -> None:
    """Put `forgiven` before nbval's comparison."""
    from nbval.plugin import IPyNbCell

    compare = IPyNbCell.compare_outputs
    if getattr(compare, "with_margin", False):
        return

    def compare_outputs(self, test, ref, skip_compare=None):
        same = compare(self, test, ref, skip_compare)
        if same or TAG not in self.cell.metadata.get("tags", []):
            return same
        near_enough = compare(self, forgiven(test, ref), ref, skip_compare)
        if near_enough:
            self.user_properties.append((TAG, "near"))
        return near_enough

    compare_outputs.with_margin = True
    IPyNbCell.compare_outputs = compare_outputs


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the cells that were near and not the same."""
    passed = terminalreporter.stats.get("passed", [])
    cells = [
        report.nodeid for report in passed if (TAG, "near") in map(tuple, report.user_properties)
    ]
    for cell in cells:
        terminalreporter.write_line(f"near, not the same: {cell}")


def forgiven(found: Sequence[NotebookNode], wanted: Sequence[NotebookNode]) -> list[NotebookNode]:
    """What was found, with each printed text that is near the wanted one replaced by that one."""
    if len(found) != len(wanted):
        return list(found)
    return [
        theirs if _both_print(ours, theirs) and near(ours.text, theirs.text) else ours
        for ours, theirs in zip(found, wanted, strict=True)
    ]


def near(found: str, wanted: str) -> bool:
    """Whether two texts differ in white space and numbers only, by the rules above."""
    if _without_numbers(found) != _without_numbers(wanted):
        return False
    pairs = list(zip(numbers(found), numbers(wanted), strict=True))
    return all(
        abs(ours.value - theirs.value) <= theirs.margin for ours, theirs in pairs
    ) and _same_order(pairs)


def numbers(text: str) -> list[Number]:
    """Return the numbers that may move; in a text that starts with "%", all are percentages."""
    all_percent = text.lstrip().startswith("%")
    return [
        Number(
            Decimal(match.group().replace("−", "-").replace(",", "")),
            percent=all_percent or match["percent"] is not None,
        )
        for match in NUMBER.finditer(text)
    ]


def _same_order(pairs: Sequence[tuple[Number, Number]]) -> bool:
    """Whether the found numbers stand in the order of the wanted ones that are clearly apart."""
    for (our_a, their_a), (our_b, their_b) in combinations(pairs, 2):
        distance = their_a.value - their_b.value
        comparable = their_a.unit == their_b.unit
        clearly_apart = abs(distance) > max(their_a.margin, their_b.margin)
        if comparable and clearly_apart and (our_a.value - our_b.value) * distance <= 0:
            return False
    return True


def _without_numbers(text: str) -> str:
    return " ".join(NUMBER.sub(" # ", text).split())


def _both_print(ours: NotebookNode, theirs: NotebookNode) -> bool:
    streams = ours.output_type == theirs.output_type == "stream"
    return streams and ours.name == theirs.name == "stdout"
