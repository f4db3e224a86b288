"""Draws pictures from settings that determine them, and reads which claims they show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from cmlearn.apps.studio.sentences import check_sentence
from cmlearn.apps.text_to_image import GUIDANCE, TextToImage
from cmlearn.data.storybook.claims import Claim, check_claims, strictly_true
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import GROUNDS, SKIES, Scene
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.models.flow import PAD, Predictor, euler
from cmlearn.models.vae import to_uint8
from cmlearn.training.resumable_loop import step_generator

STEPS = 16
MAX_STEPS, MIN_GUIDANCE, MAX_GUIDANCE = 32, 1.0, 5.0
MAX_SEED, MAX_INDEX = 2**31 - 1, 999
FIRST, AT_ONCE = 1, 4  # pictures of the first batch, which appears soonest, and of the others


@dataclass(frozen=True)
class Settings:
    """All that determines a picture, apart from the weights.

    Attributes:
        sentence: what to draw.
        seed: of the noise, with `index`; the same two numbers always give the same noise.
        index: number of the picture among those of one seed.
        steps: of Euler's method.
        guidance: strength of classifier-free guidance; 1 is none.
        other: the sentence at the other end of a strip, or empty.
        mix: how far the picture stands towards `other`, 0 to 1.

    Raises:
        ValueError: a sentence cannot be drawn, or a number is out of its range.
    """

    sentence: str
    seed: int = 0
    index: int = 0
    steps: int = STEPS
    guidance: float = GUIDANCE
    other: str = ""
    mix: float = 0.0

    def __post_init__(self) -> None:
        """Check the sentences and the numbers."""
        for text in (self.sentence, *([self.other] if self.other != "" or self.mix else [])):
            problem = check_sentence(text)
            if problem:
                raise ValueError(problem)
        _check_whole("seed", self.seed, 0, MAX_SEED)
        _check_whole("index", self.index, 0, MAX_INDEX)
        _check_whole("steps", self.steps, 1, MAX_STEPS)
        _check_number("guidance", self.guidance, MIN_GUIDANCE, MAX_GUIDANCE)
        _check_number("mix", self.mix, 0, 1)

    @property
    def nearer(self) -> str:
        """The sentence that the picture should show: in a strip, that of the nearer end."""
        return self.other if self.mix > 0.5 else self.sentence


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture, what determined it, and what the scene parser reads in it.

    Attributes:
        settings: as it was drawn.
        picture: (64, 64, 3) uint8 RGB.
        scene: None where the scene parser cannot read the picture.
        model: fingerprint of the weights.
    """

    settings: Settings
    picture: np.ndarray
    scene: Scene | None
    model: str = ""

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of the sentence; all are false if the picture cannot be read."""
        description = parse_caption(self.settings.nearer)
        if self.scene is not None:
            return check_claims(description, self.scene)
        claims = check_claims(description, Scene(SKIES[0], GROUNDS[0], ()))
        return tuple(replace(claim, true=False) for claim in claims)

    @cached_property
    def is_right(self) -> bool:
        """Whether all claims hold, and no thing is too many."""
        description = parse_caption(self.settings.nearer)
        return self.scene is not None and strictly_true(description, self.scene)

    @cached_property
    def findings(self) -> tuple[tuple[str, bool], ...]:
        """What to show of the claims: each in words, with whether it holds.

        A thing is left out where a claim about its colour or size holds and so implies it. The
        last finding says whether a thing is too many, where all claims hold.
        """
        if self.scene is None:
            return (("can be read", False),)
        implied = {
            c.text.split()[-1] for c in self.claims if c.true and c.kind in ("colour", "size")
        }
        shown = [
            (claim.text, claim.true)
            for claim in self.claims
            if claim.kind != "thing" or not claim.true or claim.text not in implied
        ]
        if all(claim.true for claim in self.claims):
            shown.append(("nothing too many", self.is_right))
        return tuple(dict.fromkeys(shown))

    @property
    def share_true(self) -> float:
        """The share of the claims that hold, 0 to 1."""
        return sum(claim.true for claim in self.claims) / len(self.claims)


def noise_of(seed: int, index: int, size: int = 64) -> Tensor:
    """Return the noise of one picture, (3, size, size); it does not depend on any other picture."""
    return torch.randn(3, size, size, generator=step_generator(seed, index))


def mixed(
    model: nn.Module, tokens: Tensor, others: Tensor, mix: Tensor, guidance: float
) -> Predictor:
    """Make a predictor with guidance towards two captions at once.

    The conditional prediction is the weighted mean of both captions' (composition as in Liu et
    al. 2022, "Compositional visual generation with composable diffusion models").

    Args:
        model: a `Flow` in eval mode.
        tokens: (B, T) int64, the first captions.
        others: (B, T') int64, the second ones.
        mix: (B,), the weight of the second, 0 to 1.
        guidance: as `guided` takes it.
    """
    weight = mix.view(-1, 1, 1, 1)

    def predict(x: Tensor, t: float) -> Tensor:
        times = torch.full((len(x),), t, device=x.device)
        conditional = model(x, times, tokens)
        if bool((mix > 0).any()):
            conditional = torch.lerp(conditional, model(x, times, others), weight)
        if guidance == 1:
            return conditional
        unconditional = model(x, times, torch.full_like(tokens, PAD))
        return unconditional + guidance * (conditional - unconditional)

    return predict


@torch.no_grad()
def draw_pictures(
    model: TextToImage, settings: Sequence[Settings], name: str = ""
) -> list[Drawing]:
    """Draw a picture for each of N settings, at once.

    Args:
        model: the flow and its vocabulary.
        settings: all with the same steps and guidance.
        name: fingerprint of the weights, kept with the drawings.

    Raises:
        ValueError: there are no settings, or their steps or guidance differ.
    """
    kinds = {(each.steps, each.guidance) for each in settings}
    if len(kinds) != 1:
        raise ValueError(f"settings: one number of steps and one guidance are needed, got {kinds}")
    ((steps, guidance),) = kinds
    flow = model.model
    device = flow.position.device
    tokens = _encode(model, [each.sentence for each in settings]).to(device)
    others = _encode(model, [each.other or each.sentence for each in settings]).to(device)
    # A whole number may stand for the mix, as JSON writes 1.0 as 1.
    mix = torch.tensor([each.mix for each in settings], dtype=torch.float32, device=device)
    size = flow.config.image_size
    noise = torch.stack([noise_of(each.seed, each.index, size) for each in settings]).to(device)
    images = euler(mixed(flow, tokens, others, mix, guidance), noise, steps)
    pictures = to_uint8(images).cpu().numpy()
    scenes = parse_scenes(pictures)
    return [Drawing(*each, name) for each in zip(settings, pictures, scenes, strict=True)]


def draw_in_batches(
    model: TextToImage, settings: Sequence[Settings], name: str = ""
) -> Iterator[list[Drawing]]:
    """Draw pictures a few at a time, the first one alone, so that it can be shown early.

    Args:
        model: the flow and its vocabulary.
        settings: as `draw_pictures` takes them.
        name: fingerprint of the weights.

    Yields:
        Drawings in the order of the settings.
    """
    start, size = 0, FIRST
    while start < len(settings):
        yield draw_pictures(model, settings[start : start + size], name)
        start, size = start + size, AT_ONCE


def fingerprint(model: TextToImage) -> str:
    """Return "flow" and 12 digits that change with any weight of the model."""
    digest = hashlib.sha256()
    for key, weight in sorted(model.model.state_dict().items()):
        digest.update(key.encode() + weight.cpu().contiguous().numpy().tobytes())
    return f"flow-{digest.hexdigest()[:12]}"


def _encode(model: TextToImage, sentences: Sequence[str]) -> Tensor:
    """Return the ids of N sentences, (N, T) int64, padded at the end."""
    rows = [model.encode(text)[0] for text in sentences]
    return pad_sequence(rows, batch_first=True, padding_value=PAD)


def _check_whole(name: str, value: int, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(
            f"{name}: a whole number from {least} to {most:,} is needed, got {value!r:.40}"
        )


def _check_number(name: str, value: float, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # NaN is in no range
        raise ValueError(
            f"{name}: a number from {least:g} to {most:g} is needed, got {value!r:.40}"
        )
