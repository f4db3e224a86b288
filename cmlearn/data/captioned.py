"""A picture with its captions: one on disk, or a whole set in memory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmlearn.data.storybook.scene import Scene


class UnknownTruthError(ValueError):
    """Something asks what is truly in the pictures, and nobody wrote that down."""

    def __init__(self, name: str) -> None:
        """Name the pictures, and say what to do.

        Args:
            name: what the pictures are called, such as "coco/test".
        """
        super().__init__(
            f"{name} does not say what is in each picture, and this needs to know (Storybook "
            "does). In a notebook: go on with the next cell."
        )


@dataclass(frozen=True)
class CaptionedImage:
    """One picture on disk with what people wrote of it.

    Attributes:
        image_id: the picture's number in its data set.
        path: where the picture lies.
        captions: one or more sentences.
    """

    image_id: int
    path: Path
    captions: tuple[str, ...]


@dataclass(frozen=True)
class CaptionedPictures:
    """N pictures of one size with their captions; row n of everything belongs together.

    Attributes:
        name: what the set is called, such as "train".
        images: (N, H, W, 3) uint8 RGB, usually memory-mapped.
        captions: N tuples of captions.
        image_ids: N numbers of pictures.
        scenes: N scenes, where the pictures were drawn from scenes; None for photographs.
    """

    name: str
    images: np.ndarray
    captions: tuple[tuple[str, ...], ...]
    image_ids: tuple[int, ...]
    scenes: tuple[Scene, ...] | None = None

    def __post_init__(self) -> None:
        lengths = {
            field: len(getattr(self, field))
            for field in ("images", "captions", "image_ids", "scenes")
            if getattr(self, field) is not None
        }
        if len(set(lengths.values())) > 1:
            raise ValueError(f"{self.name}: rows must match, got {lengths}")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def known_scenes(self) -> tuple[Scene, ...]:
        """The N scenes, for whoever cannot do without them.

        Raises:
            UnknownTruthError: the pictures are photographs.
        """
        self.need_truth()
        return self.scenes or ()

    def need_truth(self) -> None:
        """Refuse to go on with photographs.

        Raises:
            UnknownTruthError: nobody knows the scenes of these pictures.
        """
        if self.scenes is None:
            raise UnknownTruthError(self.name)
