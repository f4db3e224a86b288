"""A look at a model while it is trained."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from cmlearn.training.batches import Batch


def watched(
    batches: Iterable[Batch], at: Collection[int], look: Callable[[int], None]
) -> Iterator[Batch]:
    """Pass batches on, and look up before some of them.

    Args:
        batches: such as `fit` takes.
        at: after how many steps to look; 0 is before the first.
        look: called with the number of steps done. It must leave the model as it is; the model is
            in train mode.

    Yields:
        the same batches.
    """
    for step, batch in enumerate(batches):
        if step in at:
            look(step)
        yield batch
