"""Writes files whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LEFT_AFTER = 3600  # seconds after which no running process can still be writing a file
LONGEST_NAME = 200  # characters of the name, so that the temporary one stays below 255 bytes


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` once the block is done.

    The temporary path ends in `.partial` and names the process, so that two processes can write
    the same file. After an error it is removed, and whatever was at `path` before is still there.

    Args:
        path: the file or folder to write; its parent folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name[:LONGEST_NAME]}.{os.getpid()}.partial")
    _remove(partial)  # a killed process may have had the same number
    try:
        yield partial
        os.replace(partial, path)
    finally:
        with suppress(OSError):
            _remove(partial)


@contextmanager
def clear_disk_errors(action: str, path: Path) -> Iterator[None]:
    """Add to every error of the disk what was being done and to which file.

    Args:
        action: completes "cannot …", such as "write the checkpoint".
        path: the file or folder that the message names.

    Raises:
        OSError: with the number and reason of the original. Errors without a number do not come
            from the operating system and pass as they are.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, f"cannot {action}: {error.strerror}", str(path)) from error


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Remove what killed processes left in `folder`; younger files may still be growing."""
    for leftover in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFT_AFTER:
                _remove(leftover)


def check_free_space(path: Path, needed: int) -> None:
    """Raise before a write that the disk has no room for.

    Args:
        path: the file that will be written, in a folder that exists, or that folder.
        needed: bytes.

    Raises:
        OSError: ENOSPC; the message says how many bytes are needed and how many are free.
    """
    free = shutil.disk_usage(path if path.is_dir() else path.parent).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed:,} bytes are needed and {free:,} free", str(path))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
