"""Containers for pictures with captions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


class UnknownTruthError(ValueError):
    """A step needs to know what is in each picture, and the data set does not record it."""

    def __init__(self, name: str) -> None:
        """Compose the message.

        Args:
            name: name of the data set and its split.
        """
        super().__init__(
            f"{name} does not say what is in each picture, which this step needs. Use a data set "
            "with known scenes or, in a notebook, go on with the next cell."
        )


@dataclass(frozen=True)
class CaptionedImage:
    """A picture on disk with its captions.

    Attributes:
        image_id: id of the picture in its data set.
        path: the picture's file.
        captions: the captions of the picture.
    """

    image_id: int
    path: Path
    captions: tuple[str, ...]


@dataclass(frozen=True)
class CaptionedPictures:
    """N pictures of one size with their captions; entry n of each field is about picture n.

    Attributes:
        name: name of the data set and its split.
        images: (N, H, W, 3) uint8 RGB, usually memory-mapped.
        captions: N tuples of captions.
        image_ids: N ids.
        scenes: N descriptions of what is known to be in each picture; None where it is not known.

    Raises:
        ValueError: the fields have different lengths.
    """

    name: str
    images: np.ndarray
    captions: tuple[tuple[str, ...], ...]
    image_ids: tuple[int, ...]
    scenes: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        lengths = {
            field: len(getattr(self, field))
            for field in ("images", "captions", "image_ids", "scenes")
            if getattr(self, field) is not None
        }
        if len(set(lengths.values())) > 1:
            raise ValueError(f"{self.name}: the fields must have equal lengths, got {lengths}")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def known_scenes(self) -> tuple[Any, ...]:
        """The N scenes.

        Raises:
            UnknownTruthError: the scenes are not known.
        """
        self.need_truth()
        return self.scenes or ()

    def need_truth(self) -> None:
        """Raise an error if the scenes are not known.

        Raises:
            UnknownTruthError: `scenes` is None.
        """
        if self.scenes is None:
            raise UnknownTruthError(self.name)
