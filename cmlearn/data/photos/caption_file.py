"""Read and validate files of captions."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

MAX_BYTES = 1_000_000_000  # ten times the largest file of captions in COCO


class CaptionFileError(ValueError):
    """A file of captions is invalid; the message names the file and the entry."""


def read_text(file: Path) -> str:
    """Read a text file, decompressed if its name ends in .gz.

    Raises:
        CaptionFileError: the file is not UTF-8, is truncated, or has more than `MAX_BYTES`.
    """
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CaptionFileError(
            f"{file} is not a complete .gz file ({error}): is it truncated?"
        ) from error
    if len(content) > MAX_BYTES:
        raise CaptionFileError(
            f"{file} holds more than {MAX_BYTES:,} bytes: is it a file of captions?"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CaptionFileError(f"{file}: line {line} is not UTF-8 text: {error.reason}") from error


def read_lines(file: Path) -> list[tuple[int, str]]:
    """Read the lines of a text file that are not blank.

    Returns:
        The number, from 1, and the stripped text of each line.

    Raises:
        CaptionFileError: as for `read_text`.
    """
    # splitlines() would also split at form feeds and at the line separators of Unicode.
    lines = enumerate(read_text(file).split("\n"), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def read_json(file: Path, *lists: str) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Args:
        file: the JSON file, plain or as .gz.
        lists: keys whose values must be lists.

    Raises:
        CaptionFileError: the JSON is truncated or lacks a list.
    """
    text = read_text(file)
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise CaptionFileError(f"{file} is nested too deeply: is it a file of captions?") from error
    except ValueError as error:
        raise CaptionFileError(
            f"{file} is not complete JSON ({error}): is it truncated?"
        ) from error
    for key in lists:
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise CaptionFileError(f'{file} has no list "{key}": is it a file of captions?')
    return content


def value_of(entry: Any, key: str, kind: type, where: str) -> Any:
    """Return `entry[key]` after a check of its type.

    Args:
        entry: an object from a JSON file.
        key: the key to read.
        kind: the required type.
        where: file and position of the entry, for the message.

    Raises:
        CaptionFileError: the key is missing, or its value has another type.
    """
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise CaptionFileError(f'{where} needs "{key}" as {kind.__name__}, got {value!r}')
    return value


def plain_name(name: str, where: str) -> str:
    """Return a file name after a check that it does not lead to another folder.

    Args:
        name: file name of a picture.
        where: file and position of the entry, for the message.

    Raises:
        CaptionFileError: the name is empty or a path.
    """
    if not name or name in {".", ".."} or any(mark in name for mark in "/\\\0"):
        raise CaptionFileError(f"{where} must name a file, not a path: {name!r}")
    return name


def one_line(caption: str) -> str:
    """Reduce all white space in a caption to single spaces."""
    # JSON can hold half a surrogate pair, which can be neither printed nor written to a file.
    return " ".join(caption.encode("utf-8", "replace").decode("utf-8").split())
