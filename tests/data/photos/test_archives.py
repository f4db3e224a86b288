"""Tests of cmlearn.data.photos.archives."""

import io
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.photos import archives
from cmlearn.data.photos.archives import ArchiveError, safe_path, unpack

FILES = {"val2017/1.jpg": b"one" * 50, "val2017/2.jpg": b"", "annotations/a.json": b"{}" * 900}


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("val2017/", b"")
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def write_tar(path: Path, files: dict[str, bytes], *entries: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for entry in entries:
            archive.addfile(entry)
    return path


WRITERS = {"a.zip": write_zip, "a.tar": write_tar, "a.tar.gz": write_tar}


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(params=WRITERS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def refuse(archive: Path, message: str, **options) -> None:
    """Unpacking says so, names the archive, and leaves the folder and its surroundings alone."""
    folder = archive.parent / "deep" / "out"
    before = files_below(archive.parent)
    with pytest.raises(ArchiveError, match=message) as caught:
        unpack(archive, folder, progress=False, **options)
    assert str(archive) in str(caught.value)
    assert files_below(archive.parent) == before


def test_comes_out_as_it_went_in(tmp_path: Path, name: str) -> None:
    archive = WRITERS[name](tmp_path / name, FILES)
    assert unpack(archive, tmp_path / "deep" / "out", progress=False) == 3
    assert files_below(tmp_path / "deep" / "out") == FILES


def test_over_what_is_there(tmp_path: Path, name: str) -> None:
    archive = WRITERS[name](tmp_path / name, FILES)
    (tmp_path / "out" / "val2017").mkdir(parents=True)
    (tmp_path / "out" / "val2017" / "1.jpg").write_bytes(b"half")
    (tmp_path / "out" / "val2017" / "mine.jpg").write_bytes(b"mine")
    unpack(archive, tmp_path / "out", progress=False)
    assert files_below(tmp_path / "out") == FILES | {"val2017/mine.jpg": b"mine"}


OUTSIDE = ["../a.jpg", "/tmp/a.jpg", "val/../../a.jpg", "C:\\a.jpg", "c:a.jpg", "..\\a.jpg", "a\n"]


@pytest.mark.parametrize("outside", OUTSIDE)
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str, outside: str) -> None:
    refuse(WRITERS[name](tmp_path / name, FILES | {outside: b"x"}), "outside its folder: refused")


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("./\\:a\0 ")))
def test_any_name_stays_inside(name: str) -> None:
    folder = Path("/somewhere/out")
    try:
        path = safe_path(name)
    except ArchiveError:
        return
    assert (folder / path).resolve().is_relative_to(folder)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    path = write_zip(tmp_path / "a.zip", FILES)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("val2017/link")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    refuse(path, "'val2017/link' is a link or device: refused")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
)
def test_links_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("val2017/link")
    info.type, info.linkname = kind, "/etc/passwd"
    refuse(write_tar(tmp_path / "a.tar", FILES, info), "is a link or device: refused")


def test_absurd_expansion_is_refused(tmp_path: Path, name: str, monkeypatch) -> None:
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", 1000)
    if name == "a.tar":
        pytest.skip("a bare tar does not expand")
    archive = WRITERS[name](tmp_path / name, {"zeros": b"\0" * 2_000_000})
    refuse(archive, "would unpack to more than .* bytes: refused", max_expansion=50)
    unpack(archive, tmp_path / "out", max_expansion=1e9, progress=False)
    assert (tmp_path / "out" / "zeros").stat().st_size == 2_000_000


def test_a_tar_that_claims_to_be_endless_is_refused_at_its_header(tmp_path: Path) -> None:
    info = tarfile.TarInfo("endless")
    info.size = 10**13
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf() + b"\0" * 512)
    refuse(path, "would unpack to more than")


def test_a_zip_that_lies_about_lengths_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"big": b"\0" * 100_000})
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 100_000), struct.pack("<I", 9)))
    refuse(path, "a.zip is damaged")


def test_twice_or_below_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = write_zip(tmp_path / "a.zip", {"a": b"1"})
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("a", b"2")
    refuse(path, "'a' is a duplicate")
    refuse(write_tar(tmp_path / "b.tar", {"a": b"1", "./a": b"2"}), "'a' is a duplicate")
    refuse(write_zip(tmp_path / "c.zip", {"a": b"1", "a/b": b"2"}), "'a/b' is inside a file")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a": b"1"})
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")  # the last entry of the directory: its flags follow
    content[at + 8] |= 1
    path.write_bytes(content)
    refuse(path, "'a' needs a password")


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.9, 0.99])
def test_cut_off_anywhere(tmp_path: Path, name: str, share: float) -> None:
    noise = bytes((i * i * 7919 >> 3) % 256 for i in range(5000))
    archive = WRITERS[name](tmp_path / name, FILES | {"noise": noise})
    content = archive.read_bytes()
    if name == "a.tar" and share > 0.5:
        return  # a tar ends in empty blocks, which may be missing
    archive.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ArchiveError, match=str(archive)):
        unpack(archive, tmp_path / "out", progress=False)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from([*WRITERS]),
    harms=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1),
)
def test_changed_anywhere_it_is_refused_or_stays_inside(name: str, harms: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = WRITERS[name](Path(folder) / name, FILES)
        content = bytearray(archive.read_bytes())
        for share, byte in harms:
            content[int(share * len(content))] = byte
        archive.write_bytes(content)
        with suppress(ArchiveError):
            unpack(archive, Path(folder) / "out", progress=False)
        assert {path.name for path in Path(folder).iterdir()} <= {name, "out"}
        assert not [path for path in Path(folder).rglob("*") if path.suffix == ".partial"]


def test_a_zip_whose_directory_points_before_its_start(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a": b"1"})
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x05\x06") + 16  # where the directory begins, it says
    content[at : at + 4] = struct.pack("<I", int.from_bytes(content[at : at + 4], "little") + 99)
    path.write_bytes(content)
    refuse(path, "is damaged")


def test_a_tar_cut_off_between_two_files(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"a": b"1" * 512, "b": b"2" * 512})
    whole = path.read_bytes()
    for blocks in (2, 4):  # a header and a block each
        path.write_bytes(whole[: blocks * 512])
        refuse(path, "is truncated: its end is missing")


def test_a_damaged_member_is_not_left_half_written(tmp_path: Path) -> None:
    noise = bytes((i * i * 7919 >> 3) % 256 for i in range(5000))
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:  # stored as they are
        archive.writestr("good", b"good")
        archive.writestr("noise", noise)
    content = bytearray(path.read_bytes())
    content[content.index(noise[:100]) + 2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="is damaged: Bad CRC-32 for file 'noise'"):
        unpack(path, tmp_path / "out", progress=False)
    assert files_below(tmp_path / "out") == {"good": b"good"}


def test_neither_zip_nor_tar(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("<html>please log in</html>")
    refuse(tmp_path / "a.zip", "is neither zip nor tar, or is truncated")
    with pytest.raises(FileNotFoundError, match=r"there is no archive .*b\.zip"):
        unpack(tmp_path / "b.zip", tmp_path)


def test_too_little_room_is_reported_before_anything_is_written(
    tmp_path: Path, monkeypatch
) -> None:
    archive = write_zip(tmp_path / "a.zip", FILES)
    full = type("usage", (), {"free": 100})
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    with pytest.raises(OSError, match="1,950 bytes are needed and 100 free"):
        unpack(archive, tmp_path / "out", progress=False)
    assert files_below(tmp_path / "out") == {}


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": b"1"})
    (tmp_path / "out" / "a").mkdir(parents=True)
    with pytest.raises(OSError, match=r"cannot unpack .*a\.zip"):
        unpack(archive, tmp_path / "out", progress=False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]
