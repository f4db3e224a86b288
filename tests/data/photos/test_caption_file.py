"""Tests of cmlearn.data.photos.caption_file."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.data.photos import caption_file
from cmlearn.data.photos.caption_file import (
    CaptionFileError,
    one_line,
    plain_name,
    read_json,
    read_lines,
    read_text,
)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_text_with_and_without_a_byte_order_mark(tmp_path: Path, name: str) -> None:
    write = gzip.compress if name.endswith(".gz") else bytes
    for start in (b"", b"\xef\xbb\xbf"):
        (tmp_path / name).write_bytes(write(start + "eins, zwö\n".encode()))
        assert read_text(tmp_path / name) == "eins, zwö\n"


def test_lines_break_at_line_feeds_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("one\r\n\n  two\u2028still two\x0c!\x85 \n".encode())
    assert read_lines(tmp_path / "a") == [(1, "one"), (3, "two\u2028still two\x0c!")]


@pytest.mark.parametrize("length", [0, 1, 9, 15, 30, -9, -1])
def test_packed_text_cut_off_anywhere(tmp_path: Path, length: int) -> None:
    whole = gzip.compress(b"a dog\n" * 1000)
    (tmp_path / "a.gz").write_bytes(whole[:length])
    if length == 0:  # nothing at all is no archive, but Python takes it for an empty one
        assert read_text(tmp_path / "a.gz") == ""
        return
    with pytest.raises(CaptionFileError, match=r"a\.gz is not a complete \.gz file"):
        read_text(tmp_path / "a.gz")


def test_text_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"a.jpg#0\ta dog\n")
    with pytest.raises(CaptionFileError, match=r"a\.gz is not a complete"):
        read_text(tmp_path / "a.gz")
    (tmp_path / "latin").write_bytes("one\ntwo\nzwö\n".encode("latin-1"))
    with pytest.raises(CaptionFileError, match="latin: line 3 is not UTF-8 text"):
        read_text(tmp_path / "latin")


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(caption_file, "MAX_BYTES", 100_000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\0" * 100_001))
    assert (tmp_path / "bomb.gz").stat().st_size < 1000
    with pytest.raises(CaptionFileError, match=r"bomb\.gz holds more than 100,000 bytes"):
        read_text(tmp_path / "bomb.gz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [1, 2', "is not complete JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"images": {}}', 'has no list "images"'),
        ("3", 'has no list "images"'),
        ('{"images": [' + "9" * 5000 + "]}", "is not complete JSON"),
    ],
)
def test_json_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(CaptionFileError, match=rf"a\.json {message}"):
        read_json(tmp_path / "a.json", "images")


@pytest.mark.parametrize("name", ["", ".", "..", "../a.jpg", "/a.jpg", "a/b.jpg", "a\\b", "a\0"])
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(CaptionFileError, match="line 3 must name a file, not a path"):
        plain_name(name, "line 3")


@given(st.text(alphabet=st.characters()))
def test_a_caption_is_one_line_that_can_be_written(caption: str) -> None:
    line = one_line(caption)
    assert line.encode("utf-8").decode("utf-8") == line
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert one_line("a \ud83d dog") == "a ? dog"
