"""What every file of captions is checked for before it is believed."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

MAX_BYTES = 1_000_000_000  # COCO's largest file of captions has a tenth of it


class CaptionFileError(ValueError):
    """A file of captions that cannot be read; the message names the file and the entry."""


def read_text(file: Path) -> str:
    """Return the text of a file, unpacked where its name ends in .gz.

    Raises:
        CaptionFileError: it is no UTF-8 text, cut off, or unpacks to more than `MAX_BYTES`.
    """
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CaptionFileError(f"{file} is no whole .gz file ({error}): was it cut off?") from error
    if len(content) > MAX_BYTES:
        raise CaptionFileError(f"{file} holds more than {MAX_BYTES:,} bytes: that is no captions")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CaptionFileError(f"{file}: line {line} is no UTF-8 text: {error.reason}") from error


def read_lines(file: Path) -> list[tuple[int, str]]:
    """Return the lines that are not blank, stripped, each with its number from 1."""
    # Not splitlines(), which also breaks at form feeds and Unicode's own line ends.
    lines = enumerate(read_text(file).split("\n"), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def read_json(file: Path, *lists: str) -> dict[str, Any]:
    """Return the object in a JSON file, which must have these lists.

    Raises:
        CaptionFileError: it is cut off, or lacks a list.
    """
    text = read_text(file)
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise CaptionFileError(f"{file} is nested too deeply for a file of captions") from error
    except ValueError as error:
        raise CaptionFileError(f"{file} is no whole JSON ({error}): was it cut off?") from error
    for key in lists:
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise CaptionFileError(f'{file} has no list "{key}": is it a file of captions?')
    return content


def value_of(entry: Any, key: str, kind: type, where: str) -> Any:
    """Return `entry[key]`, which must be of this kind; `where` says what an error is about."""
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise CaptionFileError(f'{where} needs "{key}" as {kind.__name__}, got {value!r}')
    return value


def plain_name(name: str, where: str) -> str:
    """Return the name of a picture, which must not lead to another folder."""
    if not name or name in {".", ".."} or any(mark in name for mark in "/\\\0"):
        raise CaptionFileError(f"{where} must name a file, not a path: {name!r}")
    return name


def one_line(caption: str) -> str:
    """Return the caption with every run of blanks and line ends as one blank."""
    # Half a surrogate pair, which JSON can hold, could be neither printed nor written.
    return " ".join(caption.encode("utf-8", "replace").decode("utf-8").split())
