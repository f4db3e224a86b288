"""The studio as a service: one model, one queue, and the limits on what a user may ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cmlearn.apps.studio.drawing import (
    Drawing,
    Settings,
    draw_in_batches,
    draw_pictures,
    fingerprint,
)
from cmlearn.apps.studio.layouts import MAX_COUNT
from cmlearn.apps.studio.work_queue import Job, WorkQueue
from cmlearn.apps.text_to_image import TextToImage
from cmlearn.training.runtime import choose_threads, set_threads


@dataclass(frozen=True)
class Studio:
    """What all users share.

    Attributes:
        model: draws.
        name: fingerprint of the weights.
        queue: does the work of all users in one thread.
    """

    model: TextToImage
    name: str
    queue: WorkQueue

    @classmethod
    def load(cls, model: TextToImage | None = None, threads: int | None = None) -> Studio:
        """Load the model, and draw one picture, so that the first user need not wait.

        Args:
            model: by default the shipped flow.
            threads: of torch; by default one less than there are cores, for the web server and
                the browser need one. A thread too many makes drawing many times slower.

        Raises:
            FileNotFoundError: there is no checkpoint.
            ValueError: `threads` is below 1.
        """
        count = max(1, choose_threads() - 1) if threads is None else threads
        set_threads(count)
        model = model or TextToImage.load()
        draw_pictures(model, [Settings("a red house", steps=1)])
        return cls(model, fingerprint(model), WorkQueue(start=lambda: set_threads(count)))

    def submit(self, user: str, settings: Sequence[Settings]) -> Job:
        """Put pictures into the queue; the results of the job are `Drawing`s.

        Args:
            user: for whom; each user's pictures are drawn in turn.
            settings: of at most `MAX_COUNT` pictures.

        Raises:
            ValueError: there are no settings, or too many.
            QueueFullError: the queue is full, or the user has too many jobs in it.
        """
        if not 1 <= len(settings) <= MAX_COUNT:
            raise ValueError(f"count: 1 to {MAX_COUNT} pictures are needed, got {len(settings)}")
        parts = draw_in_batches(self.model, settings, self.name)
        return self.queue.submit(user, parts, len(settings))


def summary(drawings: Sequence[Drawing]) -> str:
    """Return "7 of 12 pictures are right."."""
    right = sum(drawing.is_right for drawing in drawings)
    what = "picture is" if len(drawings) == 1 else "pictures are"
    return f"{right} of {len(drawings)} {what} right."
