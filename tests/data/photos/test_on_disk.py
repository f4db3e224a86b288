"""Tests of cmlearn.data.photos.on_disk."""

import warnings
from pathlib import Path

import pytest

from cmlearn.data.captioned import CaptionedImage
from cmlearn.data.photos.on_disk import files_in, has_pictures, keep_present, pictures_in


def test_files_alone_count(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a.jpg")
    assert files_in(tmp_path) == {"a.jpg", "link.jpg"}
    assert files_in(tmp_path / "absent") == set()
    (tmp_path / "folder.jpg" / "inner.jpg").mkdir()
    folders = (tmp_path, tmp_path / "folder.jpg", tmp_path / "absent")
    assert [has_pictures(folder) for folder in folders] == [True, False, False]


@pytest.mark.parametrize("name", [".DS_Store", "._1.jpg", "Thumbs.db", "readme.txt", "jpg"])
def test_a_file_that_is_no_picture_does_not_count(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert not has_pictures(tmp_path)
    (tmp_path / "1.JPG").touch()
    assert has_pictures(tmp_path)
    assert pictures_in(tmp_path) == {"1.JPG"}


def test_the_first_folder_that_has_it(tmp_path: Path) -> None:
    for path in ("one/a", "two/a", "two/b"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    listed = [CaptionedImage(2, Path("a"), ("x",)), CaptionedImage(1, Path("b"), ("y",))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = keep_present(listed, (tmp_path / name for name in ("one", "two")), "list")
    assert [item.image_id for item in found] == [1, 2]
    assert [item.path for item in found] == [tmp_path / "two" / "b", tmp_path / "one" / "a"]


def test_what_is_left_out_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    listed = [
        CaptionedImage(1, Path("a"), ("x",)),
        CaptionedImage(2, Path("b"), ()),
        CaptionedImage(3, Path("c"), ("z",)),
        CaptionedImage(4, Path("d"), ()),
    ]
    with pytest.warns(UserWarning, match="list: of 4 pictures, 2 are not in .* and 1 have") as seen:
        assert [item.image_id for item in keep_present(listed, [tmp_path], "list")] == [1]
    assert len(seen) == 1
    with pytest.raises(FileNotFoundError, match="list lists 2 pictures and none is in"):
        keep_present(listed[2:], [tmp_path], "list")
    assert keep_present([], [tmp_path], "list") == []
