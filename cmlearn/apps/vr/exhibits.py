"""From a sentence to a world: draw, read the picture, check the claims, compile.

The world is compiled from the scene that the parser reads in the picture, never from the sentence.
What the picture got wrong is therefore wrong in the world too, and the claims say so.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from cmlearn.apps.vr.world import World, compile_world
from cmlearn.data.storybook.claims import Claim, check_claims, strictly_true
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.requests import explain_request
from cmlearn.data.storybook.scene import Scene
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.training.runtime import seeded_generator

# Side by side in one row, six worlds of 52 m make a walk of a minute from end to end.
MAX_SENTENCES = 6
MAX_CHARACTERS = 200  # twice the longest caption of Storybook; attention costs their square


class UnreadableError(ValueError):
    """No scene can be read in the pictures of a sentence; the message names it."""


class Drawer(Protocol):
    """What draws pictures of a sentence, such as `TextToImage`."""

    def draw(self, sentence: str, count: int, rng: torch.Generator) -> np.ndarray:
        """Draw (count, H, W, 3) uint8 RGB pictures."""


@dataclass(frozen=True)
class Exhibit:
    """A world with the sentence that asked for it.

    Attributes:
        sentence: what somebody typed.
        picture: (H, W, 3) uint8 RGB, as drawn.
        claims: the claims of the sentence, checked against the scene in the picture.
        strict: whether all of them are true, and no thing is too many.
        drawn: how many pictures were drawn until this one was chosen.
        world: compiled from the scene in the picture.
    """

    sentence: str
    picture: np.ndarray
    claims: tuple[Claim, ...]
    strict: bool
    drawn: int
    world: World


def check_sentences(sentences: Sequence[str]) -> None:
    """Check what somebody typed before anything is drawn.

    Raises:
        ValueError: there are no sentences or too many, or one is too long or cannot be drawn; the
            message says which, and why.
    """
    if not 1 <= len(sentences) <= MAX_SENTENCES:
        raise ValueError(
            f"sentences: 1 to {MAX_SENTENCES} make a gallery to walk through, got {len(sentences)}"
        )
    for number, sentence in enumerate(sentences, 1):
        where = f"sentence {number}: " if len(sentences) > 1 else ""
        if len(sentence) > MAX_CHARACTERS:
            raise ValueError(
                f"{where}{len(sentence):,} characters, and at most {MAX_CHARACTERS} are drawn: "
                "name one to three things, and no more"
            )
        problem = explain_request(sentence)
        if problem:
            raise ValueError(f"{where}{problem}")


def make_exhibits(
    sentences: Sequence[str],
    drawer: Drawer,
    count: int = 4,
    seed: int = 0,
    report: Callable[[str], object] = warnings.warn,
) -> list[Exhibit]:
    """Make a world of each sentence; one none of whose pictures can be read is left out.

    Pictures are drawn one at a time, until the scene in one is strictly true to the sentence. After
    `count` of them, the one with the most true claims is taken.

    Args:
        sentences: 1 to `MAX_SENTENCES` sentences.
        drawer: draws the pictures.
        count: the most pictures of one sentence.
        seed: of the noise; each sentence begins with it anew.
        report: receives a line about each sentence that is left out.

    Raises:
        ValueError: a sentence cannot be drawn, or no picture of any sentence can be read.
    """
    check_sentences(sentences)
    if count < 1:
        raise ValueError(f"count: at least 1 picture is needed, got {count}")
    made, failed = [], []
    for sentence in sentences:
        try:
            made.append(_make_exhibit(sentence, drawer, count, seed))
        except UnreadableError as error:
            failed.append(error)
    if not made:
        raise failed[0]
    for reason in failed:
        report(f"left out: {reason}")
    return made


def _make_exhibit(sentence: str, drawer: Drawer, count: int, seed: int) -> Exhibit:
    rng = seeded_generator(seed)
    pictures: list[np.ndarray] = []
    scenes: list[Scene | None] = []
    for _ in range(count):
        pictures.append(drawer.draw(sentence, 1, rng)[0])
        scenes += parse_scenes(pictures[-1][None])
        if holds_strictly(sentence, scenes[-1]):
            break
    best = best_scene(sentence, scenes)
    return exhibit_of(sentence, pictures[best], scenes[best], len(pictures))


def holds_strictly(sentence: str, scene: Scene | None) -> bool:
    """Tell whether a scene shows what a sentence says, and no thing too many."""
    return scene is not None and strictly_true(parse_caption(sentence), scene)


def truth_share(sentence: str, scene: Scene | None) -> float:
    """Compute the share of a sentence's claims that are true, 0 to 1; -1 without a scene."""
    if scene is None:
        return -1.0
    claims = check_claims(parse_caption(sentence), scene)
    return sum(claim.true for claim in claims) / max(1, len(claims))


def best_scene(sentence: str, scenes: Sequence[Scene | None]) -> int:
    """Choose a scene: strictly true if possible, else with the most true claims.

    Args:
        sentence: what somebody typed.
        scenes: what the parser reads in each picture; None where it cannot.

    Returns:
        The index of the first of the best.
    """
    return max(
        range(len(scenes)),
        key=lambda n: (holds_strictly(sentence, scenes[n]), truth_share(sentence, scenes[n]), -n),
    )


def exhibit_of(sentence: str, picture: np.ndarray, scene: Scene | None, drawn: int = 1) -> Exhibit:
    """Compile the scene of a picture, and check it against a sentence.

    Args:
        sentence: what somebody typed.
        picture: (H, W, 3) uint8 RGB.
        scene: what the scene parser reads in it.
        drawn: how many pictures were drawn.

    Raises:
        UnreadableError: the parser could not read the picture.
    """
    if scene is None:
        raise UnreadableError(
            f'no scene can be read in {drawn} pictures of "{sentence}": '
            "try another --seed, or more pictures with --count"
        )
    claims = check_claims(parse_caption(sentence), scene)
    strict = holds_strictly(sentence, scene)
    return Exhibit(sentence, picture, claims, strict, drawn, compile_world(scene))


def describe_exhibit(exhibit: Exhibit) -> str:
    """Say in two lines which claims are true, and how the picture was chosen.

    Returns:
        Such as "a red house at night: ✓ house  ✓ red house  ✓ night", then a sentence.
    """
    marks = "  ".join(f"{'✓' if claim.true else '✗'} {claim.text}" for claim in exhibit.claims)
    return f"{exhibit.sentence}: {marks}\n{verdict(exhibit)}"


def verdict(exhibit: Exhibit) -> str:
    """Say in a sentence how the picture was chosen, and whether it is right."""
    drawn = "the first picture" if exhibit.drawn == 1 else f"picture {exhibit.drawn}"
    if exhibit.strict:
        return f"All claims are true in {drawn}, and no thing is too many."
    true = sum(claim.true for claim in exhibit.claims)
    extra = ", but a thing is too many" if true == len(exhibit.claims) else ""
    none = "The one picture drawn does not show"
    if exhibit.drawn > 1:
        none = f"None of the {exhibit.drawn} pictures drawn shows"
    return (
        f"{none} all that was asked and nothing else. In the best one, {true} of "
        f"{len(exhibit.claims)} claims are true{extra}."
    )
