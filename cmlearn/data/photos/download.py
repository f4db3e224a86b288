"""Fetches a file over HTTP: resumed where it broke off, believed only when it was verified."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tqdm import tqdm

CHUNK = 1 << 20  # bytes read at a time
TIMEOUT = 30  # seconds without a byte
ATTEMPTS = 5
WAIT = 2.0  # seconds before the second attempt, twice as many before each further one
TRY_LATER = {408, 425, 429, 500, 502, 503, 504}


class DownloadError(OSError):
    """A file that could not be fetched; the message names its address and what to do."""


class _BrokeOffError(Exception):
    """Worth another attempt."""


class _BeginAnewError(_BrokeOffError):
    """Worth another attempt, without what has come so far."""


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
    if path.is_file() and not _what_is_wrong(path, size, sha256, progress):
        return path
    partial = path.with_name(f"{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    reason = ""
    for attempt in range(attempts):
        if attempt:
            time.sleep(wait * 2 ** (attempt - 1))
        resumed = sha256 is not None and partial.is_file()
        try:
            _fetch(url, partial, size, sha256, progress)
        except _BrokeOffError as error:
            reason = str(error)
            if isinstance(error, _BeginAnewError):
                partial.unlink(missing_ok=True)
            continue
        reason = _what_is_wrong(partial, size, sha256, progress)
        if not reason:
            os.replace(partial, path)
            return path
        partial.unlink()
        if not resumed:  # else it may have been the earlier part that was wrong
            raise DownloadError(f"{url} sent something else than was published: {reason}; deleted")
    raise DownloadError(
        f"{url} could not be fetched in {attempts} attempts: {reason}. Run this again to go on"
    )


def _fetch(url: str, partial: Path, size: int | None, sha256: str | None, progress: bool) -> None:
    """Write what the server sends to `partial`, after what is there if it can be verified."""
    start = partial.stat().st_size if sha256 and partial.is_file() else 0
    if start == size:
        return
    with _open(url, start) as response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            start = 0  # it knows nothing of ranges, and sends the whole
        elif not re.match(f"bytes {start}-", response.headers.get("Content-Range", "")):
            raise _BeginAnewError(
                f"asked to go on from byte {start:,}, the server sent other bytes"
            )
        total = _total(response, start, url, size, sha256)
        _check_room(partial, (total or 0) - start)
        bar = tqdm(
            desc=partial.stem,
            total=total,
            initial=start,
            unit="B",
            unit_scale=True,
            mininterval=0.5,
            **({} if progress else {"disable": True}),
        )
        with bar:
            _copy(response, partial, start, total, bar)


def _open(url: str, start: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": "cmlearn", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        return urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        answer = f"the server answers {error.code} {error.reason}"
        if error.code in TRY_LATER:
            raise _BrokeOffError(answer) from error
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            raise _BeginAnewError(f"{answer}: what was there is longer than the file") from error
        raise DownloadError(f"{url}: {answer}. Has it moved?") from error
    except (OSError, http.client.HTTPException) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise _BrokeOffError(reason) from error


def _total(
    response: http.client.HTTPResponse, start: int, url: str, size: int | None, sha256: str | None
) -> int | None:
    """How long the whole file will be, as the server says it and as it was published."""
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


def _check_room(partial: Path, needed: int) -> None:
    free = shutil.disk_usage(partial.parent).free
    if needed > free:
        raise OSError(
            errno.ENOSPC, f"{needed:,} bytes are still needed and {free:,} free", str(partial)
        )


def _copy(
    response: http.client.HTTPResponse, partial: Path, written: int, total: int | None, bar: tqdm
) -> None:
    try:
        with partial.open("ab" if written else "wb") as file:
            while chunk := _read(response):
                written += len(chunk)
                if total is not None and written > total:
                    raise DownloadError(f"{response.url} sends more than {total:,} bytes; gave up")
                file.write(chunk)
                bar.update(len(chunk))
    except DownloadError:
        raise
    except OSError as error:
        raise OSError(error.errno, f"cannot write: {error.strerror}", str(partial)) from error
    if total is not None and written < total:
        raise _BrokeOffError(f"the connection broke at {written:,} of {total:,} bytes")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokeOffError(f"the connection broke: {error or type(error).__name__}") from error


def _what_is_wrong(path: Path, size: int | None, sha256: str | None, progress: bool) -> str:
    """How the file differs from what was published; empty where it does not."""
    length = path.stat().st_size
    if size is not None and length != size:
        return f"{length:,} bytes instead of {size:,}"
    if sha256 is None:
        return ""
    found = _checksum(path, progress)
    return "" if found == sha256.lower() else f"its SHA-256 is {found} instead of {sha256.lower()}"


def _checksum(path: Path, progress: bool) -> str:
    digest = hashlib.sha256()
    bar = tqdm(
        desc=f"checking {path.stem}",
        total=path.stat().st_size,
        unit="B",
        unit_scale=True,
        mininterval=0.5,
        **({} if progress else {"disable": True}),
    )
    with bar, path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()
