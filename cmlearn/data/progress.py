"""Progress bars on standard error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress_bar(
    iterable: Iterable[Any] | None = None, *, show: bool = True, **options: Any
) -> tqdm:
    """Return a progress bar over `iterable`, redrawn at most twice a second.

    Args:
        iterable: the items to iterate over; None for a bar that `update` advances.
        show: False hides the bar; True shows it unless the variable TQDM_DISABLE is set.
        options: keyword arguments of tqdm, such as `desc` and `total`.

    Returns:
        The bar, itself an iterator over `iterable`.
    """
    # `disable=False` would override TQDM_DISABLE.
    hidden = {} if show else {"disable": True}
    return tqdm(iterable, **{"mininterval": 0.5, **hidden, **options})
