"""Which of COCO's pictures are for what: never the same one twice."""

import json
import shutil
import warnings
from pathlib import Path

import pytest

from cmlearn.data.photos import coco
from cmlearn.data.photos.caption_file import CaptionFileError
from cmlearn.data.photos.coco import PARTS, read_coco_part


def write(folder: Path, split: str, ids: range, on_disk: range | None = None) -> Path:
    """A split in COCO's layout, of empty files."""
    content = {
        "images": [{"id": i, "file_name": f"{i:012d}.jpg"} for i in ids],
        "annotations": [{"id": i, "image_id": i, "caption": f"picture {i}"} for i in ids],
    }
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / split).mkdir(exist_ok=True)
    (folder / "annotations" / f"captions_{split}.json").write_text(json.dumps(content))
    for i in ids if on_disk is None else on_disk:
        (folder / split / f"{i:012d}.jpg").touch()
    return folder


def ids_of(folder: Path) -> dict[str, list[int]]:
    return {part: [item.image_id for item in read_coco_part(folder, part)] for part in PARTS}


@pytest.mark.parametrize("year", ["2017", "2014"])
def test_train_is_train_and_val_is_halved(tmp_path: Path, year: str) -> None:
    write(tmp_path, f"train{year}", range(1, 21))
    write(tmp_path, f"val{year}", range(100, 140))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = ids_of(tmp_path)
    assert parts["train"] == [*range(1, 21)]
    assert len(parts["val"]) == len(parts["test"]) == 20
    assert sorted(parts["val"] + parts["test"]) == [*range(100, 140)]
    assert parts == ids_of(tmp_path)
    assert parts["val"] != [*range(100, 120)]  # not the first half, but any


def into_images(folder: Path, *splits: str) -> None:
    (folder / "images").mkdir()
    for split in splits:
        (folder / split).rename(folder / "images" / split)


def test_pictures_may_lie_in_images(tmp_path: Path) -> None:
    write(tmp_path, "train2017", range(1, 21))
    write(tmp_path, "val2017", range(100, 140))
    parts = ids_of(tmp_path)
    into_images(tmp_path, "train2017", "val2017")
    assert ids_of(tmp_path) == parts
    for part in PARTS:
        assert all(item.path.is_file() for item in read_coco_part(tmp_path, part))


@pytest.mark.parametrize("split", ["val2017", "train2017"])
def test_one_of_them_alone_is_split_with_a_warning(tmp_path: Path, split: str) -> None:
    write(tmp_path, "val2017", range(0))
    write(tmp_path, "train2017", range(0))
    write(tmp_path, split, range(100))
    with pytest.warns(UserWarning, match=f"has only pictures of {split}: 80, 10 and 10 %"):
        parts = ids_of(tmp_path)
    assert [len(parts[part]) for part in PARTS] == [80, 10, 10]
    assert sorted(sum(parts.values(), [])) == [*range(100)]


def test_a_missing_picture_moves_no_other(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole", "val2017", range(100))
    part = write(tmp_path / "part", "val2017", range(100), on_disk=range(0, 100, 3))
    with pytest.warns(UserWarning):
        wholly, partly = ids_of(whole), ids_of(part)
    assert partly == {name: [i for i in ids if i % 3 == 0] for name, ids in wholly.items()}


def test_splits_of_that_name_come_first(tmp_path: Path) -> None:
    write(tmp_path, "val2017", range(100))
    for number, split in enumerate(("train", "val", "test", "novel")):
        write(tmp_path, split, range(1000 * number, 1000 * number + 3))
    assert ids_of(tmp_path) == {
        "train": [0, 1, 2],
        "val": [1000, 1001, 1002],
        "test": [2000, 2001, 2002],
    }
    assert len(read_coco_part(tmp_path, "novel")) == 3


def karpathy(coco_id: int, split: str) -> dict[str, object]:
    return {
        "filename": f"COCO_val2014_{coco_id:012d}.jpg",
        "filepath": "val2014",
        "cocoid": coco_id,
        "split": split,
        "sentences": [{"raw": f"said of {coco_id}"}],
    }


@pytest.mark.parametrize("year", ["2014", "2017"])
def test_karpathy_has_the_say_under_both_names(tmp_path: Path, year: str) -> None:
    splits = dict(zip(range(1, 9), ["train", "restval", "test", "val"] * 2))
    (tmp_path / "annotations").mkdir()
    content = {"images": [karpathy(i, split) for i, split in splits.items()]}
    (tmp_path / "annotations" / "dataset_coco.json").write_text(json.dumps(content))
    for i in splits:
        folder = tmp_path / f"{'train' if i % 2 else 'val'}{year}"
        folder.mkdir(exist_ok=True)
        name = f"COCO_val2014_{i:012d}.jpg" if year == "2014" else f"{i:012d}.jpg"
        (folder / name).touch()
    assert ids_of(tmp_path) == {"train": [1, 2, 5, 6], "val": [4, 8], "test": [3, 7]}
    into_images(tmp_path, f"train{year}", f"val{year}")
    assert ids_of(tmp_path) == {"train": [1, 2, 5, 6], "val": [4, 8], "test": [3, 7]}
    item = read_coco_part(tmp_path, "val")[0]
    assert item.path.is_file()
    assert item.captions == ("said of 4",)


def test_karpathy_of_another_data_set_is_refused(tmp_path: Path) -> None:
    entry = karpathy(1, "train")
    del entry["cocoid"]
    (tmp_path / "dataset_coco.json").write_text(json.dumps({"images": [entry]}))
    with pytest.raises(CaptionFileError, match="has no cocoid"):
        read_coco_part(tmp_path, "train")


def test_nothing_there_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"captions_val2017\.json .*cmlearn download coco"):
        read_coco_part(tmp_path, "train")
    with pytest.raises(ValueError, match="parts train, val, test; got 'novel'"):
        read_coco_part(tmp_path, "novel")


def only(folder: Path, kept: str) -> Path:
    """COCO's val2017, and one half of it alone."""
    write(folder, "val2017", range(60))
    shutil.rmtree(folder / {"val2017": "annotations", "annotations": "val2017"}[kept])
    return folder


def said_of(folder: Path) -> str:
    """What the message ends with."""
    with pytest.raises(FileNotFoundError, match=f"^no COCO in {folder}: looked for ") as caught:
        read_coco_part(folder, "train")
    return str(caught.value).partition("cmlearn download coco`. ")[2]


def test_what_was_found_instead_is_said(tmp_path: Path) -> None:
    pictures = only(tmp_path / "pictures" / "alone", "val2017")
    captions = only(tmp_path / "captions" / "alone", "annotations")
    no_captions = "with 60 pictures, but no annotations/captions_val2017.json"
    assert said_of(pictures) == f"Found val2017/ {no_captions}"
    assert said_of(captions) == (
        "Found annotations/captions_val2017.json, but no pictures in val2017/ or images/val2017/"
    )
    into_images(pictures, "val2017")
    assert said_of(pictures) == f"Found images/val2017/ {no_captions}"
    (tmp_path / "empty" / "alone").mkdir(parents=True)
    assert said_of(tmp_path / "empty" / "alone") == "Found nothing"
    for name in "abcdefgh":
        (tmp_path / "empty" / "alone" / name).mkdir()
    assert said_of(tmp_path / "empty" / "alone") == "Found a/, b/, c/, d/, e/, 3 more"
    assert said_of(tmp_path / "absent" / "alone") == "The folder does not exist"


def test_a_folder_too_high_or_too_low_is_shown_the_right_one(tmp_path: Path) -> None:
    coco = write(tmp_path / "nested" / "coco", "val2017", range(3))
    (tmp_path / "nested" / "file").touch()
    for near in (tmp_path / "nested", coco / "val2017", coco / "annotations"):
        assert said_of(near) == f"Did you mean {coco}?"
    into_images(coco, "val2017")
    for near in (tmp_path / "nested", coco / "images", coco / "images" / "val2017"):
        assert said_of(near) == f"Did you mean {coco}?"


def test_a_neighbour_that_nobody_may_read_is_passed_over(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "outer" / "alone" / "locked").mkdir(parents=True)

    def refuse(folder: Path, split: str) -> bool:
        raise PermissionError(13, "Permission denied", str(folder))

    with monkeypatch.context() as patch:
        there = coco._is_there
        alone = tmp_path / "outer" / "alone"
        patch.setattr(coco, "_is_there", lambda f, s: (there if f == alone else refuse)(f, s))
        assert said_of(alone) == "Found locked/"


@pytest.mark.filterwarnings("ignore:.*are left out")
def test_real_coco(real: Path) -> None:
    parts = ids_of(real / "coco")
    assert len(parts["train"]) == 12
    assert len(parts["val"]) + len(parts["test"]) == 60
    assert not set(parts["val"]) & set(parts["test"])
    assert 431848 in parts["val"] + parts["test"]
