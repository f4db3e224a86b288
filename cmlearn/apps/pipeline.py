"""From a sentence to pictures, from pictures to sentences, with the shipped checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.images import resize
from cmlearn.data.storybook.claims import Claim, check_claims
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.scene import GROUNDS, OPPOSITE, SKIES, Scene
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.models.captioner import Captioner, CaptionerConfig
from cmlearn.models.decoding import greedy_search
from cmlearn.models.device import device_of
from cmlearn.models.resnet import ResNet18, ResNetConfig, prepare
from cmlearn.models.vae import TextToImageVAE, VAEConfig, to_uint8
from cmlearn.text.cleaning import tokenize
from cmlearn.text.vocabulary import SPECIALS, Vocabulary
from cmlearn.training.checkpoint import CheckpointError, CheckpointInfo, load_checkpoint
from cmlearn.training.runtime import choose_device

CHECKPOINTS = ("vae", "resnet18", "captioner")
IMAGE_SIZE = 64  # pixels of the pictures that come out and go in
MAX_WORDS = 40  # the longest captions of Storybook have about 30
MAX_COUNT = 1000  # pictures of one sentence
BATCH_SIZE = 100  # pictures described at a time


@dataclass(frozen=True)
class RoundTrip:
    """A sentence, the picture drawn from it, and the sentence said of that picture.

    Attributes:
        caption: what was asked for.
        picture: (64, 64, 3) uint8 RGB.
        said: what the captioner says of the picture, which is all that it gets.
    """

    caption: str
    picture: np.ndarray
    said: str


@dataclass(frozen=True)
class Pipeline:
    """Both directions, ready to use.

    Attributes:
        painter: draws what a sentence says.
        painter_words: the words that it can read.
        eye: turns pictures into features.
        writer: says the features of a picture in words.
        writer_words: the words that it can write.
    """

    text_to_image: TextToImageVAE
    text_vocabulary: Vocabulary
    image_encoder: ResNet18
    captioner: Captioner
    caption_vocabulary: Vocabulary

    @classmethod
    def load(cls, folder: Path | str | None = None, device: str | None = None) -> Pipeline:
        """Read the checkpoints `vae`, `resnet18` and `captioner`: once, for every later call.

        Args:
            folder: where they lie; by default `data/checkpoints`, where the shipped ones are.
            device: what they compute on; by default as `choose_device` says.

        Raises:
            ValueError: there is no such device.
            FileNotFoundError: one is missing; the message has the command that trains it.
            CheckpointError: one is damaged, or of another model.
        """
        folder = checkpoint_folder() if folder is None else Path(folder)
        _refuse_missing(folder)
        to = choose_device(device)
        text_to_image, text_info = load_checkpoint(folder / "vae", TextToImageVAE, VAEConfig, to)
        image_encoder, _ = load_checkpoint(folder / "resnet18", ResNet18, ResNetConfig, to)
        captioner, caption_info = load_checkpoint(
            folder / "captioner", Captioner, CaptionerConfig, to
        )
        return cls(
            text_to_image,
            _vocabulary(text_info, text_to_image.config.text.vocab_size, folder / "vae.json"),
            image_encoder,
            captioner,
            _vocabulary(caption_info, captioner.config.vocab_size, folder / "captioner.json"),
        )

    def unknown_words(self, caption: str) -> list[str]:
        """The words of a sentence that the painter never learned, and will leave out."""
        return [word for word in tokenize(caption) if word not in self.text_vocabulary]

    def draw(self, caption: str, count: int, rng: torch.Generator) -> np.ndarray:
        """Draw pictures of a sentence; each fills in what it leaves open in its own way.

        Words that the painter never learned are left out (`unknown_words` tells which).

        Args:
            caption: up to `MAX_WORDS` words, at least one of them known.
            count: how many pictures, 1 to `MAX_COUNT`.
            rng: chooses what the sentence leaves open.

        Returns:
            (count, 64, 64, 3) uint8 RGB, enlarged from 32 × 32.

        Raises:
            TypeError: the sentence is not a string, or the count not a whole number.
            ValueError: the sentence is empty, too long, or has no word that the painter knows.
        """
        known = self._known_words(caption)
        if not 1 <= index(count) <= MAX_COUNT:
            raise ValueError(f"count: 1 to {MAX_COUNT} pictures, got {count}")
        tokens = self.text_vocabulary.encode_batch([" ".join(known)])  # (1, T)
        drawn = self.text_to_image.sample(tokens.expand(count, -1), rng)  # (count, 3, 32, 32)
        return np.stack(
            [resize(picture, IMAGE_SIZE, "cubic") for picture in to_uint8(drawn).numpy()]
        )

    def describe(self, pictures: np.ndarray) -> list[str]:
        """Say in one sentence what is in each picture; the same picture, the same sentence.

        Args:
            pictures: (N, 64, 64, 3) uint8 RGB.

        Raises:
            ValueError: the array is not such pictures.
        """
        _refuse_other_pictures(pictures)
        said = []
        for start in range(0, len(pictures), BATCH_SIZE):
            grid = self._features(pictures[start : start + BATCH_SIZE])
            said += [
                self.caption_vocabulary.decode(ids) for ids in greedy_search(self.captioner, grid)
            ]
        return said

    def round_trip(self, caption: str, rng: torch.Generator) -> RoundTrip:
        """Draw one picture of a sentence, then say what is in that picture."""
        pictures = self.draw(caption, 1, rng)
        return RoundTrip(caption, pictures[0], self.describe(pictures)[0])

    def _known_words(self, caption: str) -> list[str]:
        words = tokenize(caption)
        if not words:
            raise ValueError(f"caption: {caption!r:.40} has no words; {self._example()}")
        if len(words) > MAX_WORDS:
            raise ValueError(
                f"caption: {len(words):,} words, and the painter reads at most {MAX_WORDS}; "
                "say it shorter"
            )
        known = [word for word in words if word in self.text_vocabulary]
        if not known:
            unknown = ", ".join(words[:5])
            raise ValueError(f"caption: the painter knows none of: {unknown}; {self._example()}")
        return known

    def _example(self) -> str:
        words = sorted(self.text_vocabulary.tokens[len(SPECIALS) :])
        return f"it knows these words: {', '.join(words)}"

    @torch.no_grad()
    def _features(self, pictures: np.ndarray) -> Tensor:
        """(B, 64, 64, 3) uint8 -> the grid of features, (B, C, h, w)."""
        pixels = torch.from_numpy(np.array(pictures)).to(device_of(self.image_encoder))
        return self.image_encoder.features(prepare(pixels))[0]


def surviving_claims(trip: RoundTrip) -> list[tuple[str, bool, bool]]:
    """Follow each claim of a sentence around the loop.

    Returns:
        In the order of the sentence: the claim; whether it is true of the picture, as the
        deterministic reader reads it (of a picture that cannot be read nothing is true); and
        whether the second sentence says it again, which also leaves out what is true.
    """
    reading = parse_scenes(trip.picture[None])[0]
    shown = [claim.true and reading is not None for claim in _claims(trip.caption, reading)]
    again = repeated_claims(trip.caption, trip.said)
    return [(claim, true, said) for (claim, said), true in zip(again, shown, strict=True)]


def repeated_claims(caption: str, said: str) -> list[tuple[str, bool]]:
    """Each claim of a sentence, and whether another sentence makes it too.

    "a red house left of a tree" claims a house, that it is red, a tree, and their order;
    "a tree right of a house" makes three of these four claims.

    Args:
        caption: the sentence whose claims are looked for.
        said: the sentence in which they are looked for.
    """
    repeated = {_one_wording(claim) for claim in _claims(said)}
    return [(claim.text, _one_wording(claim) in repeated) for claim in _claims(caption)]


def _claims(caption: str, scene: Scene | None = None) -> tuple[Claim, ...]:
    """What a sentence claims, held against a scene or, without one, against an empty one."""
    return check_claims(parse_caption(caption), scene or Scene(SKIES[0], GROUNDS[0], ()))


def _one_wording(claim: Claim) -> str:
    """ "tree right of house" is "house left of tree"; all other claims have one wording."""
    for name in ("right of", "below"):
        first, found, second = claim.text.partition(f" {name} ")
        if found:
            return f"{second} {OPPOSITE[name]} {first}"
    return claim.text


def _refuse_missing(folder: Path) -> None:
    missing = [
        name
        for name in CHECKPOINTS
        if not all((folder / f"{name}.{ending}").is_file() for ending in ("safetensors", "json"))
    ]
    if missing:
        commands = ", ".join(f"`python -m cmlearn train {name}`" for name in missing)
        raise FileNotFoundError(
            f"{folder} lacks the checkpoint of {' and '.join(missing)}. They come with the "
            f"course (git checkout data/checkpoints); to train anew: {commands}"
        )


def _vocabulary(info: CheckpointInfo, size: int, path: Path) -> Vocabulary:
    """The words of a checkpoint, one for each row of its model's table."""
    if info.vocabulary is None or len(info.vocabulary) != size:
        found = "none" if info.vocabulary is None else f"{len(info.vocabulary)} words"
        raise CheckpointError(f"{path}: a vocabulary of {size} words is needed, it holds {found}")
    return Vocabulary(info.vocabulary)


def _refuse_other_pictures(pictures: np.ndarray) -> None:
    shape, kind = getattr(pictures, "shape", None), getattr(pictures, "dtype", None)
    if isinstance(pictures, np.ndarray) and pictures.dtype == np.uint8:
        if shape == (IMAGE_SIZE, IMAGE_SIZE, 3):
            raise ValueError("pictures: one picture is a batch of one: describe(picture[None])")
        if pictures.ndim == 4 and shape[1:] == (IMAGE_SIZE, IMAGE_SIZE, 3):  # type: ignore[index]
            return
    raise ValueError(
        f"pictures: (N, {IMAGE_SIZE}, {IMAGE_SIZE}, 3) uint8 RGB expected, got "
        f"{type(pictures).__name__} {shape or ''} {kind or ''}".rstrip()
    )
