"""How far a notebook's score moves with the seed: `python -m tools spread NAME` measures it."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from cmlearn.training.runtime import set_threads

SEEDS = (0, 1, 2)
SPREAD_FILE = Path(__file__).parents[1] / "docs" / "spread.json"

# Recipes with `notebook_scores(seed)`: the training of a notebook, as long as the notebook's.
NAMES = ("captioner", "vae", "vae_bert", "recurrent", "gan")


def measure_spread(name: str, path: Path = SPREAD_FILE) -> dict[str, list[float]]:
    """Train as a notebook does, from each of `SEEDS`, and write the scores to `path`.

    Returns:
        score's name to its values, one a seed.

    Raises:
        ValueError: no notebook trains such a model.
    """
    if name not in NAMES:
        raise ValueError(f"name: {name!r} is none of {', '.join(NAMES)}")
    set_threads(1)  # as in the notebooks: sums of several threads round differently
    recipe = import_module(f"cmlearn.recipes.{name}")
    runs = [recipe.notebook_scores(seed) for seed in SEEDS]
    found = {score: [run[score] for run in runs] for score in runs[0]}
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    text = json.dumps({**known, name: found}, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", "utf-8")
    return found


def read_spread(name: str, path: Path = SPREAD_FILE) -> dict[str, list[float]]:
    """Return what `measure_spread` wrote: score's name to its values, one a seed.

    Raises:
        FileNotFoundError: nothing was measured yet.
        ValueError: not for this name.
    """
    known = json.loads(path.read_text("utf-8"))
    if name not in known:
        raise ValueError(f"name: {path} has no {name!r}: run `python -m tools spread {name}`")
    return known[name]
