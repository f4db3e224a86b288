"""Captions of pictures, by the shipped two-stream encoder and the captioner on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cmlearn.data.folders import checkpoint_folder
from cmlearn.models.captioner import Captioner, CaptionerConfig
from cmlearn.models.decoding import greedy_search
from cmlearn.models.device import device_of
from cmlearn.models.two_stream_encoder import TwoStreamConfig, TwoStreamEncoder, prepare
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import CheckpointError, load_checkpoint
from cmlearn.training.runtime import choose_device

ENCODER, CAPTIONER = "two_stream_encoder", "captioner_two_stream"
BATCH_SIZE = 100  # pictures captioned at a time; bounds the memory


@dataclass(frozen=True)
class ImageToText:
    """An image encoder and a captioner with its vocabulary.

    Attributes:
        encoder: computes the grid features of pictures; in eval mode.
        captioner: generates captions from grid features; in eval mode.
        vocabulary: the words that it was trained with.
    """

    encoder: TwoStreamEncoder
    captioner: Captioner
    vocabulary: Vocabulary

    @classmethod
    def load(cls, folder: Path | None = None, device: str | None = None) -> ImageToText:
        """Load an encoder and a captioner.

        Args:
            folder: holds the checkpoints; by default that of the shipped ones.
            device: name of the device to compute on; by default that of `choose_device`.

        Raises:
            ValueError: this machine has no such device.
            FileNotFoundError: a checkpoint is missing.
            CheckpointError: a checkpoint is damaged or of another model.
        """
        folder, to = folder or checkpoint_folder(), choose_device(device)
        encoder, _ = load_checkpoint(folder / ENCODER, TwoStreamEncoder, TwoStreamConfig, to)
        captioner, info = load_checkpoint(folder / CAPTIONER, Captioner, CaptionerConfig, to)
        if info.vocabulary is None or len(info.vocabulary) != captioner.config.vocab_size:
            path = folder / CAPTIONER
            raise CheckpointError(f"{path}.json: the vocabulary does not fit the weights")
        return cls(encoder, captioner, Vocabulary(info.vocabulary))

    @torch.no_grad()
    def describe(self, pictures: np.ndarray) -> list[str]:
        """Generate a caption of each picture by greedy decoding.

        Args:
            pictures: (N, H, W, 3) uint8 RGB, square, of any size.

        Returns:
            N captions; the same picture always gets the same one.

        Raises:
            ValueError: the array has another shape or type.
        """
        shape = pictures.shape
        if (
            pictures.ndim != 4
            or shape[1] != shape[2]
            or shape[3] != 3
            or pictures.dtype != np.uint8
        ):
            raise ValueError(
                f"pictures: (N, H, H, 3) uint8 RGB expected, not {shape} {pictures.dtype}; pass a "
                "single one as picture[None]"
            )
        captions = []
        for some in torch.from_numpy(np.array(pictures)).split(BATCH_SIZE):
            grid, _ = self.encoder.features(prepare(some.to(device_of(self.encoder))))
            captions += [self.vocabulary.decode(ids) for ids in greedy_search(self.captioner, grid)]
        return captions
