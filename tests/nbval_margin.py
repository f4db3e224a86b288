"""A plugin of pytest: what networks trained on the spot have printed is compared with a margin.

`python -m pytest -p tests.nbval_margin notebooks --nbval …`. Processors round differently, and some
hundred steps of training make of a last binary digit a whole percent. So in cells tagged `trained`
the numbers need only be near, and all else must be the same. All other cells are compared by nbval
alone, exactly. The last lines name the cells that needed the margin: on the processor that the
outputs were written on, none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from nbformat import NotebookNode

TAG = "trained"
NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?: ?%)?")
POINTS = 5.0  # of a number in percent
UNITS = 5  # of the last printed place, of any other number
SHARE = 0.15  # of numbers of 100 and more, such as nats


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
    """Whether two texts are the same but for white space and numbers, and these are near."""
    if _without_numbers(found) != _without_numbers(wanted):
        return False
    pairs = zip(NUMBER.findall(found), NUMBER.findall(wanted), strict=True)
    return all(
        abs(_value(ours) - _value(theirs)) <= margin(theirs) + 1e-9 for ours, theirs in pairs
    )


def margin(number: str) -> float:
    """How far from a printed number another may be, in the same unit."""
    if number.endswith("%"):
        return POINTS
    if abs(_value(number)) >= 100:
        return SHARE * abs(_value(number))
    return UNITS * 10.0 ** -len(number.partition(".")[2])


def _value(number: str) -> float:
    return float(number.rstrip("% ").replace("−", "-"))


def _without_numbers(text: str) -> str:
    return re.sub(r"\s+", " ", NUMBER.sub("#", text)).replace("# ", "#").replace(" #", "#")


def _both_print(ours: NotebookNode, theirs: NotebookNode) -> bool:
    streams = ours.output_type == theirs.output_type == "stream"
    return streams and ours.name == theirs.name == "stdout"
