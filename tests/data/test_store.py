"""Tests of cmlearn.data.store."""

import json
import os
import resource
import time
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cmlearn.data import store as module
from cmlearn.data.captioned import CaptionedImage, CaptionedPictures
from cmlearn.data.images import ImageError
from cmlearn.data.photos.coco import read_coco
from cmlearn.data.store import (
    StoreError,
    build_store,
    fingerprint,
    load_square_pictures,
    open_store,
)


def pictures(count: int, size: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def test_round_trip(tmp_path: Path) -> None:
    images = pictures(5)
    store = build_store(iter(images), tmp_path / "deep" / "a.npy", 8, 5, progress=False)
    assert isinstance(store, np.memmap)
    assert np.array_equal(store, images)
    assert np.array_equal(open_store(tmp_path / "deep" / "a.npy"), images)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.npy"]
    with pytest.raises(ValueError, match="read-only"):
        store[0] = 0


def test_count_is_needed_only_where_there_is_no_length(tmp_path: Path) -> None:
    assert len(build_store(pictures(3), tmp_path / "a.npy", 8, progress=False)) == 3
    with pytest.raises(ValueError, match="count is needed"):
        build_store(iter(pictures(3)), tmp_path / "b.npy", 8, progress=False)


def test_files_are_cropped_and_made_smaller(tmp_path: Path) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (255, 100, 0)  # what the middle square keeps
    Image.fromarray(wide).save(tmp_path / "wide.png")
    store = build_store([tmp_path / "wide.png"], tmp_path / "a.npy", 4, 1, progress=False)
    assert store.shape == (1, 4, 4, 3)
    assert np.unique(store.reshape(-1, 3), axis=0).tolist() == [[255, 100, 0]]


def test_progress_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_store(pictures(3), tmp_path / "drawn.npy", 8, 3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "drawn" in err
    assert "3/3" in err


@pytest.mark.parametrize(
    ("count", "message"), [(2, "more pictures than count=2"), (4, "are 3 pic")]
)
def test_wrong_count_leaves_nothing(tmp_path: Path, count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_store(pictures(3), tmp_path / "a.npy", 8, count, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_bad_picture_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no picture")
    with pytest.raises(ImageError, match=r"bad\.png"):
        build_store([tmp_path / "bad.png"], tmp_path / "out" / "a.npy", 8, 1, progress=False)
    with pytest.raises(FileNotFoundError, match=r"absent\.png"):
        build_store([tmp_path / "absent.png"], tmp_path / "out" / "a.npy", 8, 1, progress=False)
    with pytest.raises(ValueError, match="uint8"):
        build_store([np.zeros((8, 8, 3))], tmp_path / "out" / "a.npy", 8, 1, progress=False)
    assert list((tmp_path / "out").iterdir()) == []


def test_bad_pictures_may_be_left_out_and_the_rest_keeps_its_order(tmp_path: Path) -> None:
    images = pictures(12)
    paths: list[Path | np.ndarray] = []
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
        paths.append(tmp_path / f"{number}.png")
    (tmp_path / "0.png").write_text("no picture")
    (tmp_path / "5.png").write_bytes((tmp_path / "5.png").read_bytes()[:-30])
    (tmp_path / "11.png").unlink()
    left_out: dict[int, str] = {}
    store = build_store(paths, tmp_path / "a.npy", 8, progress=False, left_out=left_out)
    assert [*left_out] == [0, 5, 11]
    assert all(f"{number}.png" in why for number, why in left_out.items())
    assert np.array_equal(store, np.delete(images, [0, 5, 11], axis=0))
    assert np.array_equal(open_store(tmp_path / "a.npy"), store)
    left_out.clear()
    assert len(build_store(images, tmp_path / "b.npy", 8, progress=False, left_out=left_out)) == 12
    assert left_out == {}


@pytest.mark.parametrize("count", [9, 99, 1000, 123_456])
def test_a_shorter_count_takes_no_less_room_in_the_header(tmp_path: Path, count: int) -> None:
    from cmlearn.data.store import _write_header

    with (tmp_path / "a.npy").open("wb") as file:
        _write_header(file, (count, 8, 8, 3))
        long = file.tell()
        _write_header(file, (1, 8, 8, 3))
        assert file.tell() == long


def test_interruption_keeps_the_old_store(tmp_path: Path) -> None:
    old = pictures(2)
    build_store(old, tmp_path / "a.npy", 8, 2, progress=False)

    def interrupted() -> Iterator[np.ndarray]:
        yield old[1]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_store(interrupted(), tmp_path / "a.npy", 8, 2, progress=False)
    assert np.array_equal(open_store(tmp_path / "a.npy"), old)
    assert len(list(tmp_path.iterdir())) == 1


def test_full_disk_names_the_store_and_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # a real failing write
    try:
        with pytest.raises(OSError, match=r"cannot write the store of pictures.*a\.npy"):
            build_store(pictures(50, 64), tmp_path / "a.npy", 64, 50, progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot write the store of pictures.*a\.npy"):
        build_store(pictures(1), tmp_path / "file" / "a.npy", 8, 1, progress=False)


def test_memory_stays_flat(tmp_path: Path) -> None:
    images = (np.full((64, 64, 3), number % 256, np.uint8) for number in range(2000))
    tracemalloc.start()
    store = build_store(images, tmp_path / "a.npy", 64, 2000, progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert store.nbytes > 24_000_000
    assert peak < 2_000_000
    assert store[1999, 0, 0, 0] == 1999 % 256


def test_cut_off_foreign_and_missing(tmp_path: Path) -> None:
    build_store(pictures(3), tmp_path / "a.npy", 8, 3, progress=False)
    whole = (tmp_path / "a.npy").read_bytes()
    for length in (0, 4, 60, len(whole) - 1):
        (tmp_path / "cut.npy").write_bytes(whole[:length])
        with pytest.raises(StoreError, match=r"cut\.npy is truncated or not a \.npy file"):
            open_store(tmp_path / "cut.npy")
    np.save(tmp_path / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match=r"object\.npy"):
        open_store(tmp_path / "object.npy")
    np.savez(tmp_path / "archive.npz", a=pictures(1))
    with pytest.raises(StoreError, match="is an archive"):
        open_store(tmp_path / "archive.npz")
    np.save(tmp_path / "float.npy", np.zeros((2, 8, 8, 3)))
    with pytest.raises(StoreError, match=r"holds float64 \(2, 8, 8, 3\)"):
        open_store(tmp_path / "float.npy")
    with pytest.raises(FileNotFoundError, match=r"no store of pictures at .*absent\.npy"):
        open_store(tmp_path / "absent.npy")


# ── the pictures of files ─────────────────────────────────────────────────────────────────────


def photographs(folder: Path, count: int) -> list[CaptionedImage]:
    """Pictures of one colour, whose red is their number."""
    folder.mkdir(exist_ok=True)
    for i in range(count):
        Image.new("RGB", (12, 10), (i, 0, 0)).save(folder / f"{i}.png")
    return [CaptionedImage(10 + i, folder / f"{i}.png", (f"picture {i}",)) for i in range(count)]


def load(items: list[CaptionedImage], folder: Path, size: int = 8) -> CaptionedPictures:
    return load_square_pictures(items, "ours/train", size, folder=folder, progress=False)


def test_rows_belong_together(tmp_path: Path) -> None:
    data = load(photographs(tmp_path / "in", 5), tmp_path / "out")
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
    load(items, tmp_path / "out")
    opened = []
    load_image = module.load_image
    monkeypatch.setattr(module, "load_image", lambda path: opened.append(path) or load_image(path))
    assert len(load(items, tmp_path / "out")) == 4
    assert opened == []
    assert len(load(items[:3], tmp_path / "out")) == 3  # other pictures
    assert len(load(items, tmp_path / "out", size=4)) == 4  # another size
    assert len(opened) == 7
    Image.new("RGB", (12, 10), (99, 0, 0)).save(items[2].path)
    os.utime(items[2].path, ns=(1, 1))
    assert load(items, tmp_path / "out").images[2, 0, 0, 0] == 99


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
            data = load(items, tmp_path / "out")
        assert len(seen) == 1
        assert "and 2 more. After repairing them, delete" in str(seen[0].message)
        assert data.images[:, 0, 0, 0].tolist() == kept_ids
        assert data.image_ids == tuple(10 + i for i in kept_ids)
        assert data.captions == tuple((f"picture {i}",) for i in kept_ids)


def test_mostly_damaged_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    items = photographs(tmp_path / "in", 4)
    for item in items[:3]:
        item.path.write_bytes(b"")
    with pytest.raises(ImageError, match=r"3 of 4 pictures cannot be read, such as: .*0\.png"):
        load(items, tmp_path / "out")
    assert [*(tmp_path / "out").iterdir()] == []


@pytest.mark.parametrize("harm", ["cut", "foreign", "no rows", "rows cut", "rows foreign", "row 9"])
def test_what_is_not_whole_is_made_anew(tmp_path: Path, harm: str) -> None:
    items = photographs(tmp_path / "in", 3)
    load(items, tmp_path / "out")
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
        data = load(items, tmp_path / "out")
    assert data.images[:, 0, 0, 0].tolist() == [0, 1, 2]


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name, age in (("old.npy.7.partial", 4000), ("young.npy.8.partial", 10)):
        (tmp_path / "out" / name).touch()
        os.utime(tmp_path / "out" / name, (time.time() - age,) * 2)
    load(photographs(tmp_path / "in", 1), tmp_path / "out")
    partial = [path.name for path in (tmp_path / "out").glob("*.partial")]
    assert partial == ["young.npy.8.partial"]


def test_nothing_to_load(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ours/train: needs pictures and a size .*, got 0 and 8"):
        load([], tmp_path)
    with pytest.raises(ValueError, match="got 1 and 0"):
        load(photographs(tmp_path / "in", 1), tmp_path, size=0)


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


def test_memory_stays_flat_however_many_files(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "load_image", lambda path: np.zeros((16, 12, 3), np.uint8))
    peaks = {}
    for count in (500, 4000):
        items = read_coco(many(tmp_path / str(count), count), "train2017")
        tracemalloc.start()
        data = load(items, tmp_path / "out", size=64)
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert data.images.nbytes == count * 64 * 64 * 3
    growth = (peaks[4000] - peaks[500]) / 3500  # bytes for one more picture
    assert growth < 64 * 64 * 3 / 50
    assert growth * 118_287 < 30_000_000  # of 1.5 GB that train2017 has at this size


def test_another_version_builds_anew(tmp_path: Path, monkeypatch) -> None:
    items = photographs(tmp_path / "in", 1)
    before = fingerprint(items)
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    assert fingerprint(items) != before
