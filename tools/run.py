"""Runs notebooks in order, each in its own kernel."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from cmlearn.data.progress import progress_bar
from tools import tidy
from tools.folders import check_writable
from tools.parameters import KNOWN_TRUTH, set_parameters, tags_of

CELL_TIMEOUT = 1800  # seconds
AT_ONCE = 2  # notebooks run at the same time, one thread each: the course targets two cores
# One thread: two on a busy two-core machine take many times as long. The progress bars of the
# notebooks are off, as the run shows its own.
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
    "TQDM_DISABLE": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    # Overrides the shell's value: outputs in git must come from Storybook.
    "CMLEARN_DATA": "",
}
UNKNOWN_TRUTH_ERROR = "UnknownTruthError"  # of a cell tagged known-truth, on photographs
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
    """The result of running one notebook."""

    name: str
    seconds: float
    peak_mb: float  # of the kernel's process; 0 if unknown
    headline: str  # printed by the cell tagged `headline`
    failure: str = ""  # the failing cell and its error
    stderr: tuple[str, ...] = ()  # cells that wrote to standard error
    num_skipped: int = 0  # cells that need the true scenes, which the data set does not have


def run_notebooks(
    paths: Sequence[Path],
    into: Path | None = None,
    timeout: int = CELL_TIMEOUT,
    parameters: Mapping[str, object] | None = None,
    at_once: int = 1,
) -> list[Run]:
    """Run notebooks in order; a failure does not stop the others.

    Args:
        paths: the notebooks, in order.
        into: folder for the executed copies. By default each notebook is overwritten, unless it
            fails.
        timeout: limit for a single cell in seconds.
        parameters: new values for the cells tagged `parameters`, such as another data set in
            `DATA`; needs `into`.
        at_once: number of notebooks that run at the same time.

    Returns:
        One result for each notebook, in order.

    Raises:
        ValueError: `parameters` without `into`, or a notebook has no such parameter.
        OSError: the notebooks cannot be written; raised before the first one runs.
        KeyboardInterrupt: Ctrl-C was pressed; the kernels are killed first.
    """
    if parameters and into is None:
        raise ValueError(
            "notebooks with other parameters are not written back: set `into` to another folder"
        )
    check_writable(paths if into is None else [into])

    def run_one(number: int, path: Path) -> Run:
        notebook = tidy.read(path)
        if parameters:
            set_parameters(notebook, parameters, path.name)
        with _progress(f"[{number}/{len(paths)}] {path.stem}", notebook) as bar:
            run = run_notebook(notebook, path, bar, timeout)
        if into is not None:
            tidy.write(tidy.tidy(notebook), into / path.name)
        elif not run.failure:
            tidy.write(tidy.tidy(notebook), path)
        return run

    others = psutil.Process().children()
    with ThreadPoolExecutor(at_once) as pool:  # threads suffice: the work is in the kernels
        futures = [pool.submit(run_one, n, path) for n, path in enumerate(paths, start=1)]
        try:
            return [future.result() for future in futures]
        except BaseException:  # Ctrl-C would wait for the cells that are running
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):
                _kill_children(but=others)
                time.sleep(0.2)
            raise


def _kill_children(but: Sequence[psutil.Process]) -> None:
    for child in psutil.Process().children():
        if child not in but:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def run_notebook(
    notebook: NotebookNode, path: Path, bar: tqdm | None = None, timeout: int = CELL_TIMEOUT
) -> Run:
    """Execute a notebook in place.

    Args:
        notebook: its cells get their outputs.
        path: gives the name of the run and the working folder.
        bar: advances by one for each code cell.
        timeout: limit for a single cell in seconds.
    """
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
    try:
        with _kernel(client):
            _run_cells(client, bar)
            peak_mb = _peak_memory(client)
    except _NotebookError as error:
        failure = str(error)
    seconds = time.perf_counter() - start
    stderr, num_skipped = _stderr_cells(notebook), _count_skipped(notebook)
    headline = tidy.headline(notebook)
    return Run(path.stem, seconds, peak_mb, headline, failure, stderr, num_skipped)


class _NotebookError(Exception):
    """A cell of a notebook failed, or its kernel did not start."""


@contextmanager
def _kernel(client: NotebookClient) -> Iterator[None]:
    """Start a kernel, and stop it after the block.

    Raises:
        _NotebookError: it does not start; the message is the last line that it wrote.
    """
    client.log.setLevel(logging.CRITICAL)  # the error that is raised says the same
    with tempfile.TemporaryFile() as stderr, ExitStack() as stack:
        environment = os.environ | KERNEL_ENVIRONMENT
        try:
            stack.enter_context(client.setup_kernel(env=environment, stderr=stderr.fileno()))
        except Exception as error:  # of Jupyter, ZeroMQ or the operating system
            stderr.seek(0)
            written = stderr.read().decode("utf-8", "replace").strip()
            reason = written.rpartition("\n")[2] or f"{type(error).__name__}: {error}"
            raise _NotebookError(f"its start: the kernel did not start: {reason}") from error
        yield


def _run_cells(client: NotebookClient, bar: tqdm | None) -> None:
    for index, cell in enumerate(client.nb.cells):
        if cell.cell_type != "code":
            continue
        try:
            client.execute_cell(cell, index)
            _check_errors(cell, index)
        except CellExecutionError as error:
            raise _NotebookError(f"{_name(cell, index)}: {error.ename}: {error.evalue}") from error
        except CellTimeoutError as error:
            raise _NotebookError(f"{_name(cell, index)}: took over {client.timeout} s") from error
        except DeadKernelError as error:
            raise _NotebookError(f"{_name(cell, index)}: the kernel died (memory?)") from error
        if bar is not None:
            bar.update()


def _check_errors(cell: NotebookNode, index: int) -> None:
    """Raise unless the error of a known-truth cell is the expected one.

    The tag `raises-exception` alone would let any error pass.
    """
    for output in cell.outputs:
        if output.output_type != "error" or KNOWN_TRUTH not in tags_of(cell):
            continue
        if output.ename != UNKNOWN_TRUTH_ERROR:
            raise _NotebookError(f"{_name(cell, index)}: {output.ename}: {output.evalue}")


def _count_skipped(notebook: NotebookNode) -> int:
    """Return the number of cells that stopped because the true scenes are unknown."""
    return sum(
        any(output.get("ename") == UNKNOWN_TRUTH_ERROR for output in cell.get("outputs", []))
        for cell in notebook.cells
    )


def _stderr_cells(notebook: NotebookNode) -> tuple[str, ...]:
    """Return the cells that wrote to standard error: warnings, as progress bars are off."""
    return tuple(
        _name(cell, index)
        for index, cell in enumerate(notebook.cells)
        if any(output.get("name") == "stderr" for output in cell.get("outputs", []))
    )


def _name(cell: NotebookNode, index: int) -> str:
    first_line = cell.source.strip().partition("\n")[0]
    return f"cell {index} (`{first_line[:60]}`)"


def _peak_memory(client: NotebookClient) -> float:
    """Return the peak memory of the kernel's process in megabytes."""
    cell = nbformat.v4.new_code_cell(PEAK_MEMORY)
    client.nb.cells.append(cell)
    try:
        client.execute_cell(cell, len(client.nb.cells) - 1)
    finally:
        client.nb.cells.pop()
    return float(cell.outputs[0].text)


@contextmanager
def _progress(title: str, notebook: NotebookNode) -> Iterator[tqdm]:
    """Yield a progress bar over the code cells; its clock also runs during a long cell."""
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    done = threading.Event()
    with progress_bar(total=total, desc=title, unit="cell", dynamic_ncols=True) as bar:
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
