"""Sequences whose first symbol is to be told at their end."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

SYMBOLS = 8  # that may come first: 0 to 7
DISTRACTIONS = 8  # that fill the rest: 8 to 15


def recall_sequences(count: int, length: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw sequences: one of `SYMBOLS`, then `length` distractions that tell nothing.

    Args:
        count: B, how many.
        length: for how many steps the first symbol has to be kept, at least 1.
        generator: decides every symbol.

    Returns:
        symbols: (B, 1 + length) int64.
        first: (B,) int64, what is to be told.

    Raises:
        ValueError: `length` or `count` is less than 1.
    """
    if count < 1 or length < 1:
        raise ValueError(f"count and length must be at least 1, got {count} and {length}")
    first = torch.randint(SYMBOLS, (count,), generator=generator)
    shape = (count, length)
    rest = torch.randint(SYMBOLS, SYMBOLS + DISTRACTIONS, shape, generator=generator)
    return {"symbols": torch.cat([first.unsqueeze(1), rest], dim=1), "first": first}


def recall_batches(
    count: int, length: int, generator: torch.Generator
) -> Iterator[dict[str, Tensor]]:
    """Yield batches of new sequences for ever."""
    while True:
        yield recall_sequences(count, length, generator)
