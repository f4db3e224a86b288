"""Fetches a file over HTTP: resumed where it broke off, believed only when it was verified."""

from __future__ import annotations

import hashlib
import re
import time
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from cmlearn.data.files import check_free_space, clear_disk_errors
from cmlearn.data.progress import progress_bar

CHUNK = 1 << 20  # bytes read at a time
TIMEOUT = 30  # seconds without a byte
ATTEMPTS = 5
WAIT = 2.0  # seconds before the second attempt, twice as many before each further one
TRY_LATER = {408, 425, 429, 500, 502, 503, 504}
BYTES: dict[str, Any] = {"unit": "B", "unit_scale": True}  # of a progress bar


class DownloadError(OSError):
    """A file that could not be fetched; the message names its address and what to do."""


class _BrokeOffError(Exception):
    """Worth another attempt."""


def download(
    url: str,
    path: Path | str,
    *,
    size: int | None = None,
    sha256: str | None = None,
    attempts: int = ATTEMPTS,
    wait: float = WAIT,
    progress: bool = True,
) -> Path:
    """Return the file at `path`, fetched now unless it is there and as it was published.

    It is written to `path`.partial and renamed when it is whole. With a checksum, what an earlier
    call left there is not fetched again; without one, nothing could tell whether both halves
    are of one file.

    Args:
        url: http or https.
        path: where to; its folder is made where it is missing.
        size: bytes that it must have, where that is known.
        sha256: its checksum in hex, where that is known.
        attempts: how often to try when the connection breaks or the server is busy.
        wait: seconds before the second attempt; they double.
        progress: show a bar, on stderr.

    Raises:
        DownloadError: the server does not have it, sends something else, or breaks off every time.
        OSError: the disk is full, or the folder cannot be written.
        ValueError: the address is not http or https, or the checksum no SHA-256.
    """
    address = urlsplit(url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise ValueError(f"url must begin with http:// or https://, got {url!r}")
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise ValueError(f"sha256 must be 64 hexadecimal digits, got {sha256!r}")
    path = Path(path)
    if path.is_file() and not _difference(path, size, sha256, progress):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    reason = ""
    for attempt in range(attempts):
        if attempt:
            time.sleep(wait * 2 ** (attempt - 1))
        start = partial.stat().st_size if sha256 and partial.is_file() else 0
        try:
            if not start or start != size:  # else it is whole, and only has to be verified
                _fetch(url, partial, start, size, sha256, progress)
        except _BrokeOffError as error:
            reason = str(error)
            continue
        reason = _difference(partial, size, sha256, progress)
        if not reason:
            return partial.replace(path)
        partial.unlink()
        if start == 0:  # else it may have been the earlier part that was wrong
            raise DownloadError(f"{url} sent something else than was published: {reason}; deleted")
    raise DownloadError(
        f"{url} could not be fetched in {attempts} attempts: {reason}. Run this again to go on"
    )


def _fetch(
    url: str, partial: Path, start: int, size: int | None, sha256: str | None, progress: bool
) -> None:
    """Write what the server sends to `partial`, from byte `start` on."""
    with _open(url, partial, start) as response:
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            start = 0  # it knows nothing of ranges, and sends the whole
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            partial.unlink()
            raise _BrokeOffError(f"asked to go on from byte {start:,}, the server sent other bytes")
        total = _total(response, start, url, size, sha256)
        check_free_space(partial, (total or 0) - start)
        bar = progress_bar(show=progress, desc=partial.stem, total=total, initial=start, **BYTES)
        mode = "ab" if start else "wb"
        with bar, clear_disk_errors("write", partial), partial.open(mode) as file:
            while chunk := _read(response):
                start += len(chunk)
                if total is not None and start > total:
                    raise DownloadError(f"{url} sends more than {total:,} bytes; gave up")
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and start < total:
        raise _BrokeOffError(f"the connection broke at {start:,} of {total:,} bytes")


def _open(url: str, partial: Path, start: int) -> HTTPResponse:
    """Ask for the file from byte `start` on; remove `partial` where it is longer than the file."""
    headers = {"User-Agent": "cmlearn", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        return urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        answer = f"the server answers {error.code} {error.reason}"
        is_too_long = error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start > 0
        if is_too_long:
            partial.unlink()
        if is_too_long or error.code in TRY_LATER:
            raise _BrokeOffError(answer) from error
        raise DownloadError(f"{url}: {answer}. Has it moved?") from error
    except (OSError, HTTPException) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise _BrokeOffError(reason) from error


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)
    except (OSError, HTTPException) as error:
        raise _BrokeOffError(f"the connection broke: {error or type(error).__name__}") from error


def _total(
    response: HTTPResponse, start: int, url: str, size: int | None, sha256: str | None
) -> int | None:
    """How long the whole file will be, as the server says it or as it was published."""
    stated = response.headers.get("Content-Length", "")
    total = start + int(stated) if re.fullmatch(r"\d{1,18}", stated) else size
    if size is not None and total != size:
        raise DownloadError(
            f"{url} offers {total:,} bytes where {size:,} were published: has it changed, or is it "
            "a page to log in?"
        )
    if total is None and sha256 is None and not response.chunked:  # type: ignore[attr-defined]
        raise DownloadError(
            f"{url}: the server does not say how long the file is, so that nothing could tell "
            "whether it came whole; give its size or sha256"
        )
    return total


def _difference(path: Path, size: int | None, sha256: str | None, progress: bool) -> str:
    """How the file differs from what was published; empty where it does not."""
    length = path.stat().st_size
    if size is not None and length != size:
        return f"{length:,} bytes instead of {size:,}"
    if sha256 is None:
        return ""
    bar = progress_bar(show=progress, desc=f"checking {path.stem}", total=length, **BYTES)
    digest = hashlib.sha256()
    with bar, path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            bar.update(len(chunk))
    found = digest.hexdigest()
    return "" if found == sha256.lower() else f"its SHA-256 is {found} instead of {sha256.lower()}"
