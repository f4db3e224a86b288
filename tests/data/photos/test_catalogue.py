"""Tests of cmlearn.data.photos.catalogue."""

import hashlib
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from cmlearn.data.photos import catalogue
from cmlearn.data.photos.catalogue import ARCHIVES, BY_HAND, TOGETHER, Archive, ByHandError, fetch
from cmlearn.data.photos.download import DownloadError
from cmlearn.data.source import READERS


@pytest.mark.parametrize("name", ARCHIVES)
def test_entries_are_complete(name: str) -> None:
    archive = ARCHIVES[name]
    assert re.fullmatch(r"https?://[\w./-]+\.zip", archive.url)
    assert re.fullmatch("[0-9a-f]{64}", archive.sha256)
    assert archive.size > 10_000_000
    assert archive.holds


def test_every_source_can_be_got_somehow() -> None:
    assert {*READERS} <= {*BY_HAND, *TOGETHER}
    assert {each for names in TOGETHER.values() for each in names} <= {*ARCHIVES}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_must_be_asked_for_says_where_and_where_to_put_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(ByHandError) as caught:
        fetch(name, tmp_path / "mine")
    said = str(caught.value)
    assert "https://forms.illinois.edu/sec/" in said
    assert f"CMLEARN_DATA={name}:{tmp_path / 'mine'}" in said
    assert max(map(len, said.replace(str(tmp_path / "mine"), "").split("\n"))) <= 100
    assert not (tmp_path / "mine").exists()


def test_an_unknown_name_lists_the_others() -> None:
    with pytest.raises(ValueError, match="no data set 'imagenet'; there are coco, coco-ann.*30k"):
        fetch("imagenet")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A data set of one picture, in place of COCO's; what is asked of the network is copied."""
    path = tmp_path / "served.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("val2017/1.jpg", b"a picture")
    content = path.read_bytes()
    entry = Archive("http://x/y/val.zip", len(content), hashlib.sha256(content).hexdigest(), "one")
    asked: list[str] = []

    def download(url: str, to: Path, *, size: int, sha256: str, progress: bool) -> Path:
        assert (url, size, sha256) == (entry.url, entry.size, entry.sha256)
        asked.append(url)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(content)
        return to

    monkeypatch.setattr(catalogue, "download", download)
    monkeypatch.setattr(catalogue, "ARCHIVES", {"ours": entry})
    monkeypatch.setattr(catalogue, "asked", asked, raising=False)
    return entry


def test_fetched_unpacked_removed_and_remembered(tmp_path: Path, archive: Archive) -> None:
    for _ in range(2):
        folder = fetch("ours", tmp_path / "coco", progress=False)
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
        assert names == ["val.zip.unpacked", "val2017", "val2017/1.jpg"]
    assert catalogue.asked == [archive.url]
    assert archive.sha256 in (folder / "val.zip.unpacked").read_text()


def test_a_marker_is_believed_only_with_its_files(tmp_path: Path, archive: Archive) -> None:
    folder = fetch("ours", tmp_path / "coco", progress=False)
    picture, marker = folder / "val2017" / "1.jpg", folder / "val.zip.unpacked"
    picture.unlink()
    fetch("ours", folder, progress=False)
    assert picture.is_file()
    marker.write_text("files")  # lists nothing
    fetch("ours", folder, progress=False)
    assert catalogue.asked == [archive.url] * 3


def test_real_case_of_markers_alone(real: Path, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(real / "cases" / "download_marker_without_data" / "data", tmp_path / "coco")

    def refuse(url: str, *_: object, **__: object) -> Path:
        raise DownloadError(f"{url}: no network")

    monkeypatch.setattr(catalogue, "download", refuse)
    with pytest.raises(DownloadError, match="annotations_trainval2017"):
        fetch("coco", tmp_path / "coco", progress=False)


def test_what_did_not_unpack_is_not_remembered(tmp_path: Path, archive: Archive, monkeypatch):
    def fail(path: Path, folder: Path, progress: bool) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(catalogue, "unpack", fail)
        fetch("ours", tmp_path / "coco", progress=False)
    assert [path.name for path in (tmp_path / "coco").iterdir()] == ["val.zip"]
    fetch("ours", tmp_path / "coco", progress=False)
    assert (tmp_path / "coco" / "val2017" / "1.jpg").read_bytes() == b"a picture"


def test_the_usual_place(tmp_path: Path, archive: Archive, monkeypatch) -> None:
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path / "home"))
    assert fetch("ours", progress=False) == tmp_path / "home" / "downloads" / "coco"
