"""Claim accuracy: the share of a caption's claims that are true of a scene or a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cmlearn.data.captioned import UnknownTruthError
from cmlearn.data.storybook.captions import is_grammatical
from cmlearn.data.storybook.claims import (
    CLAIM_KINDS,
    COUNT,
    Claim,
    all_true,
    check_claims,
    coverage,
    strictly_true,
)
from cmlearn.data.storybook.parser import parse_caption, parse_words, words_of
from cmlearn.data.storybook.scene import GROUNDS, SKIES, Scene

# Pictures (N, H, W, 3) uint8 -> N scenes; None where a picture cannot be parsed.
SceneParser = Callable[[np.ndarray], list[Scene | None]]


@dataclass(frozen=True)
class CaptionScore:
    """The score of one caption against its scene.

    Attributes:
        all_true: whether the caption names a thing and makes no false claim.
        grammatical: whether the Storybook grammar can generate the caption for some scene.
        claims: all claims of the caption, each true or false.
        coverage: share of the scene's facts that the caption states correctly, 0 to 1.
    """

    all_true: bool
    grammatical: bool
    claims: tuple[Claim, ...]
    coverage: float


def score_caption(text: str, scene: Scene) -> CaptionScore:
    """Score any text against a scene; an empty text makes no claims and is not `all_true`.

    Raises:
        TypeError: the text is not a string.
    """
    description = parse_caption(text)
    return CaptionScore(
        all_true(description, scene),
        is_grammatical(text),
        check_claims(description, scene),
        coverage(description, scene),
    )


def score_captions(texts: Sequence[str], scenes: Sequence[Scene] | None) -> dict[str, float]:
    """Score N texts against their N scenes.

    Returns:
        Rates from 0 to 1. `all_true` and `grammatical`: shares of the texts. Each of
        `CLAIM_KINDS`, and `COUNT`: share of the claims of that kind that are true; colours, sizes
        and relations count only if their things are in the scene; NaN if no caption makes such a
        claim. `coverage`: the mean. `distinct`: number of different texts divided by N.

    Raises:
        UnknownTruthError: the scenes are None, as they are for photographs.
        ValueError: there are no texts, or their number differs from that of the scenes.
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
        "coverage": float(np.mean([score.coverage for score in scores])),
        "distinct": len(set(texts)) / len(texts),
    }


def claim_rates(claims_of_each: Iterable[Sequence[Claim]]) -> dict[str, float]:
    """Return the share of relevant claims that are true for each kind of claim, or NaN."""
    relevant = [claim for claims in claims_of_each for claim in claims if claim.relevant]
    by_kind = {kind: [c.true for c in relevant if c.kind == kind] for kind in (*CLAIM_KINDS, COUNT)}
    return {kind: float(np.mean(true)) if true else math.nan for kind, true in by_kind.items()}


def score_pictures(
    pictures: np.ndarray, captions: Sequence[str], parser: SceneParser
) -> dict[str, float]:
    """Score N generated pictures against the captions they were conditioned on.

    Args:
        pictures: (N, H, W, 3) uint8 RGB.
        captions: N captions.
        parser: returns the scene of each picture.

    Returns:
        Rates from 0 to 1. `all_true`, `strict` and `unreadable`: shares of the pictures; `strict`
        also asks that no thing is too many (see `claims.strictly_true`). `strict_1`, `strict_2`
        and `strict_3`: the same for the captions that name so many things; NaN if there are none.
        Each of `CLAIM_KINDS`, and `COUNT`: share of the claims of that kind that are true;
        colours, sizes and relations count only if their things are in the picture; NaN if there
        is no such claim. All claims about a picture that cannot be parsed are false.

    Raises:
        ValueError: there are no pictures, or their number differs from that of the captions.
    """
    _check_lengths(pictures, captions)
    return score_scenes(parser(pictures), captions)


def score_scenes(scenes: Sequence[Scene | None], captions: Sequence[str]) -> dict[str, float]:
    """Score pictures that are parsed already; otherwise the same as `score_pictures`."""
    _check_lengths(scenes, captions)
    strict = captions_hold_strictly(scenes, captions)
    return {
        "all_true": float(np.mean(captions_hold(scenes, captions))),
        "strict": float(np.mean(strict)),
        **_by_number(strict, captions),
        "unreadable": float(np.mean([scene is None for scene in scenes])),
        **claim_rates(_check_picture(text, scene) for text, scene in zip(captions, scenes)),
    }


def captions_hold(scenes: Sequence[Scene | None], captions: Sequence[str]) -> np.ndarray:
    """Check whether each caption makes only true claims about its parsed picture.

    Args:
        scenes: N parsed scenes, None where a picture cannot be parsed.
        captions: N captions.

    Returns:
        (N,) bool; False where the scene is None.

    Raises:
        ValueError: the numbers of scenes and captions differ.
    """
    pairs = zip(scenes, captions, strict=True)
    true = [scene is not None and all_true(parse_caption(text), scene) for scene, text in pairs]
    return np.array(true, bool)


def captions_hold_strictly(scenes: Sequence[Scene | None], captions: Sequence[str]) -> np.ndarray:
    """Check whether each caption is true of its parsed picture, which has no thing too many.

    Args:
        scenes: N parsed scenes, None where a picture cannot be parsed.
        captions: N captions.

    Returns:
        (N,) bool, by `claims.strictly_true`; False where the scene is None.

    Raises:
        ValueError: the numbers of scenes and captions differ.
    """
    pairs = zip(scenes, captions, strict=True)
    true = [scene is not None and strictly_true(parse_caption(c), scene) for scene, c in pairs]
    return np.array(true, bool)


def _by_number(true: np.ndarray, captions: Sequence[str]) -> dict[str, float]:
    """Return the share of True where a caption names one, two or three things, or NaN."""
    numbers = np.array([len(parse_caption(caption).mentions) for caption in captions])
    chosen = {f"strict_{number}": true[numbers == number] for number in (1, 2, 3)}
    return {name: float(part.mean()) if len(part) else math.nan for name, part in chosen.items()}


def variety(pictures: np.ndarray, captions: Sequence[str], parser: SceneParser) -> float:
    """Return the mean number of different correct scenes among K pictures for one caption.

    A caption leaves details open, such as a size or the sky. A model that ignores its noise draws
    one scene and gets at most 1. A model that ignores the caption gets a value near 0, because
    few of its scenes are correct.

    Args:
        pictures: (N, K, H, W, 3) uint8 RGB, K pictures for each caption.
        captions: N captions.
        parser: returns the scene of each picture.

    Returns:
        The mean over the captions, 0 to K.

    Raises:
        ValueError: there are no pictures, or their number differs from that of the captions.
    """
    _check_lengths(pictures, captions)
    count = pictures.shape[1]
    scenes = parser(pictures.reshape(-1, *pictures.shape[2:]))
    repeated = [caption for caption in captions for _ in range(count)]
    true = captions_hold(scenes, repeated)
    contents: list[set[object]] = [set() for _ in captions]
    for i, scene in enumerate(scenes):
        if scene is not None and true[i]:
            contents[i // count].add(scene.content)
    return float(np.mean([len(found) for found in contents]))


def mark_words(caption: str, scene: Scene) -> list[tuple[str, bool]]:
    """Mark each word of a caption as true or false of the scene.

    Words without a claim ("a", "there") are true; words outside the lexicon are false. If a thing
    is not in the scene, only the thing itself is marked, not its colour, size or relation.

    Args:
        caption: any text.
        scene: the scene that the caption describes.

    Returns:
        The words in order, commas and full stops left out, each with whether it is true.

    Raises:
        TypeError: the caption is not a string.
    """
    words = words_of(caption)
    description, positions = parse_words(words)
    claims = zip(positions.claims, check_claims(description, scene), strict=True)
    false = {position for position, claim in claims if claim.relevant and not claim.true}
    false |= positions.unknown
    return [(word, i not in false) for i, word in enumerate(words) if word not in ",."]


def _check_lengths(pictures: Sequence[object] | np.ndarray, captions: Sequence[str]) -> None:
    if len(pictures) != len(captions) or not len(captions):
        given = f"{len(captions)} of {len(pictures)}"
        raise ValueError(f"captions: one for each picture is needed, got {given}")


def _check_picture(caption: str, scene: Scene | None) -> tuple[Claim, ...]:
    """Check a caption's claims about a parsed picture; all are false if it was not parsed."""
    description = parse_caption(caption)
    if scene is not None:
        return check_claims(description, scene)
    # An empty scene decides which claims are relevant; its own sky and ground must not count.
    claims = check_claims(description, Scene(SKIES[0], GROUNDS[0], ()))
    return tuple(replace(claim, true=False) for claim in claims)
