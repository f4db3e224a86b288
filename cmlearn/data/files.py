"""Write files atomically, with clear errors when the disk fails."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LEFT_AFTER = 3600  # seconds without a change, after which no process is still writing a file
LONGEST_NAME = 200  # characters kept of a name: the temporary one must stay below 255 bytes


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` when the block succeeds.

    The temporary name ends in `.partial` and contains the process id, so two processes can write
    the same file. After an error the temporary path is removed and `path` is left unchanged.

    Args:
        path: the file or folder to write; its parent folder is created if missing.

    Yields:
        The temporary path, at which nothing exists yet.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name[:LONGEST_NAME]}.{os.getpid()}.partial")
    _remove(partial)  # a killed process may have had the same id
    try:
        yield partial
        os.replace(partial, path)
    finally:
        with suppress(OSError):
            _remove(partial)


@contextmanager
def explain_disk_errors(action: str, path: Path) -> Iterator[None]:
    """Add the action and the file to the message of an operating-system error.

    Args:
        action: completes "cannot …", such as "write the checkpoint".
        path: the file or folder that the message names.

    Raises:
        OSError: with the `errno` and reason of the original. An error without `errno` does not
            come from the operating system and is raised unchanged.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, f"cannot {action}: {error.strerror}", str(path)) from error


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Remove temporary files of killed processes.

    Files that changed in the last `LEFT_AFTER` seconds stay: a process may be writing them.

    Args:
        folder: where to search.
        pattern: glob pattern of the temporary files, such as "*.partial".
    """
    for leftover in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFT_AFTER:
                _remove(leftover)


def check_free_space(path: Path, needed: int) -> None:
    """Raise an error if the disk has too little free space for a write.

    Args:
        path: the file that will be written, in an existing folder, or that folder.
        needed: size of the write, in bytes.

    Raises:
        OSError: with `errno` ENOSPC; the message gives the bytes needed and the bytes free.
    """
    free = shutil.disk_usage(path if path.is_dir() else path.parent).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed:,} bytes are needed and {free:,} free", str(path))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
