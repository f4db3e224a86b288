"""Shows how far a long job is, on stderr."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress_bar(
    iterable: Iterable[Any] | None = None, *, show: bool = True, **options: Any
) -> tqdm:
    """Return a progress bar over `iterable`, redrawn at most twice a second.

    Args:
        iterable: what to iterate over; None for a bar that is moved by `update`.
        show: False hides the bar. True leaves the decision to the variable TQDM_DISABLE.
        options: as tqdm takes them, such as `desc` and `total`.
    """
    # Not disable=False, which would overrule TQDM_DISABLE.
    hidden = {} if show else {"disable": True}
    return tqdm(iterable, **{"mininterval": 0.5, **hidden, **options})
