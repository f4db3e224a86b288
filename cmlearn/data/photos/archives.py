"""Unpacks an archive, and nothing outside its folder."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from tqdm import tqdm

CHUNK = 1 << 20  # bytes copied at a time
BLOCK = 512  # of zeros, with which a tar ends
MAX_EXPANSION = 50  # times the archive's own length; COCO's annotations come to 3
ALWAYS_ALLOWED = 10_000_000  # bytes, since a few short files may pack very well


class ArchiveError(ValueError):
    """An archive that is damaged or malicious; the message names it and the member."""


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        name: its path, relative and without "..".
        size: bytes unpacked, as the archive says it.
        key: what the archive opens it by.
    """

    name: PurePosixPath
    size: int
    key: zipfile.ZipInfo | tarfile.TarInfo


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
    try:
        with closing(_open(archive)) as opened:
            members = _checked(archive, _list(opened, archive), most)
            _check_room(folder, sum(member.size for member in members))
            hidden = {} if progress else {"disable": True}
            for member in tqdm(
                members, desc=f"unpacking {archive.name}", mininterval=0.5, **hidden
            ):
                _write(opened, member, folder, archive)
    except (ArchiveError, MemoryError):
        raise
    except OSError as error:
        if error.errno in {None, errno.EINVAL}:  # of the decoder, not of the disk
            raise ArchiveError(f"{archive} is damaged: {error}") from error
        raise OSError(
            error.errno, f"cannot unpack {archive}: {error.strerror}", str(folder)
        ) from error
    except Exception as error:  # damaged archives make decoders fail in any way there is
        raise ArchiveError(f"{archive} is damaged: {error or type(error).__name__}") from error
    return len(members)


def _open(archive: Path) -> zipfile.ZipFile | tarfile.TarFile:
    if zipfile.is_zipfile(archive):
        return zipfile.ZipFile(archive)
    try:
        return tarfile.open(archive)
    except tarfile.ReadError as error:
        raise ArchiveError(f"{archive} is neither zip nor tar, or was cut off") from error


def _list(opened: zipfile.ZipFile | tarfile.TarFile, archive: Path) -> Iterator[Member]:
    """The plain files, refusing whatever is neither file nor folder."""
    if isinstance(opened, zipfile.ZipFile):
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise ArchiveError(f"{archive}: {info.filename!r} is a link or device: refused")
            if info.flag_bits & 1:
                raise ArchiveError(f"{archive}: {info.filename!r} needs a password: refused")
            name = safe_name(info.filename, archive)
            if not info.is_dir():
                yield Member(name, info.file_size, info)
        return
    for entry in opened:
        if not (entry.isreg() or entry.isdir()):
            raise ArchiveError(f"{archive}: {entry.name!r} is a link or device: refused")
        name = safe_name(entry.name, archive)
        if entry.isreg():
            yield Member(name, entry.size, entry)
    # Python takes a tar that was cut off between two files for a whole one.
    assert opened.fileobj is not None
    opened.fileobj.seek(opened.offset)
    if opened.fileobj.read(BLOCK) != bytes(BLOCK):
        raise ArchiveError(f"{archive} was cut off: its end is missing")
    opened.fileobj.read(CHUNK)  # to the very end, where a packed one has its checksum


def safe_name(name: str, archive: Path) -> PurePosixPath:
    """Return the path of a member, which must lie below the folder wherever that is.

    Raises:
        ArchiveError: the path is absolute, goes up, or would do so on another system.
    """
    path = PurePosixPath(name)
    goes_out = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if goes_out or "\\" in name or any(ord(letter) < 32 for letter in name):
        raise ArchiveError(f"{archive}: {name!r} would be written outside its folder: refused")
    return path


def _checked(archive: Path, members: Iterable[Member], most: float) -> list[Member]:
    kept: dict[PurePosixPath, Member] = {}
    total = 0
    for member in members:
        total += member.size
        if total > most:
            raise ArchiveError(
                f"{archive} would unpack to more than {most:,.0f} bytes: refused; where that is "
                "right, raise max_expansion"
            )
        if member.name in kept or not member.name.parts:
            raise ArchiveError(
                f"{archive}: {str(member.name)!r} comes twice or has no name: refused"
            )
        kept[member.name] = member
    for name in kept:
        if any(parent in kept for parent in name.parents):
            raise ArchiveError(f"{archive}: {str(name)!r} lies below a file: refused")
    return [*kept.values()]


def _check_room(folder: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed:,} bytes are needed and {free:,} free")


def _write(
    opened: zipfile.ZipFile | tarfile.TarFile, member: Member, folder: Path, archive: Path
) -> None:
    target = folder / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name[:200]}.partial")
    try:
        with _open_member(opened, member) as content, aside.open("wb") as file:
            shutil.copyfileobj(content, file, CHUNK)
            written = file.tell()
        if written != member.size:
            raise ArchiveError(f"{archive}: {str(member.name)!r} is cut off")
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def _open_member(opened: zipfile.ZipFile | tarfile.TarFile, member: Member) -> IO[bytes]:
    if isinstance(opened, zipfile.ZipFile):
        assert isinstance(member.key, zipfile.ZipInfo)
        return opened.open(member.key)
    assert isinstance(member.key, tarfile.TarInfo)
    content = opened.extractfile(member.key)
    assert content is not None  # it is a plain file
    return content
