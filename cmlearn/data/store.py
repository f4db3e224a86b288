"""Keep many pictures of one size in one file that is read only where it is looked at."""

import os
from collections.abc import Iterable, Sized
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from cmlearn.data.images import ImageError, centre_crop, load_image, resize


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
    temporary = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # Plain writes: into a memory map on a full disk, they would kill the process.
        with temporary.open("wb") as file:
            hidden = {} if progress else {"disable": True}  # leaves TQDM_DISABLE its say
            bar = tqdm(pictures, desc=out.stem, total=count, mininterval=0.5, **hidden)
            _write_pictures(file, bar, size, count, left_out)
        temporary.replace(out)
    except OSError as error:
        if error.errno is None:
            raise  # not from the disk: a picture is missing, and the error names it
        raise OSError(
            error.errno, f"cannot write the store of pictures: {error.strerror}", str(out)
        ) from error
    finally:
        with suppress(OSError):  # where it could not be made, it cannot be removed either
            temporary.unlink()
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


def _write_pictures(
    file: BinaryIO,
    pictures: Iterable[Path | str | np.ndarray],
    size: int,
    count: int,
    left_out: dict[int, str] | None,
) -> None:
    _write_header(file, (count, size, size, 3))
    start, read = file.tell(), 0
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
            file.write(_square(image, size).tobytes())
    if read < count:
        raise ValueError(f"there are {read} pictures, fewer than count={count}")
    if left_out:
        _write_header(file, (count - len(left_out), size, size, 3))
        assert file.tell() == start  # NumPy leaves room in the header for numbers of any length


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    file.seek(0)
    np.lib.format.write_array_header_1_0(file, header)


def _square(image: np.ndarray, size: int) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"pictures must be uint8 (H, W, 3), got {image.dtype} {image.shape}")
    return image if image.shape[:2] == (size, size) else resize(centre_crop(image), size)
