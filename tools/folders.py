"""Finds the notebooks of the course."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from cmlearn.data.files import explain_disk_errors
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
        numbers: each exactly one number, such as "03" or "3"; none means all notebooks.
        folder: the folder of the notebooks.

    Raises:
        FileNotFoundError: `folder` contains no notebook.
        ValueError: there is no notebook with one of the numbers.
    """
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"no notebook (NN_name.ipynb) in {folder}")
    by_number = {path.name[:2]: path for path in paths}
    short = {str(int(number)): number for number in by_number}
    wanted = [short.get(number, number) for number in numbers] or list(by_number)
    for number in wanted:
        if number not in by_number:
            raise ValueError(f"no notebook {number!r}: there are {', '.join(by_number)}")
    return [by_number[number] for number in sorted(set(wanted))]


def check_writable(paths: Iterable[Path]) -> None:
    """Check before the work that its results can be written after it.

    Args:
        paths: files to overwrite, and folders to write into; a missing folder is created.

    Raises:
        OSError: a file or folder cannot be written.
    """
    for path in paths:
        with explain_disk_errors("write the results", path):
            if path.is_file():
                path.open("r+b").close()
                continue
            path.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=path).close()
