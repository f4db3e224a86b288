"""Pictures drawn from sentences as people type them, by the shipped flow."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.storybook.parser import words_of
from cmlearn.data.storybook.requests import explain_request
from cmlearn.data.storybook.restatement import restate
from cmlearn.evaluation.claim_accuracy import captions_hold_strictly
from cmlearn.evaluation.scene_parser import parse_scenes
from cmlearn.models.flow import Flow, FlowConfig, sample
from cmlearn.models.vae import to_uint8
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import CheckpointError, load_checkpoint
from cmlearn.training.runtime import choose_device

CHECKPOINT = "flow"
GUIDANCE = 2.0  # chosen on val (docs/decisions/0023-flow-matching.md)
MAX_COUNT = 64  # pictures of one sentence
DIGITS = {"1": "one", "2": "two", "3": "three"}


@dataclass(frozen=True)
class TextToImage:
    """A flow with its vocabulary.

    Attributes:
        model: in eval mode.
        vocabulary: the words that it was trained with.
    """

    model: Flow
    vocabulary: Vocabulary

    @classmethod
    def load(cls, path: Path | None = None, device: str | None = None) -> TextToImage:
        """Load a flow.

        Args:
            path: folder and name of the checkpoint; by default the shipped one.
            device: name of the device to compute on; by default that of `choose_device`.

        Raises:
            ValueError: this machine has no such device.
            FileNotFoundError: there is no such checkpoint.
            CheckpointError: the checkpoint is damaged or of another model.
        """
        path = path or checkpoint_folder() / CHECKPOINT
        model, info = load_checkpoint(path, Flow, FlowConfig, choose_device(device))
        if info.vocabulary is None or len(info.vocabulary) != model.config.vocab_size:
            raise CheckpointError(f"{path}.json: the vocabulary does not fit the weights")
        return cls(model, Vocabulary(info.vocabulary))

    def encode(self, sentence: str) -> Tensor:
        """Return the ids of a sentence in words that the model knows, (1, T) int64.

        The sentence is restated in the grammar of the captions where that is possible. Otherwise
        words that say nothing about the picture, such as "please draw", are left out.

        Args:
            sentence: what somebody typed.

        Raises:
            TypeError: the sentence is not a string.
            ValueError: it cannot be drawn; the message says which part, and why.
        """
        problem = explain_request(sentence)
        if problem:
            raise ValueError(problem)
        words = (DIGITS.get(word, word) for word in words_of(restate(sentence, 2) or sentence))
        return self.vocabulary.encode_batch([" ".join(w for w in words if w in self.vocabulary)])

    def draw(self, sentence: str, count: int, rng: torch.Generator) -> np.ndarray:
        """Draw pictures of a sentence; they differ in what it leaves open.

        Args:
            sentence: what somebody typed, such as "two red houses, snow".
            count: number of pictures, 1 to `MAX_COUNT`.
            rng: the source of the noise.

        Returns:
            (count, 64, 64, 3) uint8 RGB.

        Raises:
            TypeError: the sentence is not a string, or the count not a whole number.
            ValueError: the sentence cannot be drawn, or the count is out of range.
        """
        if not 1 <= index(count) <= MAX_COUNT:
            raise ValueError(f"count: must be 1 to {MAX_COUNT} pictures, got {count}")
        tokens = self.encode(sentence).expand(count, -1)
        return to_uint8(sample(self.model, tokens, rng, guidance=GUIDANCE)).cpu().numpy()


def shows_all(sentence: str, pictures: np.ndarray) -> list[bool]:
    """Tell which pictures show what a sentence says, and no thing too many.

    Args:
        sentence: what somebody typed.
        pictures: (N, 64, 64, 3) uint8 RGB.

    Returns:
        N answers of `strictly_true`; false where the scene parser cannot read a picture.
    """
    return captions_hold_strictly(parse_scenes(pictures), [sentence] * len(pictures)).tolist()
