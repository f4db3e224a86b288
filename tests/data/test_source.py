"""Tests of cmlearn.data.source."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlearn.data.captioned import CaptionedPictures, UnknownTruthError
from cmlearn.data.photos.layouts import write_as_coco, write_as_flickr8k, write_as_flickr30k
from cmlearn.data.source import READERS, Source, find_source, load_pictures
from cmlearn.data.storybook.dataset import draw_storybook, load_storybook

PARTS = ("train", "val", "test")


def test_storybook_by_default(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("CMLEARN_DATA", raising=False)
    assert find_source() == Source("storybook")
    assert find_source().has_scenes
    monkeypatch.setenv("CMLEARN_DATA", "")
    assert find_source() == Source("storybook")
    monkeypatch.setenv("CMLEARN_DATA", f"coco:{tmp_path}")
    assert find_source() == Source("coco", tmp_path)
    assert not find_source().has_scenes
    assert find_source(f"flickr8k:{tmp_path}") == Source("flickr8k", tmp_path)
    assert find_source("storybook") == Source("storybook")


def test_a_folder_may_have_colons_and_begin_at_home(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a:b").mkdir()
    assert find_source(f"coco:{tmp_path}/a:b").folder == tmp_path / "a:b"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_source("flickr30k:~/a:b").folder == tmp_path / "a:b"
    monkeypatch.chdir(tmp_path)
    assert find_source("coco:a:b").folder == tmp_path / "a:b"


@pytest.mark.parametrize("form", ["coco: {}", " coco : {} ", 'coco:"{}"', "coco: '{}' "])
def test_blanks_and_quotes_around_a_folder_are_nobodys(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "a b's"
    folder.mkdir()
    assert find_source(form.format(folder)) == Source("coco", folder)
    with pytest.raises(ValueError, match="names no data set"):
        find_source(form.format(""))


def test_a_named_storybook_is_not_drawn_unasked(storybook: Path, home: Path, tmp_path) -> None:
    assert find_source(f"storybook:{storybook}") == Source("storybook", storybook)
    typo, other = tmp_path / "typo", tmp_path / "other"
    other.mkdir()
    for folder in (typo, other):
        with pytest.raises(FileNotFoundError, match=f"in {folder}. .*draw --folder {folder}`"):
            load_pictures("val", f"storybook:{folder}", limit=1)
    assert not typo.exists()
    assert not list(other.iterdir())


def test_a_wrong_name_is_refused_with_its_reason(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(FileNotFoundError, match="no folder .*x. How to .*cmlearn download flickr"):
        find_source(f"flickr8k:{tmp_path}/x")
    monkeypatch.chdir(tmp_path)  # as a notebook's folder is another than the shell's
    with pytest.raises(FileNotFoundError, match=f"'coco:a/b': there is no folder {tmp_path}/a/b. "):
        find_source("coco:a/b")
    monkeypatch.setenv("CMLEARN_DATA", "imagenet:/data")
    with pytest.raises(ValueError, match="CMLEARN_DATA=imagenet:/data names no data set: write"):
        find_source()
    with pytest.raises(ValueError, match="'coco' names no data set"):
        find_source("coco")


def test_an_unknown_home_is_a_clear_error(monkeypatch) -> None:
    monkeypatch.setenv("CMLEARN_DATA", "coco:~nosuchuser/coco")
    said = "^CMLEARN_DATA=coco:~nosuchuser/coco: there is no home folder for '~nosuchuser' in "
    with pytest.raises(ValueError, match=said):
        find_source()


@given(st.text())
def test_any_other_text_is_a_clear_error(text: str) -> None:
    if text.partition(":")[0].strip() not in {"storybook", *READERS}:
        with pytest.raises(ValueError, match="names no data set: write storybook, or coco:/path"):
            find_source(text)


@pytest.fixture(scope="module")
def storybook() -> Path:
    return draw_storybook()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_storybook_is_storybook(storybook: Path) -> None:
    data, same = load_pictures("val"), load_storybook("val")
    assert np.array_equal(data.images, same.images)
    assert (data.captions, data.scenes, data.image_ids) == (
        same.captions,
        same.scenes,
        same.image_ids,
    )
    few = load_pictures("novel", "storybook", limit=np.int64(7))
    assert len(few) == len(few.scenes or ()) == 7
    assert isinstance(few.images, np.memmap)


def test_photographs_have_no_novel_pairs(tmp_path: Path) -> None:
    with pytest.raises(UnknownTruthError, match="^coco/novel does not say"):
        load_pictures("novel", f"coco:{tmp_path}")


def test_storybook_at_another_size_keeps_its_scenes(storybook: Path, home: Path) -> None:
    small = load_pictures("val", f"storybook:{storybook}", size=32, limit=5, progress=False)
    same = load_storybook("val", storybook)
    assert small.images.shape == (5, 32, 32, 3)
    assert small.scenes == (same.scenes or ())[:5]
    assert small.captions == same.captions[:5]
    means = same.images[:5].reshape(5, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    assert np.abs(small.images - means).max() <= 1


def test_storybook_in_other_clothes_is_the_same(storybook: Path, home: Path, tmp_path) -> None:
    """Through the coco reader, from the folder that Storybook drew."""
    data = load_pictures("val", f"coco:{storybook}", limit=20, progress=False)
    same = load_storybook("val", storybook)
    assert np.array_equal(data.images, same.images[:20])
    assert data.captions == same.captions[:20]
    assert (data.name, data.scenes) == ("coco/val", None)
    parts = {part: load_pictures(part, f"storybook:{storybook}", limit=4) for part in PARTS}
    folder = write_as_flickr8k(parts, tmp_path / "flickr")
    again = load_pictures("test", f"flickr8k:{folder}", progress=False)
    assert again.captions == parts["test"].captions
    assert np.abs(again.images.astype(int) - parts["test"].images).mean() < 4


@pytest.mark.parametrize("limit", [0, -1, "5", 2.5, 2.0, True, False, np.int64(0)])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    message = f"limit must be a whole number of at least 1, or None for all, got {limit!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        load_pictures("val", limit=limit)


def test_the_other_flickr_is_refused(tmp_path: Path, home: Path) -> None:
    data = CaptionedPictures("x", np.zeros((2, 9, 9, 3), np.uint8), (("a",), ("b",)), (1, 2))
    for write, name, other in (
        (write_as_flickr8k, "flickr8k", "flickr30k"),
        (write_as_flickr30k, "flickr30k", "flickr8k"),
    ):
        folder = write(dict.fromkeys(("train",), data), tmp_path / name)
        with pytest.raises(ValueError, match=f"write {name}:{folder}$"):
            load_pictures("train", f"{other}:{folder}", progress=False)


def test_a_split_that_is_none_is_named(home: Path, tmp_path: Path) -> None:
    image = np.zeros((2, 9, 9, 3), np.uint8)
    data = CaptionedPictures("x", image, (("a",), ("b",)), (1, 2))
    folder = write_as_coco({"val2017": data}, tmp_path / "coco")
    with pytest.raises(ValueError, match="COCO has the parts train, val, test; got 'dev'"):
        load_pictures("dev", f"coco:{folder}")
    with pytest.raises(ValueError, match="must be one of .*, got 'dev'"):
        load_pictures("dev", "storybook")


def test_the_variable_chooses(home: Path, tmp_path: Path, monkeypatch) -> None:
    image = np.full((4, 9, 9, 3), 77, np.uint8)
    data = CaptionedPictures("x", image, (("a",),) * 4, (1, 2, 3, 4))
    folder = write_as_coco({"train2017": data, "val2017": data}, tmp_path / "coco")
    monkeypatch.setenv("CMLEARN_DATA", f"coco:{folder}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = load_pictures("train", size=6, limit=3, progress=False)
    assert found.image_ids == (1, 2, 3)
    assert found.images.shape == (3, 6, 6, 3)
    assert [path.parent for path in (home / "downloads").rglob("*.npy")] == [
        home / "downloads" / "pictures"
    ]


@pytest.mark.filterwarnings("ignore:.*are left out")
@pytest.mark.parametrize(
    ("name", "counts"),
    [("coco", (12, 26, 34)), ("flickr8k", (16, 8, 8)), ("flickr30k", (0, 13, 11))],
)
def test_real_photographs(real: Path, home: Path, name: str, counts: tuple[int, ...]) -> None:
    for part, count in zip(PARTS, counts):
        if not count:
            continue
        data = load_pictures(part, f"{name}:{real / name}", progress=False)
        assert data.images.shape == (count, 64, 64, 3)
        assert data.images.reshape(count, -1).std(axis=1).min() > 15  # something is to be seen
        assert min(map(len, data.captions)) >= 5
        assert [*data.image_ids] == sorted(data.image_ids)
