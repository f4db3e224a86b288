"""The spread of scores over seeds: which trainings are repeated, and their recorded scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from cmlearn.recipes import captioner, vae

SPREAD_FILE = Path(__file__).parents[2] / "docs" / "spread.json"
# Each function trains as its notebook does, from the given seed, and returns scores by name.
TRAININGS: Mapping[str, Callable[[int], dict[str, float]]] = {
    "captioner": captioner.notebook_scores,
    "vae": vae.notebook_scores,
    "vae_bert": vae.bert_scores,
    "recurrent": captioner.recurrent_scores,
}


def read_spread(name: str, path: Path = SPREAD_FILE) -> dict[str, list[float]]:
    """Return the recorded scores of a training.

    Args:
        name: a key of `TRAININGS`.
        path: a JSON file that `python -m tools spread` wrote.

    Returns:
        Name of a score -> its values, one for each seed.

    Raises:
        FileNotFoundError: `path` does not exist.
        ValueError: `path` has no scores of this training.
    """
    known = json.loads(path.read_text("utf-8"))
    if name not in known:
        raise ValueError(
            f"name: {path} has no scores of {name!r}: run `python -m tools spread {name}`"
        )
    return known[name]
