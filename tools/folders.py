"""Finds the notebooks of the course."""

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
    """Split notebooks into those with a DATA parameter, which run on any data set, and the rest.

    Raises:
        ValueError: none of them has a DATA parameter.
    """
    has_data = {path: DATA in parameters_of(tidy.read(path)) for path in paths}
    if not any(has_data.values()):
        names = ", ".join(path.stem for path in paths)
        raise ValueError(
            f"no parameter {DATA} in {names}: these notebooks always use their own data"
        )
    return [p for p in paths if has_data[p]], [p for p in paths if not has_data[p]]


def find_notebooks(numbers: Sequence[str] = (), folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the paths of the notebooks in order.

    Args:
        numbers: such as "03" or "3"; none means all notebooks.
        folder: the folder of the notebooks.

    Raises:
        FileNotFoundError: `folder` contains no notebook.
        ValueError: there is no notebook with one of the numbers.
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
