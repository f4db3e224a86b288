"""Tests of cmlearn.data.photos.download."""

import hashlib
import re
import resource
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmlearn.data.photos import download as module
from cmlearn.data.photos.download import DownloadError, download

CONTENT = bytes((i * 7919 >> 4) % 256 for i in range(50_000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server.ours  # type: ignore[attr-defined]
        server.asked.append(self.headers.get("Range"))
        step = server.steps[min(len(server.asked), len(server.steps)) - 1]
        step(self)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *arguments: object) -> None:
        """Say nothing of clients that go away early."""


@dataclass
class Server:
    """What it does at each request in turn, the last of them ever after."""

    url: str
    steps: list[Callable[[Handler], None]] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)

    def does(self, *steps: Callable[[Handler], None]) -> None:
        self.steps, self.asked = [*steps], []


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    http = QuietServer(("127.0.0.1", 0), Handler)
    http.ours = Server(f"http://127.0.0.1:{http.server_address[1]}/val2017.zip")
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield http.ours
    http.shutdown()
    http.server_close()


@pytest.fixture
def server(running: Server) -> Server:
    running.does(serve())
    return running


def serve(
    content: bytes = CONTENT,
    *,
    sends: int | None = None,
    length: int | str | None = -1,
    ranges: bool = True,
    off_by: int = 0,
) -> Callable[[Handler], None]:
    """Answer a request.

    Args:
        content: what the file is.
        sends: bytes after which the connection breaks.
        length: what it says of the length; None for nothing, -1 for the truth.
        ranges: whether it goes on from where it is asked to.
        off_by: bytes by which it goes on elsewhere.
    """

    def step(handler: Handler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(asked[1]) + off_by if asked and ranges else 0
        if start >= len(content) and start:
            handler.send_error(416)
            return
        handler.send_response(206 if asked and ranges else 200)
        if asked and ranges:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        body = content[start:]
        if length is not None:
            handler.send_header("Content-Length", str(len(body) if length == -1 else length))
        handler.end_headers()
        handler.wfile.write(body[:sends])
        handler.close_connection = True

    return step


def answer(code: int) -> Callable[[Handler], None]:
    return lambda handler: handler.send_error(code)


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def chunked(*chunks: bytes, ended: bool = True) -> Callable[[Handler], None]:
    def step(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n" if ended else b"")
        handler.close_connection = True

    return step


def get(server: Server, folder: Path, **options) -> Path:
    options = {"size": len(CONTENT), "sha256": SHA256, "progress": False, "wait": 0} | options
    return download(server.url, folder / "deep" / "val2017.zip", **options)


def left(folder: Path) -> dict[str, int]:
    below = folder / "deep"
    return {path.name: path.stat().st_size for path in below.iterdir()} if below.is_dir() else {}


# ── what goes well in the end ─────────────────────────────────────────────────────────────────


def test_fetched_once(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None]
    assert left(tmp_path) == {"val2017.zip": len(CONTENT)}


@pytest.mark.parametrize(
    "known", [{"size": None}, {"sha256": None}, {"size": None, "sha256": None}]
)
def test_with_less_known_of_it(server: Server, tmp_path: Path, known: dict) -> None:
    assert get(server, tmp_path, **known).read_bytes() == CONTENT


def test_broken_off_again_and_again_it_goes_on_where_it_was(server, tmp_path: Path) -> None:
    server.does(serve(sends=20_000), serve(sends=100), serve(sends=20_000), serve())
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=20000-", "bytes=20100-", "bytes=40100-"]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 30_000), max_size=4), st.booleans())
def test_wherever_it_breaks(server: Server, tmp_path: Path, cuts: list[int], ranges: bool) -> None:
    server.does(*(serve(sends=cut, ranges=ranges) for cut in cuts), serve(ranges=ranges))
    folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
    assert get(server, folder).read_bytes() == CONTENT
    assert left(folder) == {"val2017.zip": len(CONTENT)}


def test_the_next_call_goes_on(server: Server, tmp_path: Path) -> None:
    server.does(serve(sends=30_000), hang_up)
    with pytest.raises(DownloadError, match="could not be fetched in 2 attempts: .*Run this again"):
        get(server, tmp_path, attempts=2)
    assert left(tmp_path) == {"val2017.zip.partial": 30_000}
    server.does(serve())
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=30000-"]


def test_a_part_that_is_already_whole_is_only_verified(server: Server, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "val2017.zip.partial").write_bytes(CONTENT)
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("part", [b"of another file" * 100, CONTENT + b"more", CONTENT[::-1]])
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_wrong_part_is_not_believed(server, tmp_path: Path, part: bytes, size) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "val2017.zip.partial").write_bytes(part)
    assert get(server, tmp_path, size=size).read_bytes() == CONTENT


@pytest.mark.parametrize("off_by", [-5, 5])
def test_a_server_that_goes_on_elsewhere(server: Server, tmp_path: Path, off_by: int) -> None:
    server.does(serve(sends=20_000), serve(off_by=off_by), serve())
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=20000-", None]


def test_without_a_checksum_it_begins_anew(server: Server, tmp_path: Path) -> None:
    server.does(serve(sends=20_000), serve())
    assert get(server, tmp_path, sha256=None).read_bytes() == CONTENT
    assert server.asked == [None, None]


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path, code: int) -> None:
    server.does(answer(code), hang_up, serve())
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_waits_longer_each_time(server: Server, tmp_path: Path, monkeypatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    server.does(answer(503))
    with pytest.raises(DownloadError, match="in 4 attempts: the server answers 503 Service Unav"):
        get(server, tmp_path, attempts=4, wait=2)
    assert waited == [2, 4, 8]


def test_a_length_that_is_missing_or_no_number(server: Server, tmp_path: Path) -> None:
    for number, length in enumerate((None, "many", "-7", "")):
        server.does(serve(length=length))
        assert get(server, tmp_path / str(number)).read_bytes() == CONTENT
    server.does(chunked(CONTENT[:100], CONTENT[100:]))
    assert get(server, tmp_path / "x", size=None, sha256=None).read_bytes() == CONTENT


def test_redirected(server: Server, tmp_path: Path) -> None:
    def redirect(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere.zip")
        handler.end_headers()

    server.does(redirect, serve())
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_wrong_file_that_is_there_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "val2017.zip").write_bytes(CONTENT[::-1])
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_progress_goes_to_stderr(server: Server, tmp_path: Path, capsys) -> None:
    get(server, tmp_path, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "val2017.zip: 100%" in err
    assert "checking val2017.zip" in err


# ── what does not ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
def test_what_is_not_there_is_not_asked_for_again(server, tmp_path: Path, code: int) -> None:
    server.does(answer(code))
    with pytest.raises(DownloadError, match=rf"val2017\.zip: the server answers {code} .*moved"):
        get(server, tmp_path)
    assert len(server.asked) == 1
    assert left(tmp_path) == {}


@pytest.mark.parametrize("known", [{}, {"size": None}])
def test_wrong_bytes_are_deleted(server: Server, tmp_path: Path, known: dict) -> None:
    server.does(serve(CONTENT[::-1]))
    with pytest.raises(DownloadError, match=f"SHA-256 is .* instead of {SHA256}; deleted"):
        get(server, tmp_path, **known)
    assert left(tmp_path) == {}


@pytest.mark.parametrize("content", [b"<html>log in</html>", CONTENT + b"!", b""])
def test_a_length_other_than_published_is_refused_at_once(server, tmp_path: Path, content) -> None:
    server.does(serve(content))
    with pytest.raises(DownloadError, match=rf"offers {len(content):,} bytes where 50,000 were"):
        get(server, tmp_path)
    assert left(tmp_path) == {}


def test_a_length_that_is_too_long_is_a_broken_connection(server: Server, tmp_path: Path) -> None:
    server.does(serve(length=60_000))
    with pytest.raises(DownloadError, match="the connection broke at 50,000 of 60,000 bytes"):
        get(server, tmp_path, size=None, sha256=None, attempts=2)


def test_a_length_that_is_too_short_is_found_out(server: Server, tmp_path: Path) -> None:
    server.does(serve(length=40_000))
    with pytest.raises(DownloadError, match="SHA-256 is"):
        get(server, tmp_path, size=None)
    assert left(tmp_path) == {}


def test_more_than_was_published_fills_no_disk(server: Server, tmp_path: Path) -> None:
    server.does(serve(CONTENT * 50, length=None))
    with pytest.raises(DownloadError, match="sends more than the expected 50,000 bytes"):
        get(server, tmp_path)
    assert sum(left(tmp_path).values()) <= len(CONTENT)


def test_without_any_way_to_tell_the_end_it_is_refused(server: Server, tmp_path: Path) -> None:
    server.does(serve(length=None))
    with pytest.raises(DownloadError, match="does not say how long the file is"):
        get(server, tmp_path, size=None, sha256=None)
    server.does(chunked(CONTENT[:100], ended=False))
    with pytest.raises(DownloadError, match="the connection broke"):
        get(server, tmp_path, size=None, sha256=None, attempts=2)


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:9/a could not be .* refused"):
        download("http://127.0.0.1:9/a", tmp_path / "a", attempts=2, wait=0, progress=False)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/a", "/etc/passwd", "", "http:"])
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="url must begin with http"):
        download(url, tmp_path / "a", progress=False)


def test_no_checksum_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sha256 must be 64 hexadecimal digits"):
        download("http://x/a", tmp_path / "a", sha256="d41d8cd98f00b204e9800998ecf8427e")


def test_a_full_disk_is_reported_before_the_first_byte(server, tmp_path: Path, monkeypatch) -> None:
    usage = type("usage", (), {"free": 49_999})
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match=r"50,000 bytes are needed and 49,999 free.*partial"):
        get(server, tmp_path)
    assert left(tmp_path) == {}


def test_a_disk_that_fills_up_names_the_file(server: Server, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # a real failing write
    try:
        with pytest.raises(OSError, match=r"cannot write: .*val2017\.zip\.partial"):
            get(server, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_interruption_keeps_what_came(server: Server, tmp_path: Path, monkeypatch) -> None:
    read = module._read
    calls = iter([read, read])

    def interrupted(response: object) -> bytes:
        try:
            return next(calls)(response)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(module, "CHUNK", 1000)
    monkeypatch.setattr(module, "_read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        get(server, tmp_path)
    (kept,) = left(tmp_path).values()
    assert 0 < kept < len(CONTENT)
    monkeypatch.undo()
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={kept}-"]
