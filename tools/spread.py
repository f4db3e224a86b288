"""Measures the spread of a notebook's scores over several seeds."""

from __future__ import annotations

import json
from pathlib import Path

from cmlearn.recipes.spread import SPREAD_FILE, TRAININGS
from cmlearn.training.runtime import set_threads

SEEDS = (0, 1, 2)


def measure_spread(name: str, path: Path = SPREAD_FILE) -> dict[str, list[float]]:
    """Repeat the training of a notebook with each of `SEEDS`; write the scores to `path`.

    Args:
        name: a key of `TRAININGS`.
        path: a JSON file; its scores of other trainings stay.

    Returns:
        Name of a score -> its values, one for each seed.

    Raises:
        ValueError: there is no such training.
    """
    if name not in TRAININGS:
        raise ValueError(f"name: no training {name!r}; choose one of {', '.join(TRAININGS)}")
    set_threads(1)  # as in the notebooks: results depend on the number of threads
    runs = [TRAININGS[name](seed) for seed in SEEDS]
    found = {score: [run[score] for run in runs] for score in runs[0]}
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    text = json.dumps({**known, name: found}, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", "utf-8")
    return found
