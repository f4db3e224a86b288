"""Measures how far the scores of a notebook's training move with the seed."""

from __future__ import annotations

import json
from pathlib import Path

from cmlearn.recipes.spread import SPREAD_FILE, TRAININGS
from cmlearn.training.runtime import set_threads

SEEDS = (0, 1, 2)


def measure_spread(name: str, path: Path = SPREAD_FILE) -> dict[str, list[float]]:
    """Train as a notebook does, from each of `SEEDS`, and write the scores to `path`.

    Returns:
        score's name to its values, one a seed.

    Raises:
        ValueError: no notebook trains such a model.
    """
    if name not in TRAININGS:
        raise ValueError(f"name: {name!r} is none of {', '.join(TRAININGS)}")
    set_threads(1)  # as in the notebooks: sums of several threads round differently
    runs = [TRAININGS[name](seed) for seed in SEEDS]
    found = {score: [run[score] for run in runs] for score in runs[0]}
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    text = json.dumps({**known, name: found}, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", "utf-8")
    return found
