"""Where the notebooks of the course lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools import tidy
from tools.parameters import DATA, parameters_of

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
EXECUTED = ROOT / "build" / "notebooks"
ON_OTHER_DATA = ROOT / "build" / "notebooks_on_other_data"


def that_take_data(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Notebooks that run on any data set, and the others.

    Raises:
        ValueError: none of them takes another data set.
    """
    takes = {path: DATA in parameters_of(tidy.read(path)) for path in paths}
    if not any(takes.values()):
        names = ", ".join(path.stem for path in paths)
        raise ValueError(f"no parameter {DATA} in {names}: they run on their own pictures")
    return [p for p in paths if takes[p]], [p for p in paths if not takes[p]]


def find_notebooks(numbers: Sequence[str] = (), folder: Path = NOTEBOOKS) -> list[Path]:
    """The notebooks of the course in their order, all of them or those with the given numbers.

    Args:
        numbers: two-digit numbers such as `"03"` (a single digit will do); none means all.
        folder: where the notebooks lie.

    Raises:
        FileNotFoundError: `folder` holds no notebook.
        ValueError: no notebook has one of the numbers.
    """
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"no notebook (NN_name.ipynb) in {folder}")
    by_number = {path.name[:2]: path for path in paths}
    wanted = [number.zfill(2)[:2] for number in numbers] or list(by_number)
    for number in wanted:
        if number not in by_number:
            raise ValueError(f"no notebook {number!r}: there are {', '.join(by_number)}")
    return [by_number[number] for number in sorted(set(wanted))]
