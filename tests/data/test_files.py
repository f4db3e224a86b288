"""Tests of cmlearn.data.files."""

import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from cmlearn.data.files import atomic_write, check_free_space, explain_disk_errors, remove_leftovers


def test_a_file_appears_when_the_block_is_done(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    with atomic_write(path) as partial:
        partial.write_text("new")
        assert not path.exists()
        assert (partial.parent, partial.suffix) == (path.parent, ".partial")
        assert str(os.getpid()) in partial.name
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path: Path, error) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)), atomic_write(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_has_nothing_of_an_earlier_process(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    (tmp_path / f"folder.{os.getpid()}.partial" / "stale").mkdir(parents=True)
    with atomic_write(path) as partial:
        partial.mkdir()
        (partial / "new").touch()
    assert [entry.name for entry in path.iterdir()] == ["new"]
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "other") as partial:
        partial.mkdir()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_of_full_length_can_be_written(tmp_path: Path) -> None:
    with atomic_write(tmp_path / ("n" * 255)) as partial:
        partial.touch()
    assert [path.name for path in tmp_path.iterdir()] == ["n" * 255]


def test_disk_errors_say_what_was_done_and_others_pass(tmp_path: Path) -> None:
    message = r"cannot write the list: No space left on device: .*a\.txt"
    with (
        pytest.raises(OSError, match=message) as caught,
        explain_disk_errors("write the list", tmp_path / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.errno == errno.ENOSPC
    with (
        pytest.raises(FileNotFoundError, match="^no picture x$"),
        explain_disk_errors("write the list", tmp_path),
    ):
        raise FileNotFoundError("no picture x")


def test_only_old_leftovers_of_the_pattern_go(tmp_path: Path) -> None:
    for name, age in (("old.partial", 4000), ("young.partial", 10), ("old.npy", 4000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    (tmp_path / "folder.partial" / "inside").mkdir(parents=True)
    os.utime(tmp_path / "folder.partial", (0, 0))
    remove_leftovers(tmp_path, "*.partial")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.npy", "young.partial"]
    remove_leftovers(tmp_path / "absent", "*.partial")


@pytest.mark.parametrize("name", ["", "a.bin"])
def test_too_little_room_is_reported(tmp_path: Path, monkeypatch, name: str) -> None:
    usage = type("usage", (), {"free": 1999})
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: {tmp_path: usage}[folder])
    check_free_space(tmp_path / name, 1999)
    with pytest.raises(OSError, match=r"2,000 bytes are needed and 1,999 free.*test_too") as caught:
        check_free_space(tmp_path / name, 2000)
    assert caught.value.errno == errno.ENOSPC
