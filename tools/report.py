"""The table that ends a run of the course."""

from __future__ import annotations

from collections.abc import Sequence

from tools.run import Run


def report(runs: Sequence[Run], seconds: float | None = None) -> str:
    """One row a notebook, their sum, then every warning and failure by name.

    Args:
        runs: what came of each notebook.
        seconds: how long all of them took, where some ran at the same time.
    """
    width = max(len(run.name) for run in runs)
    lines = [f"{'notebook':{width}}  seconds  peak MB  headline"]
    for run in runs:
        outcome = "FAILED" if run.failure else run.headline or "–"
        lines.append(f"{run.name:{width}}  {run.seconds:7.0f}  {run.peak_mb:7.0f}  {outcome}")
    total, peak = sum(run.seconds for run in runs), max(run.peak_mb for run in runs)
    lines.append(f"{'together':{width}}  {total:7.0f}  {peak:7.0f}")
    if seconds is not None:
        lines.append(f"{'by the clock':{width}}  {seconds:7.0f}")
    lines += [
        f"\n{run.name} wrote to standard error in {cell}, which a strict comparison refuses"
        for run in runs
        for cell in run.stderr
    ]
    lines += [
        f"\n{run.name}: {run.passed_over} cells need the known truth, which these data do not have"
        for run in runs
        if run.passed_over
    ]
    lines += [f"\n{run.name} failed in {run.failure}" for run in runs if run.failure]
    return "\n".join(lines)
