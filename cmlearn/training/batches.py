"""Endless streams of shuffled batches."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from cmlearn.text.vocabulary import PAD

Batch = dict[str, Tensor]


def shuffled_batches(
    arrays: Mapping[str, Tensor | np.ndarray], batch_size: int, rng: torch.Generator
) -> Iterator[Batch]:
    """Yield batches for ever, each epoch in a new order.

    Every batch is full: what is left over at the end of an epoch waits for another order. Of fewer
    than `batch_size` rows, every batch is all of them.

    Args:
        arrays: named tensors or (memory-mapped) arrays of N rows each; row n of each belong
            together. Only the rows of a batch are read from a memory map.
        batch_size: rows in a batch, at least 1.
        rng: decides the order.

    Raises:
        ValueError: no arrays, no rows, arrays of different lengths, or a batch size below 1.
    """
    num_rows = _common_length(arrays)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return _endless(arrays, num_rows, min(batch_size, num_rows), rng)


def one_caption_each(batches: Iterable[Batch], rng: torch.Generator) -> Iterator[Batch]:
    """Keep one caption of each picture, drawn anew whenever the picture comes.

    Args:
        batches: each with "tokens" (B, K, T) int64, K captions of each picture, padded; or with
            the vectors of their words, (B, K, T, D), zeros where there is no word.
        rng: decides which caption.

    Yields:
        the same batches with "tokens" (B, T) or (B, T, D), cut off where the rest is padding.

    Raises:
        ValueError: "tokens" has another number of dimensions.
    """
    for batch in batches:
        tokens = batch["tokens"]
        if tokens.ndim not in (3, 4):
            raise ValueError(
                f'"tokens" must be (B, K, T) or (B, K, T, D), got {tuple(tokens.shape)}'
            )
        num_pictures, num_captions = tokens.shape[:2]
        drawn = torch.randint(num_captions, (num_pictures,), generator=rng)
        chosen = tokens[torch.arange(num_pictures), drawn]
        present = chosen != PAD if chosen.ndim == 2 else (chosen != 0).any(dim=2)  # (B, T)
        longest = int(present.sum(dim=1).max())
        yield {**batch, "tokens": chosen[:, :longest]}


def _endless(
    arrays: Mapping[str, Tensor | np.ndarray],
    num_rows: int,
    batch_size: int,
    rng: torch.Generator,
) -> Iterator[Batch]:
    while True:
        order = torch.randperm(num_rows, generator=rng)
        for start in range(0, num_rows - batch_size + 1, batch_size):
            rows = order[start : start + batch_size]
            yield {name: _take(array, rows) for name, array in arrays.items()}


def _take(array: Tensor | np.ndarray, rows: Tensor) -> Tensor:
    if isinstance(array, Tensor):
        return array[rows]
    return torch.from_numpy(np.asarray(array[rows.numpy()]))


def _common_length(arrays: Mapping[str, Tensor | np.ndarray]) -> int:
    lengths = {name: len(array) for name, array in arrays.items()}
    if not lengths:
        raise ValueError("arrays is empty: name at least one tensor to make batches of")
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the arrays must have equally many rows, got {lengths}")
    num_rows = next(iter(lengths.values()))
    if num_rows == 0:
        raise ValueError(f"the arrays {sorted(lengths)} have no rows")
    return num_rows
