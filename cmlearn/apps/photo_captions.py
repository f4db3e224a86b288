"""Captions for image files, by a captioner that `python -m cmlearn train captioner` kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cmlearn.data.folders import checkpoint_folder, expand_user, own_checkpoint_folder
from cmlearn.data.images import ImageError, centre_crop, load_image, resize
from cmlearn.data.photos.on_disk import pictures_in
from cmlearn.models.captioner import (
    Captioner,
    CaptionerConfig,
    PhotoCaptioner,
    PhotoCaptionerConfig,
)
from cmlearn.models.decoding import beam_search
from cmlearn.models.device import device_of
from cmlearn.models.resnet import LastStage, ResNet18, ResNetConfig, prepare
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import CheckpointError, CheckpointInfo, load_checkpoint, read_info
from cmlearn.training.runtime import channels_last

STORYBOOK = "storybook"  # names the captioner of the course
STORYBOOK_SIZE = 64  # side of its pictures, in pixels
ENCODER = "encoder"  # NAME.encoder is the image encoder of the checkpoint NAME
MAX_WORDS = 30
BATCH_SIZE = 32
HOW_TO_TRAIN = (
    "there is no captioner of your own yet. To train one on photographs with captions:\n"
    "`python -m cmlearn train captioner --data flickr8k:/path --out NAME`; "
    f"or `--checkpoint {STORYBOOK}` for that of the course, which knows only its drawn world"
)


@dataclass(frozen=True)
class ImageCaptioner:
    """A captioner with its image encoder.

    Attributes:
        encoder: in eval mode; `encoder.features(images)` returns the grid first.
        captioner: in eval mode.
        vocabulary: that of `captioner`.
        image_size: side of the squares that the encoder takes, in pixels.
    """

    encoder: nn.Module
    captioner: Captioner
    vocabulary: Vocabulary
    image_size: int

    def caption(self, images: Sequence[np.ndarray], beam_size: int = 3) -> list[str]:
        """Caption images by beam search.

        Args:
            images: N arrays (H, W, 3) uint8 RGB of any size; the central square of each is used.
            beam_size: number of partial captions to keep.

        Returns:
            N captions.
        """
        squares = [resize(centre_crop(image), self.image_size) for image in images]
        grid = self._grid(torch.from_numpy(np.stack(squares)))
        found = beam_search(self.captioner, grid, beam_size, MAX_WORDS)
        return [self.vocabulary.decode(captions[0][0]) for captions in found]

    @torch.no_grad()
    def _grid(self, pixels: Tensor) -> Tensor:
        grid, _ = self.encoder.features(prepare(pixels.to(device_of(self.encoder))))  # type: ignore[operator]
        return grid.half()  # as the cached features of the training


def load_image_captioner(path: Path, device: torch.device | str = "cpu") -> ImageCaptioner:
    """Load a checkpoint with its image encoder.

    Args:
        path: folder and name of the checkpoint, as `find_checkpoint` returns it.
        device: where to compute.

    Raises:
        FileNotFoundError: a file is missing.
        CheckpointError: a file is damaged, or the encoder is not that of the training.
    """
    if path == checkpoint_folder() / "captioner":
        drawn, info = load_checkpoint(path, Captioner, CaptionerConfig, device)
        encoder, _ = load_checkpoint(path.with_name("resnet18"), ResNet18, ResNetConfig, device)
        return ImageCaptioner(
            channels_last(encoder), drawn, _vocabulary(info, path), STORYBOOK_SIZE
        )
    captioner, info = load_checkpoint(path, PhotoCaptioner, PhotoCaptionerConfig, device)
    encoder, kept = load_checkpoint(encoder_path(path), ResNet18, ResNetConfig, device)
    if kept.sha256 != info.recipe.get("encoder_sha256"):
        raise CheckpointError(
            f"{encoder_path(path)} is not the image encoder that {path.name} was trained with: "
            "restore it, or train again"
        )
    last = channels_last(LastStage(encoder))
    return ImageCaptioner(last, captioner, _vocabulary(info, path), info.recipe["image_size"])


def _vocabulary(info: CheckpointInfo, path: Path) -> Vocabulary:
    if info.vocabulary is None or len(info.vocabulary) != info.config["vocab_size"]:
        raise CheckpointError(f"{path}: its vocabulary does not fit its weights; train it again")
    return Vocabulary(info.vocabulary)


def encoder_path(path: Path) -> Path:
    """Return the name of the image encoder that is kept beside a captioner."""
    return path.with_name(f"{path.name}.{ENCODER}")


def own_captioners() -> list[str]:
    """Return the names of the captioners in the folder of one's own checkpoints, sorted."""
    found = sorted(own_checkpoint_folder().glob(f"*.{ENCODER}.json"))
    names = [path.name.removesuffix(f".{ENCODER}.json") for path in found]
    return [name for name in names if (own_checkpoint_folder() / f"{name}.json").is_file()]


def find_checkpoint(name: str | None) -> Path:
    """Return folder and name of a captioner.

    Args:
        name: the name of one's own captioner, a path, or "storybook"; None takes the only one of
            one's own.

    Raises:
        FileNotFoundError: there is no such captioner; the message says how to train one.
        ValueError: `name` is None and there are several, or the checkpoint is none of photographs.
    """
    own = own_captioners()
    if name == STORYBOOK:
        return checkpoint_folder() / "captioner"
    if name is None and len(own) > 1:
        raise ValueError(f"--checkpoint: choose one of {', '.join(own)}")
    if name is None and not own:
        raise FileNotFoundError(HOW_TO_TRAIN)
    path = checkpoint_path(name or own[0])
    if not path.with_name(f"{path.name}.json").is_file():
        known = f"yours are {', '.join(own)}" if own else HOW_TO_TRAIN
        raise FileNotFoundError(f"--checkpoint: there is no captioner {path}; {known}")
    if "encoder_sha256" not in read_info(path).recipe:
        raise ValueError(
            f"--checkpoint: {path} was not trained by `train captioner --data`, so its image "
            f"encoder is not known; the captioner of the course is --checkpoint {STORYBOOK}"
        )
    return path


def checkpoint_path(name: str) -> Path:
    """Return the path of a checkpoint: a bare name lies in the folder of one's own checkpoints.

    Args:
        name: a name, or a path with a folder; without or with the suffix of either file.
    """
    path = expand_user(name, name)
    if path.suffix in {".safetensors", ".json"}:
        path = path.with_suffix("")
    is_bare = Path(name).name == name  # "./mine" is a path
    return own_checkpoint_folder() / path if is_bare else path


def find_images(paths: Sequence[Path]) -> tuple[list[Path], dict[Path, int]]:
    """List image files; a folder stands for the images in it, sorted by name.

    Args:
        paths: files and folders.

    Returns:
        The files, and how many entries of each folder were passed over: hidden ones, folders and
        files without a suffix of images.
    """
    files: list[Path] = []
    passed_over: dict[Path, int] = {}
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        images = [path / name for name in sorted(pictures_in(path))]
        files += images
        if others := len(list(path.iterdir())) - len(images):
            passed_over[path] = others
    return files, passed_over


def caption_files(
    model: ImageCaptioner, files: Sequence[Path], beam_size: int = 3
) -> Iterator[tuple[Path, str | ImageError | FileNotFoundError]]:
    """Caption image files, a batch at a time.

    Args:
        model: the captioner.
        files: image files of any size and kind.
        beam_size: number of partial captions to keep.

    Yields:
        Each file in order with its caption, or with the reason why it cannot be read.
    """
    for start in range(0, len(files), BATCH_SIZE):
        batch = files[start : start + BATCH_SIZE]
        loaded = [_load_square(path, model.image_size) for path in batch]
        images = [each for each in loaded if isinstance(each, np.ndarray)]
        captions = iter(model.caption(images, beam_size) if images else [])
        for path, each in zip(batch, loaded, strict=True):
            yield path, next(captions) if isinstance(each, np.ndarray) else each


def _load_square(path: Path, size: int) -> np.ndarray | ImageError | FileNotFoundError:
    """Load the central square; a batch of whole photographs could fill the memory."""
    try:
        return resize(centre_crop(load_image(path)), size)
    except (ImageError, FileNotFoundError) as error:
        return error
