"""Store many pictures of one size in one memory-mapped file."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cmlearn.data.captioned import CaptionedImage, CaptionedPictures
from cmlearn.data.files import atomic_write, explain_disk_errors, remove_leftovers
from cmlearn.data.folders import downloads_folder
from cmlearn.data.images import ImageError, centre_crop, load_image, resize
from cmlearn.data.progress import progress_bar

VERSION = 1  # of the conversion from file to square; a new version rebuilds every store
NAMED = 3  # damaged pictures that a warning lists by name


class StoreError(ValueError):
    """A file that is not a store of pictures; the message names the file."""


def build_store(
    pictures: Iterable[Path | str | np.ndarray],
    out: Path | str,
    size: int,
    count: int | None = None,
    *,
    progress: bool = True,
    left_out: dict[int, str] | None = None,
) -> np.ndarray:
    """Write pictures to a store and open it.

    Only one picture is in memory at a time. The store is written atomically.

    Args:
        pictures: files, or (H, W, 3) uint8 arrays; each is cropped to its central square.
        out: the .npy file to write; its folder is created if missing.
        size: side of the stored squares, in pixels.
        count: number of pictures; required if `pictures` has no length.
        progress: show a bar on standard error.
        left_out: if given, missing or damaged files are skipped, and this dictionary receives
            the reason for each, by its index in `pictures`.

    Returns:
        (N, size, size, 3) uint8 RGB, memory-mapped, read-only; N is `count` minus the number of
        skipped files.

    Raises:
        ValueError: `pictures` has more or fewer items than `count`, or an array has another
            shape or dtype.
        ImageError: a file is damaged or is not a picture, and `left_out` is None.
        FileNotFoundError: a file is missing, and `left_out` is None.
        OSError: `out` cannot be written.
    """
    if count is None:
        if not isinstance(pictures, Sized):
            raise ValueError("count is needed, because pictures has no length")
        count = len(pictures)
    out = Path(out)
    bar = progress_bar(pictures, show=progress, desc=out.stem, total=count)
    with explain_disk_errors("write the store of pictures", out), atomic_write(out) as partial:
        _write_pictures(bar, partial, size, count, left_out)
    return open_store(out)


def open_store(path: Path | str) -> np.ndarray:
    """Open a store.

    Args:
        path: the .npy file.

    Returns:
        (N, H, W, 3) uint8 RGB, memory-mapped, read-only.

    Raises:
        FileNotFoundError: the file does not exist.
        StoreError: the file is truncated or holds something else.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no store of pictures at {path}: build it again")
    try:
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise StoreError(
            f"{path} is truncated or not a .npy file ({error}): build it again"
        ) from error
    if not isinstance(pictures, np.memmap):
        raise StoreError(f"{path} is an archive, not a store of pictures: build it again")
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[-1] != 3:
        raise StoreError(
            f"{path} holds {pictures.dtype} {pictures.shape}, not uint8 (N, H, W, 3) pictures: "
            "build it again"
        )
    return pictures


def load_square_pictures(
    items: Sequence[CaptionedImage],
    name: str,
    size: int,
    *,
    folder: Path | None = None,
    progress: bool = True,
) -> CaptionedPictures:
    """Load picture files as squares of one size, from a store that is built on the first call.

    The store's name contains the fingerprint of the files. A changed file therefore rebuilds the
    store, and a moved folder does not. Damaged pictures and their captions are left out with one
    warning.

    Args:
        items: captioned pictures on disk.
        name: name of the data set and its split.
        size: side of the squares, in pixels.
        folder: folder of the store; by default `data/downloads/pictures`.
        progress: show a bar on standard error while the store is built.

    Returns:
        Pictures (N, size, size, 3) uint8 RGB, memory-mapped, in the order of `items`.

    Raises:
        ValueError: `items` is empty, or `size` is less than 1.
        ImageError: more than half of the pictures cannot be read.
        OSError: the store cannot be written.
    """
    if not items or size < 1:
        raise ValueError(
            f"{name}: needs pictures and a size of at least 1 pixel, got {len(items)} and {size}"
        )
    stem = f"{name.replace('/', '-')}-{size}-{fingerprint(items)[:16]}"
    store = (folder or downloads_folder() / "pictures") / f"{stem}.npy"
    left_out = _left_out_of(store, len(items))
    if left_out is None:
        bar = progress_bar(items, show=progress, desc=f"making {name} {size} x {size}")
        left_out = _build_from_files(bar, store, size, len(items))
    if left_out:
        _warn(name, store, left_out, len(items))
    kept = [item for row, item in enumerate(items) if row not in left_out]
    return CaptionedPictures(
        name=name,
        images=open_store(store),
        captions=tuple(item.captions for item in kept),
        image_ids=tuple(item.image_id for item in kept),
    )


def fingerprint(items: Sequence[CaptionedImage]) -> str:
    """Identify files without reading them, by id, name, length and time of change.

    Args:
        items: captioned pictures; a missing file counts as length 0.

    Returns:
        A SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256(f"version {VERSION}".encode())
    for item in items:
        try:
            about = item.path.stat()
            length, changed = about.st_size, about.st_mtime_ns
        except OSError:
            length, changed = 0, 0
        digest.update(f"\n{item.image_id} {item.path.name!r} {length} {changed}".encode())
    return digest.hexdigest()


def _build_from_files(
    items: Iterable[CaptionedImage], store: Path, size: int, count: int
) -> dict[int, str]:
    """Build a store; return the reason for each damaged picture, by its index in `items`."""
    remove_leftovers(store.parent, "*.partial")
    left_out: dict[int, str] = {}
    paths = (item.path for item in items)
    with explain_disk_errors("write the store of pictures", store), atomic_write(store) as partial:
        _write_pictures(paths, partial, size, count, left_out)
        if 2 * len(left_out) > count:
            raise ImageError(
                f"{len(left_out)} of {count} pictures cannot be read, such as: "
                f"{next(iter(left_out.values()))}"
            )
        _rows(store).write_text(json.dumps(left_out, indent=1), "utf-8")
    return left_out


def _left_out_of(store: Path, count: int) -> dict[int, str] | None:
    """Return what an earlier build left out, or None if the store is missing or incomplete."""
    try:
        length = len(open_store(store))
        rows = json.loads(_rows(store).read_bytes()).items()
        left_out = {int(row): str(why) for row, why in rows}
    except (OSError, ValueError, AttributeError):
        return None
    whole = length + len(left_out) == count and left_out.keys() <= set(range(count))
    return left_out if whole else None


def _rows(store: Path) -> Path:
    return store.with_suffix(".left_out.json")


def _warn(name: str, store: Path, left_out: dict[int, str], count: int) -> None:
    first = "; ".join([*left_out.values()][:NAMED])
    more = f"; and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
    warnings.warn(
        f"{name}: {len(left_out)} of {count} pictures cannot be read and are left out: {first}"
        f"{more}. After repairing them, delete {store} to read them again",
        stacklevel=4,
    )


def _write_pictures(
    pictures: Iterable[Path | str | np.ndarray],
    out: Path,
    size: int,
    count: int,
    left_out: dict[int, str] | None,
) -> None:
    # A write to a memory map on a full disk would kill the process (SIGBUS); `write` raises.
    with out.open("wb") as file:
        _write_header(file, (count, size, size, 3))
        start = file.tell()
        for square in _squares(pictures, size, count, left_out):
            file.write(square.tobytes())
        if left_out:
            _write_header(file, (count - len(left_out), size, size, 3))
            assert file.tell() == start  # NumPy pads the header for longer shapes


def _squares(
    pictures: Iterable[Path | str | np.ndarray],
    size: int,
    count: int,
    left_out: dict[int, str] | None,
) -> Iterator[np.ndarray]:
    """Yield `count` pictures as squares, except damaged ones if `left_out` records them."""
    read = 0
    for read, picture in enumerate(pictures, start=1):
        if read > count:
            raise ValueError(f"there are more pictures than count={count}")
        try:
            image = picture if isinstance(picture, np.ndarray) else load_image(picture)
        except (ImageError, FileNotFoundError) as error:
            if left_out is None:
                raise
            left_out[read - 1] = str(error)
        else:
            yield _square(image, size)
    if read < count:
        raise ValueError(f"there are {read} pictures, fewer than count={count}")


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    file.seek(0)
    np.lib.format.write_array_header_1_0(file, header)


def _square(image: np.ndarray, size: int) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"pictures must be uint8 (H, W, 3), got {image.dtype} {image.shape}")
    return image if image.shape[:2] == (size, size) else resize(centre_crop(image), size)
