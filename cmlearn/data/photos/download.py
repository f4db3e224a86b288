"""Download a file over HTTP, with resumption and verification."""

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

from cmlearn.data.files import check_free_space, explain_disk_errors
from cmlearn.data.progress import progress_bar

CHUNK = 1 << 20  # bytes read at a time
TIMEOUT = 30  # seconds without a byte
ATTEMPTS = 5
WAIT = 2.0  # seconds before the second attempt; doubled before each further one
TRY_LATER = {408, 425, 429, 500, 502, 503, 504}
BYTES: dict[str, Any] = {"unit": "B", "unit_scale": True}  # options of the progress bar


class DownloadError(OSError):
    """A download failed; the message names the address and what to do."""


class _BrokeOffError(Exception):
    """The connection failed in a way that justifies another attempt."""


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
    """Download a file, unless `path` already has the expected size and checksum.

    The file is written to `path`.partial and renamed after verification. With a checksum, a
    partial file of an earlier call is resumed. Without one it is downloaded from the start,
    because the file on the server may have changed in between.

    Args:
        url: address, http or https.
        path: the file to write; its folder is created if missing.
        size: expected size in bytes, if known.
        sha256: expected SHA-256 in hexadecimal, if known.
        attempts: maximum number of attempts if the connection breaks or the server is busy.
        wait: seconds before the second attempt; doubled before each further one.
        progress: show a bar on standard error.

    Returns:
        The path of the file.

    Raises:
        DownloadError: the server does not have the file, sends other content, or every attempt
            fails.
        OSError: the disk is full, or the folder cannot be written.
        ValueError: the address is not http or https, or `sha256` is malformed.
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
            if not start or start != size:  # otherwise it is complete and needs only verification
                _fetch(url, partial, start, size, sha256, progress)
        except _BrokeOffError as error:
            reason = str(error)
            continue
        reason = _difference(partial, size, sha256, progress)
        if not reason:
            return partial.replace(path)
        partial.unlink()
        if start == 0:  # otherwise the part of an earlier call may be the wrong one
            raise DownloadError(f"{url} sent another file than expected: {reason}; deleted")
    raise DownloadError(
        f"{url} could not be fetched in {attempts} attempts: {reason}. Run this again to continue"
    )


def _fetch(
    url: str, partial: Path, start: int, size: int | None, sha256: str | None, progress: bool
) -> None:
    """Write the response of the server to `partial`, from byte `start` on."""
    with _open(url, partial, start) as response:
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            start = 0  # the server ignores ranges and sends the whole file
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            partial.unlink()
            raise _BrokeOffError(f"the server did not continue at byte {start:,} as requested")
        total = _total(response, start, url, size, sha256)
        check_free_space(partial, (total or 0) - start)
        bar = progress_bar(show=progress, desc=partial.stem, total=total, initial=start, **BYTES)
        mode = "ab" if start else "wb"
        with bar, explain_disk_errors("write", partial), partial.open(mode) as file:
            while chunk := _read(response):
                start += len(chunk)
                if total is not None and start > total:
                    raise DownloadError(
                        f"{url} sends more than the expected {total:,} bytes; stopped"
                    )
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and start < total:
        raise _BrokeOffError(f"the connection broke at {start:,} of {total:,} bytes")


def _open(url: str, partial: Path, start: int) -> HTTPResponse:
    """Request the file from byte `start` on; remove `partial` if it is longer than the file."""
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
    """Return the size of the whole file, as stated by the server or by `size`; None if unknown."""
    stated = response.headers.get("Content-Length", "")
    total = start + int(stated) if re.fullmatch(r"\d{1,18}", stated) else size
    if size is not None and total != size:
        raise DownloadError(
            f"{url} offers {total:,} bytes where {size:,} were expected: has the file changed, or "
            "is this a login page?"
        )
    if total is None and sha256 is None and not response.chunked:  # type: ignore[attr-defined]
        raise DownloadError(
            f"{url}: the server does not say how long the file is, so a truncated download would "
            "go unnoticed; give size or sha256"
        )
    return total


def _difference(path: Path, size: int | None, sha256: str | None, progress: bool) -> str:
    """Describe how the file differs from the expected size and checksum; empty if it does not."""
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
