"""Text-to-image generation and image captioning with the shipped checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.images import resize
from cmlearn.data.storybook.captions import is_grammatical
from cmlearn.data.storybook.claims import Claim, check_claims
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.restatement import restate
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
IMAGE_SIZE = 64  # height and width of input and output pictures, in pixels
MAX_WORDS = 40  # in a caption; the longest of Storybook have about 30
MAX_COUNT = 1000  # pictures for one caption
BATCH_SIZE = 100  # pictures captioned at a time


@dataclass(frozen=True)
class RoundTrip:
    """A caption, the picture drawn from it, and a generated description of that picture.

    Attributes:
        caption: the input of the text-to-image model.
        picture: (64, 64, 3) uint8 RGB.
        description: the captioner's description; its only input is the picture.
    """

    caption: str
    picture: np.ndarray
    description: str


@dataclass(frozen=True)
class Pipeline:
    """The models and vocabularies of both directions, text to image and image to text.

    Attributes:
        text_to_image: generates pictures from captions.
        text_vocabulary: the vocabulary of `text_to_image`.
        image_encoder: computes the grid features of pictures.
        captioner: generates captions from grid features.
        caption_vocabulary: the vocabulary of `captioner`.
    """

    text_to_image: TextToImageVAE
    text_vocabulary: Vocabulary
    image_encoder: ResNet18
    captioner: Captioner
    caption_vocabulary: Vocabulary

    @classmethod
    def load(cls, folder: Path | str | None = None, device: str | None = None) -> Pipeline:
        """Load the checkpoints `vae`, `resnet18` and `captioner`.

        Args:
            folder: holds the checkpoints; by default that of the shipped ones.
            device: name of the device to compute on; by default that of `choose_device`.

        Raises:
            ValueError: this machine has no such device.
            FileNotFoundError: a checkpoint is missing; the message has the command that trains it.
            CheckpointError: a checkpoint is damaged or of another model.
        """
        folder = checkpoint_folder() if folder is None else Path(folder)
        _check_files(folder)
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
        """Return the words of a caption that are not in `text_vocabulary`; `draw` skips them."""
        return [word for word in tokenize(caption) if word not in self.text_vocabulary]

    def draw(self, caption: str, count: int, rng: torch.Generator) -> np.ndarray:
        """Draw pictures from a caption; they differ in what the caption does not mention.

        A sentence outside the grammar of Storybook's captions, such as "red house", is restated in
        it where that is possible ("a red house"), because the model learned no other. Words
        outside `text_vocabulary` are left out; `unknown_words` lists them.

        Args:
            caption: up to `MAX_WORDS` words, at least one of them known.
            count: number of pictures, 1 to `MAX_COUNT`.
            rng: samples the latents.

        Returns:
            (count, 64, 64, 3) uint8 RGB, upsampled from 32 × 32.

        Raises:
            TypeError: `caption` is not a string, or `count` is not a whole number.
            ValueError: `caption` is empty, too long or has no known word, or `count` is out of
                range.
        """
        known = self._check_caption(caption)
        if not 1 <= index(count) <= MAX_COUNT:
            raise ValueError(f"count: must be 1 to {MAX_COUNT} pictures, got {count}")
        in_grammar = None if is_grammatical(caption) else restate(caption)
        tokens = self.text_vocabulary.encode_batch([in_grammar or " ".join(known)])  # (1, T)
        images = self.text_to_image.sample(tokens.expand(count, -1), rng)  # (count, 3, 32, 32)
        return np.stack([resize(image, IMAGE_SIZE, "cubic") for image in to_uint8(images).numpy()])

    def describe(self, pictures: np.ndarray) -> list[str]:
        """Generate a one-sentence description of each picture by greedy decoding.

        Args:
            pictures: (N, 64, 64, 3) uint8 RGB.

        Returns:
            N descriptions; the same picture always gets the same one.

        Raises:
            ValueError: `pictures` has another type, shape or dtype.
        """
        _check_pictures(pictures)
        descriptions = []
        for start in range(0, len(pictures), BATCH_SIZE):
            grid = self._features(pictures[start : start + BATCH_SIZE])
            descriptions += [
                self.caption_vocabulary.decode(ids) for ids in greedy_search(self.captioner, grid)
            ]
        return descriptions

    def round_trip(self, caption: str, rng: torch.Generator) -> RoundTrip:
        """Draw one picture from a caption, then describe that picture.

        Args:
            caption: as `draw` takes it.
            rng: samples the latent.

        Raises:
            TypeError: `caption` is not a string.
            ValueError: `caption` is empty, too long, or has no known word.
        """
        pictures = self.draw(caption, 1, rng)
        return RoundTrip(caption, pictures[0], self.describe(pictures)[0])

    def _check_caption(self, caption: str) -> list[str]:
        """Return the known words of a caption, or raise a ValueError."""
        words = tokenize(caption)
        if not words:
            raise ValueError(f"caption: {caption!r:.40} has no words; {self._vocabulary_hint()}")
        if len(words) > MAX_WORDS:
            raise ValueError(
                f"caption: {len(words):,} words, but at most {MAX_WORDS} are allowed; shorten it"
            )
        known = [word for word in words if word in self.text_vocabulary]
        if not known:
            unknown = ", ".join(words[:5])
            raise ValueError(
                f"caption: none of these words is known: {unknown}; {self._vocabulary_hint()}"
            )
        return known

    def _vocabulary_hint(self) -> str:
        words = sorted(self.text_vocabulary.tokens[len(SPECIALS) :])
        return f"the model knows these words: {', '.join(words)}"

    @torch.no_grad()
    def _features(self, pictures: np.ndarray) -> Tensor:
        """Return the grid features (B, C, h, w) of pictures (B, 64, 64, 3) uint8."""
        pixels = torch.from_numpy(np.array(pictures)).to(device_of(self.image_encoder))
        return self.image_encoder.features(prepare(pixels))[0]


def surviving_claims(trip: RoundTrip) -> list[tuple[str, bool, bool]]:
    """Check which claims of a caption survive the round trip.

    The scene parser checks the picture; if it cannot parse the picture, every claim counts as
    false. A description may leave out claims that are true of the picture.

    Returns:
        For each claim, in the order of the caption: its text, whether it is true of the picture,
        and whether the description repeats it.
    """
    scene = parse_scenes(trip.picture[None])[0]
    in_picture = [claim.true and scene is not None for claim in _claims(trip.caption, scene)]
    repeated = repeated_claims(trip.caption, trip.description)
    return [(text, true, again) for (text, again), true in zip(repeated, in_picture, strict=True)]


def repeated_claims(caption: str, description: str) -> list[tuple[str, bool]]:
    """Check which claims of a caption a description repeats.

    "a red house left of a tree" makes four claims: house, red house, tree, house left of tree.
    "a tree right of a house" repeats three of them.

    Args:
        caption: the sentence that makes the claims.
        description: the sentence to search for them.

    Returns:
        The text of each claim, and whether `description` makes it too.
    """
    repeated = {_canonical(claim) for claim in _claims(description)}
    return [(claim.text, _canonical(claim) in repeated) for claim in _claims(caption)]


def _claims(caption: str, scene: Scene | None = None) -> tuple[Claim, ...]:
    """Return the claims of a sentence, checked against a scene; None stands for an empty scene."""
    return check_claims(parse_caption(caption), scene or Scene(SKIES[0], GROUNDS[0], ()))


def _canonical(claim: Claim) -> str:
    """Return one wording for equal relations: "tree right of house" -> "house left of tree"."""
    for name in ("right of", "below"):
        first, found, second = claim.text.partition(f" {name} ")
        if found:
            return f"{second} {OPPOSITE[name]} {first}"
    return claim.text


def _check_files(folder: Path) -> None:
    missing = [
        name
        for name in CHECKPOINTS
        if not all((folder / f"{name}.{ending}").is_file() for ending in ("safetensors", "json"))
    ]
    if missing:
        commands = ", ".join(f"`python -m cmlearn train {name}`" for name in missing)
        raise FileNotFoundError(
            f"{folder} has no checkpoint {' and '.join(missing)}. The shipped ones are part of the "
            f"repository (git checkout data/checkpoints); to train them: {commands}"
        )


def _vocabulary(info: CheckpointInfo, size: int, path: Path) -> Vocabulary:
    """Return the vocabulary of a checkpoint, which must have `size` tokens."""
    if info.vocabulary is None or len(info.vocabulary) != size:
        found = "none" if info.vocabulary is None else f"one of {len(info.vocabulary)} words"
        raise CheckpointError(
            f"{path}: a vocabulary of {size} words is needed, but the file has {found}"
        )
    return Vocabulary(info.vocabulary)


def _check_pictures(pictures: np.ndarray) -> None:
    shape, dtype = getattr(pictures, "shape", None), getattr(pictures, "dtype", None)
    if isinstance(pictures, np.ndarray) and pictures.dtype == np.uint8:
        if shape == (IMAGE_SIZE, IMAGE_SIZE, 3):
            raise ValueError("pictures: pass a single picture as a batch: describe(picture[None])")
        if pictures.ndim == 4 and shape[1:] == (IMAGE_SIZE, IMAGE_SIZE, 3):  # type: ignore[index]
            return
    raise ValueError(
        f"pictures: (N, {IMAGE_SIZE}, {IMAGE_SIZE}, 3) uint8 RGB expected, got "
        f"{type(pictures).__name__} {shape or ''} {dtype or ''}".rstrip()
    )
