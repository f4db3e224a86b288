"""Pictures kept as a store: made once, aligned with their captions, small in memory."""

import json
import os
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cmlearn.data import kept, store
from cmlearn.data.captioned import CaptionedImage
from cmlearn.data.images import ImageError
from cmlearn.data.kept import fingerprint, keep_pictures
from cmlearn.data.photos.coco import read_coco


def photographs(folder: Path, count: int) -> list[CaptionedImage]:
    """Pictures of one colour, whose red is their number."""
    folder.mkdir(exist_ok=True)
    for i in range(count):
        Image.new("RGB", (12, 10), (i, 0, 0)).save(folder / f"{i}.png")
    return [CaptionedImage(10 + i, folder / f"{i}.png", (f"picture {i}",)) for i in range(count)]


def keep(items: list[CaptionedImage], folder: Path, size: int = 8):
    return keep_pictures(items, "ours/train", size, folder=folder, progress=False)


def test_rows_belong_together(tmp_path: Path) -> None:
    data = keep(photographs(tmp_path / "in", 5), tmp_path / "out")
    assert isinstance(data.images, np.memmap)
    assert data.images.shape == (5, 8, 8, 3)
    assert data.images[:, 4, 4, 0].tolist() == [0, 1, 2, 3, 4]
    assert data.image_ids == (10, 11, 12, 13, 14)
    assert data.captions[3] == ("picture 3",)
    assert (data.name, data.scenes) == ("ours/train", None)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 2
    assert all(name.startswith("ours-train-8-") for name in names)


def test_made_once_and_anew_when_a_picture_changes(tmp_path: Path, monkeypatch) -> None:
    items = photographs(tmp_path / "in", 4)
    keep(items, tmp_path / "out")
    opened = []
    load_image = store.load_image
    monkeypatch.setattr(store, "load_image", lambda path: opened.append(path) or load_image(path))
    assert len(keep(items, tmp_path / "out")) == 4
    assert opened == []
    assert len(keep(items[:3], tmp_path / "out")) == 3  # other pictures
    assert len(keep(items, tmp_path / "out", size=4)) == 4  # another size
    assert len(opened) == 7
    Image.new("RGB", (12, 10), (99, 0, 0)).save(items[2].path)
    os.utime(items[2].path, ns=(1, 1))
    assert keep(items, tmp_path / "out").images[2, 0, 0, 0] == 99


def test_a_folder_that_was_moved_keeps_its_store(tmp_path: Path) -> None:
    items = photographs(tmp_path / "in", 3)
    before = fingerprint(items)
    (tmp_path / "in").rename(tmp_path / "moved")
    moved = [
        CaptionedImage(item.image_id, tmp_path / "moved" / item.path.name, ()) for item in items
    ]
    assert fingerprint(moved) == before
    assert fingerprint(moved[::-1]) != before
    assert fingerprint(items) != before  # gone


def test_damaged_pictures_are_left_out_with_their_captions(tmp_path: Path) -> None:
    items = photographs(tmp_path / "in", 12)
    for i in (0, 4, 5, 11):
        items[i].path.write_bytes(items[i].path.read_bytes()[:40])
    items[7].path.unlink()
    kept_ids = [1, 2, 3, 6, 8, 9, 10]
    for _ in range(2):  # built, then opened
        with pytest.warns(UserWarning, match=r"5 of 12 pictures .*0\.png.*4\.png.*5\.png") as seen:
            data = keep(items, tmp_path / "out")
        assert len(seen) == 1
        assert "and 2 more. Once they are mended, delete" in str(seen[0].message)
        assert data.images[:, 0, 0, 0].tolist() == kept_ids
        assert data.image_ids == tuple(10 + i for i in kept_ids)
        assert data.captions == tuple((f"picture {i}",) for i in kept_ids)


def test_mostly_damaged_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    items = photographs(tmp_path / "in", 4)
    for item in items[:3]:
        item.path.write_bytes(b"")
    with pytest.raises(ImageError, match=r"3 of 4 pictures cannot be read, such as: .*0\.png"):
        keep(items, tmp_path / "out")
    assert [*(tmp_path / "out").iterdir()] == []


@pytest.mark.parametrize("harm", ["cut", "foreign", "no rows", "rows cut", "rows foreign", "row 9"])
def test_what_is_not_whole_is_made_anew(tmp_path: Path, harm: str) -> None:
    items = photographs(tmp_path / "in", 3)
    keep(items, tmp_path / "out")
    pixels, rows = sorted((tmp_path / "out").iterdir(), key=lambda path: path.suffix != ".npy")
    if harm == "cut":
        pixels.write_bytes(pixels.read_bytes()[:-5])
    elif harm == "foreign":
        np.save(pixels, np.zeros((2, 8, 8, 3), np.uint8))
    elif harm == "no rows":
        rows.unlink()
    else:
        rows.write_text({"rows cut": '{"1": ', "rows foreign": "[1]", "row 9": '{"9": "x"}'}[harm])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = keep(items, tmp_path / "out")
    assert data.images[:, 0, 0, 0].tolist() == [0, 1, 2]


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name, age in (("old.npy.7.partial", 4000), ("young.npy.8.partial", 10)):
        (tmp_path / "out" / name).touch()
        os.utime(tmp_path / "out" / name, (time.time() - age,) * 2)
    keep(photographs(tmp_path / "in", 1), tmp_path / "out")
    partial = [path.name for path in (tmp_path / "out").glob("*.partial")]
    assert partial == ["young.npy.8.partial"]


def test_nothing_to_keep(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ours/train: needs pictures and a size ≥ 1, got 0 and 8"):
        keep([], tmp_path)
    with pytest.raises(ValueError, match="got 1 and 0"):
        keep(photographs(tmp_path / "in", 1), tmp_path, size=0)


def many(folder: Path, count: int) -> Path:
    """COCO's train2017 with `count` pictures, all of them one small JPEG under many names."""
    ids = range(1, count + 1)
    content = {
        "images": [{"id": i, "file_name": f"{i:012d}.jpg"} for i in ids],
        "annotations": [
            {"id": 5 * i + j, "image_id": i, "caption": f"a caption of usual length, {i} {j}"}
            for i in ids
            for j in range(5)
        ],
    }
    (folder / "annotations").mkdir(parents=True)
    (folder / "train2017").mkdir()
    (folder / "annotations" / "captions_train2017.json").write_text(json.dumps(content))
    Image.new("RGB", (16, 12), "red").save(folder / "one.jpg")
    for i in ids:
        os.link(folder / "one.jpg", folder / "train2017" / f"{i:012d}.jpg")
    return folder


def test_memory_stays_flat_however_many_pictures(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(store, "load_image", lambda path: np.zeros((16, 12, 3), np.uint8))
    peaks = {}
    for count in (500, 4000):
        items = read_coco(many(tmp_path / str(count), count), "train2017")
        tracemalloc.start()
        data = keep(items, tmp_path / "out", size=64)
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert data.images.nbytes == count * 64 * 64 * 3
    growth = (peaks[4000] - peaks[500]) / 3500  # bytes for one more picture
    assert growth < 64 * 64 * 3 / 50
    assert growth * 118_287 < 30_000_000  # of 1.5 GB that train2017 has at this size


def test_another_version_builds_anew(tmp_path: Path, monkeypatch) -> None:
    items = photographs(tmp_path / "in", 1)
    before = fingerprint(items)
    monkeypatch.setattr(kept, "VERSION", kept.VERSION + 1)
    assert fingerprint(items) != before
