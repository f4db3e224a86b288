"""The memory-mapped store: whole or not at all."""

import resource
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cmlearn.data.images import ImageError
from cmlearn.data.store import StoreError, build_store, open_store


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
        with pytest.raises(StoreError, match=r"cut\.npy is cut off or no \.npy file"):
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
