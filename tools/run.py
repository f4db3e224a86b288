"""Runs notebooks in order, each in a kernel of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from tools import tidy
from tools.parameters import KNOWN_TRUTH, set_parameters, tags_of

CELL_TIMEOUT = 600  # seconds
AT_ONCE = 2  # notebooks; each has one thread, and the course is made for two cores
# One thread: two on a busy two-core machine take many times as long. The bars of the notebooks
# are for people; a run shows its own.
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
    "TQDM_DISABLE": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    # Whatever the reader's shell says: what is written back to git is Storybook's.
    "CMLEARN_DATA": "",
}
REFUSAL = "UnknownTruthError"  # what a cell tagged known-truth raises on photographs
# ru_maxrss is in kilobytes on Linux and in bytes on macOS.
PEAK_MEMORY = """
import sys as _sys
try:
    import resource as _resource
    _peak = _resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss
    print(_peak / (1e6 if _sys.platform == "darwin" else 1e3))
except ImportError:
    print(0)
"""


@dataclass(frozen=True)
class Run:
    """What came of running one notebook."""

    name: str
    seconds: float
    peak_mb: float  # of the kernel's process; 0 where the system does not tell
    headline: str
    failure: str = ""  # the failing cell and its error
    stderr: tuple[str, ...] = ()  # the cells that wrote to standard error
    passed_over: int = 0  # cells that need the known truth, which the data did not have


def run_notebooks(
    paths: Sequence[Path],
    into: Path | None = None,
    timeout: int = CELL_TIMEOUT,
    parameters: Mapping[str, object] | None = None,
    at_once: int = 1,
) -> list[Run]:
    """Run notebooks in order, going on when one of them fails.

    Args:
        paths: the notebooks, in order.
        into: the folder for the executed copies; None writes each notebook back to its place, and
            leaves one that fails as it was.
        timeout: seconds that one cell may take.
        parameters: values to set in the cells tagged `parameters`, such as another data set in
            `DATA`; only together with `into`.
        at_once: how many run at the same time, each on a core of its own.

    Raises:
        ValueError: notebooks with other parameters than their own shall be written back; or a
            notebook has no such parameter.
    """
    if parameters and into is None:
        raise ValueError("notebooks with other parameters are not written back: say where to")

    def run_one(number: int, path: Path) -> Run:
        notebook = tidy.read(path)
        if parameters:
            set_parameters(notebook, parameters, path.name)
        with _progress(f"[{number}/{len(paths)}] {path.stem}", notebook) as bar:
            run = run_notebook(notebook, path, bar, timeout)
        if into is not None:
            into.mkdir(parents=True, exist_ok=True)
            tidy.write(tidy.tidy(notebook), into / path.name)
        elif not run.failure:
            tidy.write(tidy.tidy(notebook), path)
        return run

    with ThreadPoolExecutor(at_once) as pool:  # threads will do: the work is in the kernels
        return list(pool.map(run_one, range(1, len(paths) + 1), paths))


def run_notebook(
    notebook: NotebookNode, path: Path, bar: tqdm | None = None, timeout: int = CELL_TIMEOUT
) -> Run:
    """Execute `notebook` in place, in the folder of `path`."""
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
    )
    start = time.perf_counter()
    failure, peak_mb = "", 0.0
    with client.setup_kernel(env=os.environ | KERNEL_ENVIRONMENT):
        try:
            _run_cells(client, bar)
            peak_mb = _peak_memory(client)
        except _CellError as error:
            failure = str(error)
    seconds = time.perf_counter() - start
    stderr, passed_over = _wrote_stderr(notebook), len(_refusals(notebook))
    headline = tidy.headline(notebook)
    return Run(path.stem, seconds, peak_mb, headline, failure, stderr, passed_over)


class _CellError(Exception):
    """A cell of a notebook did not run to its end."""


def _run_cells(client: NotebookClient, bar: tqdm | None) -> None:
    for index, cell in enumerate(client.nb.cells):
        if cell.cell_type != "code":
            continue
        try:
            client.execute_cell(cell, index)
            _refuse_other_errors(cell, index)
        except CellExecutionError as error:
            raise _CellError(f"{_name(cell, index)}: {error.ename}: {error.evalue}") from error
        except CellTimeoutError as error:
            raise _CellError(f"{_name(cell, index)}: took over {client.timeout} s") from error
        except DeadKernelError as error:
            raise _CellError(f"{_name(cell, index)}: the kernel died (memory?)") from error
        if bar is not None:
            bar.update()


def _refuse_other_errors(cell: NotebookNode, index: int) -> None:
    """A cell tagged `raises-exception` lets any error pass; we let one pass."""
    for output in cell.outputs:
        if output.output_type != "error" or KNOWN_TRUTH not in tags_of(cell):
            continue
        if output.ename != REFUSAL:
            raise _CellError(f"{_name(cell, index)}: {output.ename}: {output.evalue}")


def _refusals(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that asked for a truth that nobody knows."""
    return [
        cell
        for cell in notebook.cells
        if any(output.get("ename") == REFUSAL for output in cell.get("outputs", []))
    ]


def _wrote_stderr(notebook: NotebookNode) -> tuple[str, ...]:
    """The cells with warnings; the bars are off, so that nothing else should come there."""
    return tuple(
        _name(cell, index)
        for index, cell in enumerate(notebook.cells)
        if any(output.get("name") == "stderr" for output in cell.get("outputs", []))
    )


def _name(cell: NotebookNode, index: int) -> str:
    first_line = cell.source.strip().partition("\n")[0]
    return f"cell {index} (`{first_line[:60]}`)"


def _peak_memory(client: NotebookClient) -> float:
    """Megabytes that the kernel's process held at its height."""
    cell = nbformat.v4.new_code_cell(PEAK_MEMORY)
    client.nb.cells.append(cell)
    try:
        client.execute_cell(cell, len(client.nb.cells) - 1)
    finally:
        client.nb.cells.pop()
    return float(cell.outputs[0].text)


@contextmanager
def _progress(title: str, notebook: NotebookNode) -> Iterator[tqdm]:
    """A bar over the code cells whose clock goes on while a long cell runs."""
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    done = threading.Event()
    with tqdm(total=total, desc=title, unit="cell", dynamic_ncols=True) as bar:
        clock = threading.Thread(target=_tick, args=(bar, done), daemon=True)
        clock.start()
        try:
            yield bar
        finally:
            done.set()
            clock.join()


def _tick(bar: tqdm, done: threading.Event) -> None:
    if bar.disable:  # TQDM_DISABLE
        return
    seconds = 1.0 if bar.fp.isatty() else 30.0
    while not done.wait(seconds):
        bar.refresh()
