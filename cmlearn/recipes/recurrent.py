"""The recipe of notebook 09's captioners, which differ in what they remember with."""

from __future__ import annotations

from typing import Any

from cmlearn.models.captioner import CaptionerConfig
from cmlearn.models.recurrent_captioner import NETWORKS, RecurrentCaptioner, RecurrentConfig
from cmlearn.recipes import captioner
from cmlearn.recipes.captioner import scores
from cmlearn.text.vocabulary import Vocabulary

NOTEBOOK_STEPS = 300  # what notebook 09 has time for, four times
HIDDEN_DIM = 128


def notebook_scores(seed: int) -> dict[str, float]:
    """What the captioners of notebook 09 reach from another seed, without looks and with two."""
    found: dict[str, float] = {}
    for recurrent, num_looks in [*((name, 0) for name in NETWORKS), ("lstm", 2)]:
        model, vocabulary = fitted(recurrent, NOTEBOOK_STEPS, seed, num_looks=num_looks)
        reached = scores(model, vocabulary)
        found |= {f"{recurrent}_{num_looks}_{score}": rate for score, rate in reached.items()}
    return found


def fitted(
    recurrent: str, steps: int, seed: int, *, num_looks: int = 0
) -> tuple[RecurrentCaptioner, Vocabulary]:
    """Return a captioner trained for so many steps, with its vocabulary.

    Args:
        recurrent: one of `NETWORKS`.
        steps: of as many pictures as `recipes.captioner` takes.
        seed: of the first weights and of the order of the pictures.
        num_looks: how often each word looks at the places.
    """

    def build(sizes: CaptionerConfig) -> RecurrentCaptioner:
        choice: dict[str, Any] = {
            "hidden_dim": HIDDEN_DIM,
            "num_looks": num_looks,
            "recurrent": recurrent,
        }
        return RecurrentCaptioner(
            RecurrentConfig(sizes.vocab_size, channels=sizes.channels, **choice)
        )

    name = f"{recurrent}, {num_looks} looks"
    return captioner.fitted(steps, seed, build=build, description=name)
