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
    """Yield shuffled batches without end, each epoch in a new order.

    Every batch is full: the rows left over at the end of an epoch are dropped. With fewer than
    `batch_size` rows, every batch holds all of them.

    Args:
        arrays: named tensors or arrays, each (N, ...); row n of all of them is one example. From a
            memory-mapped array only the rows of the current batch are read.
        batch_size: rows in a batch, at least 1.
        rng: shuffles the rows.

    Returns:
        An endless iterator over dictionaries of tensors (batch_size, ...), named as `arrays`.

    Raises:
        ValueError: no arrays, no rows, arrays of different lengths, or a batch size below 1.
    """
    num_rows = _common_length(arrays)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return _endless(arrays, num_rows, min(batch_size, num_rows), rng)


def sample_captions(batches: Iterable[Batch], rng: torch.Generator) -> Iterator[Batch]:
    """Choose one caption of each image at random, anew each time the image appears.

    Args:
        batches: their key "tokens" holds the K captions of each image, either as token ids
            (B, K, T) int64, padded with `PAD`, or as word vectors (B, K, T, D) float, which are
            zero at padding.
        rng: chooses the captions.

    Yields:
        The same batches, where "tokens" holds one caption of each image: ids (B, T) or vectors
        (B, T, D). T is the length of the longest chosen caption.

    Raises:
        ValueError: "tokens" has neither three nor four dimensions.
    """
    for batch in batches:
        tokens = batch["tokens"]
        if tokens.ndim not in (3, 4):
            raise ValueError(
                f'"tokens" must be (B, K, T) or (B, K, T, D), got {tuple(tokens.shape)}'
            )
        num_images, num_captions = tokens.shape[:2]
        choices = torch.randint(num_captions, (num_images,), generator=rng)
        chosen = tokens[torch.arange(num_images), choices]
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
