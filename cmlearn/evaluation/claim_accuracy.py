"""Share of the claims of captions that are true: of their scenes, or of pictures drawn for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cmlearn.data.captioned import UnknownTruthError
from cmlearn.data.storybook.captions import is_grammatical
from cmlearn.data.storybook.claims import CLAIM_KINDS, Claim, all_true, check_claims, coverage
from cmlearn.data.storybook.lexicon import MEANING
from cmlearn.data.storybook.parser import parse_caption, words_of
from cmlearn.data.storybook.scene import GROUNDS, SKIES, Scene

# Pictures (N, H, W, 3) uint8 -> N scenes, None where a picture cannot be parsed.
SceneParser = Callable[[np.ndarray], list[Scene | None]]


@dataclass(frozen=True)
class CaptionScore:
    """How a caption scores against the truth.

    Attributes:
        all_true: whether it speaks of a thing, and nothing that it says is untrue.
        grammatical: whether the grammar of Storybook could have said it, of some scene.
        claims: each of its claims, true or false.
        coverage: share of the scene's facts that it truly states, 0 to 1.
    """

    all_true: bool
    grammatical: bool
    claims: tuple[Claim, ...]
    coverage: float


def score_caption(text: str, scene: Scene) -> CaptionScore:
    """Score any text against a scene, exactly; an empty one claims nothing and is not true.

    Raises:
        TypeError: if the text is not a string.
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
        Rates of 0 to 1: all_true and grammatical, of the texts; each of `CLAIM_KINDS`, of the
        claims of that kind, where a colour, size or relation counts only if its things are in
        the scene (NaN where no caption makes such a claim); coverage, the mean; distinct, the number of
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
        "coverage": float(np.mean([score.coverage for score in scores])),
        "distinct": len(set(texts)) / len(texts),
    }


def claim_rates(claims_of_each: Iterable[Sequence[Claim]]) -> dict[str, float]:
    """Return, for each of `CLAIM_KINDS`, the share of its relevant claims that is true, or NaN."""
    relevant = [claim for claims in claims_of_each for claim in claims if claim.relevant]
    by_kind = {kind: [c.true for c in relevant if c.kind == kind] for kind in CLAIM_KINDS}
    return {kind: float(np.mean(true)) if true else math.nan for kind, true in by_kind.items()}


def score_pictures(
    pictures: np.ndarray, captions: Sequence[str], parser: SceneParser
) -> dict[str, float]:
    """Score N pictures against the captions that they were drawn for.

    Args:
        pictures: (N, H, W, 3) uint8 RGB.
        captions: N captions.
        parser: reads the scenes off the pictures.

    Returns:
        Rates of 0 to 1: all_true and unreadable, of the pictures; each of `CLAIM_KINDS`, of the
        claims of that kind, where a colour, size or relation counts only if its things are in the
        picture (NaN where there is none). Of a picture that cannot be parsed nothing is true.

    Raises:
        ValueError: there are no pictures, or not as many as captions.
    """
    _check_lengths(pictures, captions)
    return score_scenes(parser(pictures), captions)


def score_scenes(scenes: Sequence[Scene | None], captions: Sequence[str]) -> dict[str, float]:
    """Do what `score_pictures` does, for pictures that are parsed already."""
    _check_lengths(scenes, captions)
    return {
        "all_true": float(np.mean(captions_hold(scenes, captions))),
        "unreadable": float(np.mean([scene is None for scene in scenes])),
        **claim_rates(_claims(caption, scene) for caption, scene in zip(captions, scenes)),
    }


def captions_hold(scenes: Sequence[Scene | None], captions: Sequence[str]) -> np.ndarray:
    """Whether each caption is all true of the scene parsed from its picture: (N,) bool."""
    pairs = zip(scenes, captions, strict=True)
    true = [scene is not None and all_true(parse_caption(text), scene) for scene, text in pairs]
    return np.array(true, bool)


def _check_lengths(pictures: Sequence[object] | np.ndarray, captions: Sequence[str]) -> None:
    if len(pictures) != len(captions) or not len(captions):
        given = f"{len(captions)} of {len(pictures)}"
        raise ValueError(f"captions: one for each picture is needed, got {given}")


def _claims(caption: str, scene: Scene | None) -> tuple[Claim, ...]:
    description = parse_caption(caption)
    if scene is not None:
        return check_claims(description, scene)
    nothing = check_claims(description, Scene(SKIES[0], GROUNDS[0], ()))
    return tuple(replace(claim, true=False) for claim in nothing)


def variety(pictures: np.ndarray, captions: Sequence[str], parser: SceneParser) -> float:
    """How many different scenes a model draws for one caption, all of them true.

    A caption leaves things open (a size, the sky). A model that always draws the same has a
    variety of at most 1; one that draws at random has one near 0, for most of it is not true.

    Args:
        pictures: (N, K, H, W, 3) uint8 RGB, K pictures for each caption.
        captions: N captions.
        parser: reads the scenes off the pictures.

    Returns:
        The mean over captions of the number, 0 to K, of different contents.
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


# The claim that a word of a class makes, where it is not called like the class.
CLAIM_OF = {"kind": "thing", "horizontal": "relation", "vertical": "relation"}


def mark_words(caption: str, scene: Scene) -> list[tuple[str, bool]]:
    """Return each word of a caption, and whether what it claims is true of the scene.

    A word that claims nothing ("a", "there") is true; one without meaning in this world is not.
    Of a colour, size or relation of a thing that is not there, only the thing is marked.

    Args:
        caption: any text.
        scene: what it speaks of.

    Raises:
        TypeError: if the caption is not a string.
    """
    description = parse_caption(caption)
    claims = check_claims(description, scene)
    # Claims of one kind come in the order of their words; words left over claim nothing true.
    verdicts = {
        kind: iter([claim.true or not claim.relevant for claim in claims if claim.kind == kind])
        for kind in CLAIM_KINDS
    }
    words = [word for word in words_of(caption) if word not in ",."]
    marked = []
    for place, word in enumerate(words):
        claim = _claim(words, place)
        true = next(verdicts[claim], False) if claim else word not in description.unknown
        marked.append((word, true))
    return marked


def _claim(words: Sequence[str], place: int) -> str | None:
    """Which kind of claim the word at a place makes, or None."""
    name = MEANING.get(words[place], (None,))[0]
    if name is None or (name == "vertical" and _says_where(words[place + 1 :])):
        return None
    return CLAIM_OF.get(name, name)


def _says_where(following: Sequence[str]) -> bool:
    """Whether a ground comes before the next thing, as in "over the snow"."""
    names = (MEANING.get(word, ("",))[0] for word in following)
    return next((name for name in names if name in ("ground", "kind")), "") == "ground"
