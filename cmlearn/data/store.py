"""Keeps many pictures of one size in one memory-mapped file, built once."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cmlearn.data.captioned import CaptionedImage, CaptionedPictures
from cmlearn.data.files import clear_disk_errors, remove_leftovers, written_whole
from cmlearn.data.folders import downloads_folder
from cmlearn.data.images import ImageError, centre_crop, load_image, resize
from cmlearn.data.progress import progress_bar

VERSION = 1  # of how a file becomes a square; another one builds every store anew
NAMED = 3  # damaged pictures that a warning names


class StoreError(ValueError):
    """A file that is no store of pictures; the message names the file."""


def build_store(
    pictures: Iterable[Path | str | np.ndarray],
    out: Path | str,
    size: int,
    count: int | None = None,
    *,
    progress: bool = True,
    left_out: dict[int, str] | None = None,
) -> np.ndarray:
    """Write pictures one after another into a store, then open it.

    Only one picture is in memory at a time. The store appears whole or not at all.

    Args:
        pictures: files, or (H, W, 3) uint8 arrays; each is cropped to its middle square.
        out: the store to write, a .npy file; its folder is made where it is missing.
        size: side of the stored squares, in pixels.
        count: how many pictures there are; needed where `pictures` has no length.
        progress: show a bar, on stderr.
        left_out: where given, a file that is missing or damaged does not end the work: it gets no
            row, and why is written here under its place in `pictures`.

    Returns:
        (N, size, size, 3) uint8 RGB, memory-mapped, read-only; N is `count` less what is left out.

    Raises:
        ValueError: there are more or fewer pictures than `count`.
        ImageError: a file is no picture.
        OSError: `out` cannot be written: no permission, or the disk is full.
    """
    if count is None:
        if not isinstance(pictures, Sized):
            raise ValueError("count is needed: the pictures have no length of their own")
        count = len(pictures)
    out = Path(out)
    bar = progress_bar(pictures, show=progress, desc=out.stem, total=count)
    with clear_disk_errors("write the store of pictures", out), written_whole(out) as partial:
        _write_pictures(bar, partial, size, count, left_out)
    return open_store(out)


def open_store(path: Path | str) -> np.ndarray:
    """Return the pictures of a store: (N, H, W, 3) uint8 RGB, memory-mapped, read-only.

    Raises:
        FileNotFoundError: there is no such file.
        StoreError: the file is cut off, or holds something else.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no store of pictures at {path}: build it again")
    try:
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise StoreError(f"{path} is cut off or no .npy file ({error}): build it again") from error
    if not isinstance(pictures, np.memmap):
        raise StoreError(f"{path} is an archive, not a store of pictures: build it again")
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[-1] != 3:
        raise StoreError(
            f"{path} holds {pictures.dtype} {pictures.shape}, not uint8 (N, H, W, 3) pictures"
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
    """Return the pictures of files as squares of one size, from a store if there is one already.

    The name of the store carries a fingerprint of the pictures' ids, names, lengths and times of
    change: a changed picture is read again, a folder that was moved is not. Pictures that are
    damaged are left out with one warning, their captions with them.

    Args:
        items: captioned pictures on disk.
        name: what the set is called, such as "coco/train".
        size: side of the squares, in pixels.
        folder: where the store lies; by default `data/downloads/pictures`.
        progress: show a bar while building, on stderr.

    Raises:
        ValueError: no pictures, or `size` is less than 1.
        ImageError: more than half of the pictures cannot be read.
        OSError: the store cannot be written.
    """
    if not items or size < 1:
        raise ValueError(f"{name}: needs pictures and a size ≥ 1, got {len(items)} and {size}")
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
    """Return a SHA-256, in hex, of what tells these files from others without reading them."""
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
    """Build a store; return the rows of `items` that are damaged, each with the reason."""
    remove_leftovers(store.parent, "*.partial")
    left_out: dict[int, str] = {}
    paths = (item.path for item in items)
    with clear_disk_errors("write the store of pictures", store), written_whole(store) as partial:
        _write_pictures(paths, partial, size, count, left_out)
        if 2 * len(left_out) > count:
            raise ImageError(
                f"{len(left_out)} of {count} pictures cannot be read, such as: "
                f"{next(iter(left_out.values()))}"
            )
        _rows(store).write_text(json.dumps(left_out, indent=1), "utf-8")
    return left_out


def _left_out_of(store: Path, count: int) -> dict[int, str] | None:
    """Which rows an earlier build left out; None where the store is missing or not whole."""
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
        f"{more}. Once they are mended, delete {store} to read them again",
        stacklevel=4,
    )


def _write_pictures(
    pictures: Iterable[Path | str | np.ndarray],
    out: Path,
    size: int,
    count: int,
    left_out: dict[int, str] | None,
) -> None:
    # Plain writes: into a memory map on a full disk, they would kill the process.
    with out.open("wb") as file:
        _write_header(file, (count, size, size, 3))
        start = file.tell()
        for square in _squares(pictures, size, count, left_out):
            file.write(square.tobytes())
        if left_out:
            _write_header(file, (count - len(left_out), size, size, 3))
            assert file.tell() == start  # NumPy leaves room in the header for numbers of any length


def _squares(
    pictures: Iterable[Path | str | np.ndarray],
    size: int,
    count: int,
    left_out: dict[int, str] | None,
) -> Iterator[np.ndarray]:
    """Yield `count` pictures as squares, less those that are damaged and go to `left_out`."""
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
