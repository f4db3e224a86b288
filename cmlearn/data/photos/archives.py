"""Unpack archives safely, without writing outside the target folder."""

from __future__ import annotations

import errno
import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from cmlearn.data.files import atomic_write, check_free_space, explain_disk_errors
from cmlearn.data.progress import progress_bar

CHUNK = 1 << 20  # bytes copied at a time
BLOCK = 512  # bytes of zeros at the end of a tar
MAX_EXPANSION = 50  # times the size of the archive; the annotations of COCO expand 3 times
ALWAYS_ALLOWED = 10_000_000  # bytes, because short files may compress very well


class ArchiveError(ValueError):
    """An archive is damaged or malicious; the message names the archive and the member."""


class Member(NamedTuple):
    """A file or folder in an archive.

    Attributes:
        name: path in the archive.
        size: unpacked size, in bytes.
        is_folder: whether it is a folder.
        open: returns a binary stream of the content.
    """

    name: str
    size: int
    is_folder: bool
    open: Callable[[], Any]


def unpack(
    archive: Path | str,
    folder: Path | str,
    *,
    max_expansion: float = MAX_EXPANSION,
    progress: bool = True,
) -> int:
    """Unpack a zip file or a (compressed) tar file into a folder.

    All members are checked before the first is written. Each file is written atomically and
    replaces a file of the same name. After an interruption, unpack again.

    Args:
        archive: a zip or tar file; the format is detected from the content.
        folder: the folder to write; created if missing.
        max_expansion: maximum ratio of the unpacked size to the size of the archive.
        progress: show a bar on standard error.

    Returns:
        The number of files.

    Raises:
        ArchiveError: the archive is damaged or encrypted, expands too much, or has a member that
            is a link or device, would be written outside the folder, or is a duplicate.
        FileNotFoundError: the archive does not exist.
        OSError: the folder cannot be written, or the disk is full.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise FileNotFoundError(f"there is no archive {archive}")
    most = max(ALWAYS_ALLOWED, archive.stat().st_size * max_expansion)
    with explain_disk_errors(f"unpack {archive}", folder), _members_of(archive) as members:
        files = _checked(members, most)
        folder.mkdir(parents=True, exist_ok=True)
        check_free_space(folder, sum(member.size for member in files.values()))
        bar = progress_bar(files.items(), show=progress, desc=f"unpacking {archive.name}")
        for path, member in bar:
            _write(member, folder / path)
    return len(files)


@contextmanager
def _members_of(archive: Path) -> Iterator[Iterator[Member]]:
    """Open an archive, and convert the errors of its decoder to `ArchiveError`."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                yield _list_zip(opened)
        else:
            with tarfile.open(archive) as opened:
                yield _list_tar(opened)
    except ArchiveError as error:
        raise ArchiveError(f"{archive}: {error}") from error
    except tarfile.ReadError as error:
        raise ArchiveError(
            f"{archive} is neither zip nor tar, or is truncated: download it again"
        ) from error
    except Exception as error:  # decoders raise almost any exception on damaged archives
        is_from_disk = isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}
        if is_from_disk or isinstance(error, MemoryError):
            raise
        raise ArchiveError(f"{archive} is damaged: {error or type(error).__name__}") from error


def _list_zip(opened: zipfile.ZipFile) -> Iterator[Member]:
    for info in opened.infolist():
        if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise ArchiveError(f"{info.filename!r} is a link or device: refused")
        if info.flag_bits & 1:
            raise ArchiveError(f"{info.filename!r} needs a password: refused")
        yield Member(info.filename, info.file_size, info.is_dir(), partial(opened.open, info))


def _list_tar(opened: Any) -> Iterator[Member]:
    for info in opened:
        if not (info.isreg() or info.isdir()):
            raise ArchiveError(f"{info.name!r} is a link or device: refused")
        yield Member(info.name, info.size, info.isdir(), partial(opened.extractfile, info))
    # Python accepts a tar that was truncated between two files, so its end is checked here.
    opened.fileobj.seek(opened.offset)
    if opened.fileobj.read(BLOCK) != bytes(BLOCK):
        raise ArchiveError("it is truncated: its end is missing; download it again")
    opened.fileobj.read(CHUNK)  # to the end, where a compressed tar has its checksum


def _checked(members: Iterable[Member], most: float) -> dict[PurePosixPath, Member]:
    """Return the files by their path, after checks; their sizes may sum to `most` bytes."""
    files: dict[PurePosixPath, Member] = {}
    total = 0
    for member in members:
        path = safe_path(member.name)
        if member.is_folder:
            continue
        total += member.size
        if total > most:
            raise ArchiveError(
                f"it would unpack to more than {most:,.0f} bytes: refused; if you trust the "
                "archive, raise max_expansion"
            )
        if path in files or not path.parts:
            raise ArchiveError(f"{str(path)!r} is a duplicate or has no name: refused")
        files[path] = member
    for path in files:
        if not files.keys().isdisjoint(path.parents):
            raise ArchiveError(f"{str(path)!r} is inside a file: refused")
    return files


def safe_path(name: str) -> PurePosixPath:
    """Check that a member stays inside the target folder.

    Args:
        name: path of the member in the archive.

    Returns:
        The relative path.

    Raises:
        ArchiveError: on any operating system, the path is absolute or leads to a parent folder.
    """
    path = PurePosixPath(name)
    goes_out = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if goes_out or "\\" in name or any(ord(letter) < 32 for letter in name):
        raise ArchiveError(f"{name!r} would be written outside its folder: refused")
    return path


def _write(member: Member, target: Path) -> None:
    with atomic_write(target) as aside, member.open() as content, aside.open("wb") as file:
        shutil.copyfileobj(content, file, CHUNK)
        if file.tell() != member.size:
            raise ArchiveError(f"{member.name!r} is truncated")
