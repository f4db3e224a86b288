"""Tests of cmlearn.data.photos.writers."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.photos.karpathy import read_karpathy
from cmlearn.data.photos.writers import (
    write_as_coco,
    write_as_flickr8k,
    write_as_flickr30k,
    write_as_kaggle,
    write_karpathy_file,
)
from cmlearn.data.source import load_pictures

FIRST = {"train": 1, "val": 101, "test": 201, "train2017": 1, "val2017": 101}
COUNT = 6


def pictures(part: str) -> CaptionedPictures:
    """Each of one colour of its own, so that a mixed-up row shows."""
    ids = tuple(range(FIRST[part], FIRST[part] + COUNT))
    colours = np.array([[i, 255 - i, 7] for i in ids], np.uint8)
    return CaptionedPictures(
        name=part,
        images=np.broadcast_to(colours[:, None, None], (COUNT, 24, 32, 3)),
        captions=tuple((f'picture {i}, "red"', "another") for i in ids),
        image_ids=ids,
    )


def parts(*names: str) -> dict[str, CaptionedPictures]:
    return {name: pictures(name) for name in names}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("name", "write"), [("flickr8k", write_as_flickr8k), ("flickr30k", write_as_flickr30k)]
)
def test_flickr_comes_back(tmp_path: Path, name: str, write) -> None:
    folder = write(parts("train", "val", "test"), tmp_path / "data")
    for part in ("train", "val", "test"):
        data = load_pictures(part, f"{name}:{folder}", size=8, progress=False)
        assert_same(data, pictures(part), range(COUNT))


def test_coco_comes_back(tmp_path: Path) -> None:
    folder = write_as_coco(parts("train2017", "val2017"), tmp_path / "data")
    train, val, test = (
        load_pictures(part, f"coco:{folder}", size=8, progress=False)
        for part in ("train", "val", "test")
    )
    assert_same(train, pictures("train2017"), range(COUNT))
    assert sorted(val.image_ids + test.image_ids) == [*pictures("val2017").image_ids]
    for data in (val, test):
        assert len(data) == COUNT // 2
        assert_same(data, pictures("val2017"), [i - FIRST["val2017"] for i in data.image_ids])


def assert_same(data: CaptionedPictures, expected: CaptionedPictures, rows) -> None:
    rows = [*rows]
    assert data.image_ids == tuple(expected.image_ids[row] for row in rows)
    assert data.captions == tuple(expected.captions[row] for row in rows)
    difference = np.abs(data.images.astype(int) - expected.images[rows][:, :8, :8])
    assert difference.max() <= 3  # of JPEG


def test_the_folders_are_those_of_the_real_data_sets(tmp_path: Path) -> None:
    write_as_flickr8k(parts("train", "val", "test"), tmp_path / "8k")
    assert sorted(path.name for path in (tmp_path / "8k").iterdir()) == [
        "Flickr8k.token.txt",
        "Flickr_8k.devImages.txt",
        "Flickr_8k.testImages.txt",
        "Flickr_8k.trainImages.txt",
        "Images",
    ]
    write_as_flickr30k(parts("train"), tmp_path / "30k")
    assert sorted(path.name for path in (tmp_path / "30k").iterdir()) == [
        "flickr30k-images",
        "results_20130124.token.gz",
        "train.txt",
    ]
    write_as_coco(parts("val2017"), tmp_path / "coco")
    picture = Image.open(tmp_path / "coco" / "val2017" / "000000000101.jpg")
    assert (picture.format, picture.size) == ("JPEG", (32, 24))


def test_a_second_time_the_bytes_are_the_same(tmp_path: Path) -> None:
    for write in (write_as_coco, write_as_flickr8k, write_as_flickr30k):
        one, two = (write(parts("train"), tmp_path / write.__name__ / x) for x in "ab")
        files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
        assert len(files) > COUNT
        assert all((one / file).read_bytes() == (two / file).read_bytes() for file in files)


def test_kaggle_comes_back_and_a_naive_reader_cuts(tmp_path: Path) -> None:
    folder = write_as_kaggle(parts("train", "test"), tmp_path / "data")
    lines = (folder / "captions.txt").read_text("utf-8").splitlines()
    assert lines[0] == "image,caption"
    assert lines[1].endswith(',"picture 1, ""red"""')
    with pytest.warns(UserWarning, match="no list of its parts"):
        found = [
            load_pictures(p, f"flickr8k:{folder}", 8, progress=False) for p in ("train", "val")
        ]
    assert len(found[0]) == 10
    assert found[0].captions[0] == ('picture 1, "red"', "another")


def test_karpathys_file_says_the_parts(tmp_path: Path) -> None:
    written = parts("train", "val", "test")
    folder = write_as_kaggle(written, tmp_path / "data")
    file = write_karpathy_file(written, folder / "dataset_flickr8k.json")
    first = read_karpathy(file)[0]
    assert (first.part, first.captions) == ("train", ('picture 1, "red"', "another"))
    for part in written:
        data = load_pictures(part, f"flickr8k:{folder}", size=8, progress=False)
        assert_same(data, pictures(part), range(COUNT))
