"""Features of a frozen network, computed once for a set of images and kept on disk."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from cmlearn.data.files import atomic_write, explain_disk_errors
from cmlearn.data.folders import downloads_folder
from cmlearn.data.progress import progress_bar

SAMPLES = 64  # images that enter the fingerprint of a set
PARTS = ("grid", "pooled")

Prepare = Callable[[Tensor], Tensor]


class Features(NamedTuple):
    """Features of N images: float16 arrays that are memory-mapped from disk.

    Attributes:
        grid: (N, C, h, w), a feature vector for each grid cell.
        pooled: (N, D), a feature vector for the whole image.
    """

    grid: np.ndarray
    pooled: np.ndarray


def precompute_features(
    network: nn.Module,
    prepare: Prepare,
    images: np.ndarray,
    name: str,
    *,
    folder: Path | None = None,
    batch_size: int = 100,
    progress: bool = True,
) -> Features:
    """Return the features of images; compute them only if they are not on disk yet.

    The file names contain a fingerprint of the weights and of the preprocessed images, so that
    features of other weights, images or preprocessing are never returned by mistake.

    Args:
        network: in eval mode, on the device to compute on;
            `network.features(prepared)` returns (grid, pooled).
        prepare: preprocessing, from uint8 (B, H, W, 3) to the input of the network.
        images: (N, H, W, 3) uint8, in memory or memory-mapped. The fingerprint covers 64 of them,
            evenly spaced.
        name: start of the file names, such as "storybook/train"; a slash becomes a dash.
        folder: where the files are kept; by default `data/downloads/features`.
        batch_size: images per forward pass.
        progress: show a progress bar on stderr.

    Returns:
        The features, in the order of `images`.

    Raises:
        ValueError: no images; an invalid name; the network is in train mode; or a feature is not
            finite or overflows float16.
        OSError: the folder cannot be written, or the disk is full; no partial file remains.
    """
    name = name.replace("/", "-")
    _check(network, images, name, batch_size)
    folder = folder or downloads_folder() / "features"
    key = fingerprint(network, prepare, images)[:16]
    paths = [folder / f"{name}-{key}-{part}.npy" for part in PARTS]
    found = _open(paths, len(images))
    if found is None:
        rows = _batches(network, prepare, images, batch_size)
        total = -(-len(images) // batch_size)
        bar = progress_bar(rows, show=progress, desc=f"features of {name}", total=total)
        _write(bar, paths, len(images))
        found = _open(paths, len(images))
    if found is None:
        raise OSError(f"{paths[0]} was written but cannot be read: check the disk")
    return found


def fingerprint(network: nn.Module, prepare: Prepare, images: np.ndarray) -> str:
    """Return a hash of a network's weights and of the images that it gets.

    Args:
        network: its `state_dict` is hashed.
        prepare: preprocessing, from uint8 (B, H, W, 3) to the input of the network.
        images: (N, H, W, 3) uint8; their shape and 64 evenly spaced images are hashed.

    Returns:
        SHA-256 as 64 hex digits.
    """
    digest = hashlib.sha256(repr(images.shape).encode())
    for name, tensor in network.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    rows = np.linspace(0, len(images) - 1, min(SAMPLES, len(images))).astype(int)
    digest.update(prepare(torch.from_numpy(images[rows])).contiguous().numpy().tobytes())
    return digest.hexdigest()


def _check(network: nn.Module, images: np.ndarray, name: str, batch_size: int) -> None:
    if images.ndim != 4 or len(images) == 0 or batch_size < 1:
        raise ValueError(
            f"images must be (N, H, W, 3) with N ≥ 1, and batch_size ≥ 1; "
            f"got {images.shape} and {batch_size}"
        )
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"name: {name!r} may only contain letters, digits, dots, dashes and _")
    if network.training:
        raise ValueError(
            f"{type(network).__name__} is in train mode, in which BatchNorm makes the features of "
            "an image depend on the rest of its batch: call eval() first"
        )


@torch.no_grad()
def _batches(
    network: nn.Module, prepare: Prepare, images: np.ndarray, batch_size: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield the grid and the pooled features of each batch as float16."""
    encode = cast(Callable[[Tensor], tuple[Tensor, Tensor]], network.features)
    weight = next(network.parameters(), None)
    device = torch.device("cpu") if weight is None else weight.device
    for start in range(0, len(images), batch_size):
        pixels = torch.from_numpy(np.array(images[start : start + batch_size]))
        halves = [part.half().cpu() for part in encode(prepare(pixels.to(device)))]
        if not all(half.isfinite().all() for half in halves):
            raise ValueError(
                f"images {start} to {start + len(pixels) - 1}: a feature is NaN, or beyond "
                "65,504, the largest float16"
            )
        yield tuple(half.contiguous().numpy() for half in halves)


def _write(batches: Iterable[tuple[np.ndarray, ...]], paths: list[Path], count: int) -> None:
    """Write each part to its file; either all files are completed, or none."""
    with explain_disk_errors("write features", paths[0]), ExitStack() as stack:
        partials = [stack.enter_context(atomic_write(path)) for path in paths]
        # Not a memory map: writing to one on a full disk kills the process.
        files = [stack.enter_context(partial.open("wb")) for partial in partials]
        for number, parts in enumerate(batches):
            for file, part in zip(files, parts, strict=True):
                if number == 0:
                    _write_header(file, (count, *part.shape[1:]))
                file.write(part.tobytes())


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    header = {"descr": "<f2", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _open(paths: list[Path], count: int) -> Features | None:
    """Return the features on disk, or None if a file is missing, truncated or invalid."""
    try:
        parts = [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]
    except (OSError, ValueError, EOFError):
        return None
    whole = all(part.dtype == np.float16 and len(part) == count for part in parts)
    return Features(*parts) if whole else None
