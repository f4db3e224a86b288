"""How much of what captions say is true of their scenes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cmlearn.data.captioned import UnknownTruthError
from cmlearn.data.claims import CLAIM_KINDS, Claim, all_true, check, said
from cmlearn.data.grammar import is_grammatical
from cmlearn.data.parser import parse_caption
from cmlearn.data.scene import Scene


@dataclass(frozen=True)
class CaptionScore:
    """What a caption is worth.

    Attributes:
        all_true: whether it speaks of a thing, and nothing that it says is untrue.
        grammatical: whether the grammar of Storybook could have said it, of some scene.
        claims: each of its claims, true or false.
        said: share of the scene's facts that it truly says, 0 to 1.
    """

    all_true: bool
    grammatical: bool
    claims: tuple[Claim, ...]
    said: float


def score_caption(text: str, scene: Scene) -> CaptionScore:
    """Hold any text against a scene, exactly; an empty one says nothing and is not true.

    Raises:
        TypeError: if the text is not a string.
    """
    description = parse_caption(text)
    return CaptionScore(
        all_true(description, scene),
        is_grammatical(text),
        check(description, scene),
        said(description, scene),
    )


def score_captions(texts: Sequence[str], scenes: Sequence[Scene] | None) -> dict[str, float]:
    """Hold N texts against their N scenes.

    Returns:
        Rates of 0 to 1: all_true and grammatical, of the texts; each of `CLAIM_KINDS`, of the
        claims of that kind, where a colour, size or relation counts only if its things are in
        the scene (NaN if nobody made such a claim); said, the mean; distinct, the number of
        different texts for each text.

    Raises:
        UnknownTruthError: the scenes are None, as those of photographs are.
        ValueError: there are no texts, or not as many as scenes.
    """
    if scenes is None:
        raise UnknownTruthError("the data set")
    if len(texts) != len(scenes) or not texts:
        raise ValueError(f"one text for each scene is needed: {len(texts)} of {len(scenes)}")
    scores = [score_caption(text, scene) for text, scene in zip(texts, scenes)]
    return {
        "all_true": float(np.mean([score.all_true for score in scores])),
        "grammatical": float(np.mean([score.grammatical for score in scores])),
        **claim_rates(score.claims for score in scores),
        "said": float(np.mean([score.said for score in scores])),
        "distinct": len(set(texts)) / len(texts),
    }


def claim_rates(told: Iterable[Sequence[Claim]]) -> dict[str, float]:
    """Return, for each of `CLAIM_KINDS`, the share of its relevant claims that is true, or NaN."""
    relevant = [claim for claims in told for claim in claims if claim.relevant]
    by_kind = {kind: [c.true for c in relevant if c.kind == kind] for kind in CLAIM_KINDS}
    return {kind: float(np.mean(true)) if true else math.nan for kind, true in by_kind.items()}
