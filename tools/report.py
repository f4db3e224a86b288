"""Formats the results of a run of the notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from tools.run import Run


def report(runs: Sequence[Run], seconds: float | None = None) -> str:
    """Return a table with a row for each notebook, then the warnings and failures.

    Args:
        runs: the results, at least one.
        seconds: wall-clock time of all notebooks, if some ran at the same time.
    """
    width = max(len(run.name) for run in runs)
    lines = [f"{'notebook':{width}}  seconds  peak MB  headline"]
    for run in runs:
        outcome = "FAILED" if run.failure else run.headline or "–"
        lines.append(f"{run.name:{width}}  {run.seconds:7.0f}  {run.peak_mb:7.0f}  {outcome}")
    total, peak = sum(run.seconds for run in runs), max(run.peak_mb for run in runs)
    lines.append(f"{'total':{width}}  {total:7.0f}  {peak:7.0f}")
    if seconds is not None:
        lines.append(f"{'wall-clock':{width}}  {seconds:7.0f}")
    lines += [
        f"\n{run.name} wrote to standard error in {cell}: strict output comparison will fail"
        for run in runs
        for cell in run.stderr
    ]
    lines += [
        f"\n{run.name}: {run.num_skipped} cells skipped: only Storybook has the scenes they need"
        for run in runs
        if run.num_skipped
    ]
    lines += [f"\n{run.name} failed in {run.failure}" for run in runs if run.failure]
    return "\n".join(lines)
