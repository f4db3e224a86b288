"""Scores of the notebooks' trainings from several seeds, as they were measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from cmlearn.recipes import captioner, gan, vae

SPREAD_FILE = Path(__file__).parents[2] / "docs" / "spread.json"
# Name → the training of a notebook, as long as the notebook's: a function of a seed.
TRAININGS: Mapping[str, Callable[[int], dict[str, float]]] = {
    "captioner": captioner.notebook_scores,
    "vae": vae.notebook_scores,
    "vae_bert": vae.bert_scores,
    "recurrent": captioner.recurrent_scores,
    "gan": gan.notebook_scores,
}


def read_spread(name: str, path: Path = SPREAD_FILE) -> dict[str, list[float]]:
    """Return the scores of one of `TRAININGS`: score's name to its values, one a seed.

    Raises:
        FileNotFoundError: nothing was measured yet.
        ValueError: this training was not measured.
    """
    known = json.loads(path.read_text("utf-8"))
    if name not in known:
        raise ValueError(f"name: {path} has no {name!r}: run `python -m tools spread {name}`")
    return known[name]
