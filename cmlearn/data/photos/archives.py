"""Unpacks an archive, and nothing outside its folder."""

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

from cmlearn.data.files import check_free_space, clear_disk_errors, written_whole
from cmlearn.data.progress import progress_bar

CHUNK = 1 << 20  # bytes copied at a time
BLOCK = 512  # of zeros, with which a tar ends
MAX_EXPANSION = 50  # times the archive's own length; COCO's annotations come to 3
ALWAYS_ALLOWED = 10_000_000  # bytes, since a few short files may pack very well


class ArchiveError(ValueError):
    """An archive that is damaged or malicious; the message names it and the member."""


class Member(NamedTuple):
    """A file or folder in an archive; `open` returns a stream of its `size` bytes."""

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
    """Unpack a .zip or .tar (also packed) into a folder; return how many files it had.

    Every member is checked before the first is written. Each file is written aside and renamed,
    over one of that name; after an interruption, unpack again.

    Args:
        archive: a zip or tar file; which, its content says.
        folder: where to; made where it is missing.
        max_expansion: how many times as long as the archive its files may be.
        progress: show a bar, on stderr.

    Raises:
        ArchiveError: it is damaged or encrypted; a member is no plain file or folder, would lie
            outside the folder, or comes twice; or it would unpack to absurdly much.
        FileNotFoundError: there is no such archive.
        OSError: the folder cannot be written, or the disk is full.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise FileNotFoundError(f"there is no archive {archive}")
    most = max(ALWAYS_ALLOWED, archive.stat().st_size * max_expansion)
    with clear_disk_errors(f"unpack {archive}", folder), _members_of(archive) as members:
        files = _checked(members, most)
        folder.mkdir(parents=True, exist_ok=True)
        check_free_space(folder, sum(member.size for member in files.values()))
        bar = progress_bar(files.items(), show=progress, desc=f"unpacking {archive.name}")
        for path, member in bar:
            _write(member, folder / path)
    return len(files)


@contextmanager
def _members_of(archive: Path) -> Iterator[Iterator[Member]]:
    """Open an archive; whatever its decoder raises meanwhile becomes an `ArchiveError`."""
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
        raise ArchiveError(f"{archive} is neither zip nor tar, or was cut off") from error
    except Exception as error:  # damaged archives make decoders fail in any way there is
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
    # Python takes a tar that was cut off between two files for a whole one.
    opened.fileobj.seek(opened.offset)
    if opened.fileobj.read(BLOCK) != bytes(BLOCK):
        raise ArchiveError("it was cut off: its end is missing")
    opened.fileobj.read(CHUNK)  # to the very end, where a packed one has its checksum


def _checked(members: Iterable[Member], most: float) -> dict[PurePosixPath, Member]:
    """Return the files by their path, or refuse them all; they may have `most` bytes."""
    files: dict[PurePosixPath, Member] = {}
    total = 0
    for member in members:
        path = safe_path(member.name)
        if member.is_folder:
            continue
        total += member.size
        if total > most:
            raise ArchiveError(
                f"it would unpack to more than {most:,.0f} bytes: refused; where that is right, "
                "raise max_expansion"
            )
        if path in files or not path.parts:
            raise ArchiveError(f"{str(path)!r} comes twice or has no name: refused")
        files[path] = member
    for path in files:
        if not files.keys().isdisjoint(path.parents):
            raise ArchiveError(f"{str(path)!r} lies below a file: refused")
    return files


def safe_path(name: str) -> PurePosixPath:
    """Return the path of a member, which must lie below the folder wherever that is.

    Raises:
        ArchiveError: the path is absolute, goes up, or would do so on another system.
    """
    path = PurePosixPath(name)
    goes_out = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if goes_out or "\\" in name or any(ord(letter) < 32 for letter in name):
        raise ArchiveError(f"{name!r} would be written outside its folder: refused")
    return path


def _write(member: Member, target: Path) -> None:
    with written_whole(target) as aside, member.open() as content, aside.open("wb") as file:
        shutil.copyfileobj(content, file, CHUNK)
        if file.tell() != member.size:
            raise ArchiveError(f"{member.name!r} is cut off")
