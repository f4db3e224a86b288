"""Tests of cmlearn.data.photos.coco."""

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

from cmlearn.data.photos import coco
from cmlearn.data.photos.coco import (
    PARTS,
    CaptionFileError,
    picture_folder,
    read_coco,
    read_coco_part,
)

CONTENT: dict[str, Any] = {
    "images": [
        {"id": 9, "file_name": "nine.png"},
        {"id": 4, "file_name": "four.png"},
    ],
    "annotations": [
        {"id": 1, "image_id": 4, "caption": " a dog \n"},
        {"id": 2, "image_id": 9, "caption": "a  cat\non a mat"},
        {"id": 3, "image_id": 4, "caption": "another"},
        {"id": 4, "image_id": 4, "caption": "  "},
    ],
}


def write(folder: Path, content: Any, names: tuple[str, ...] = ("nine.png", "four.png")) -> Path:
    (folder / "annotations").mkdir()
    (folder / "train").mkdir()
    for name in names:
        (folder / "train" / name).touch()
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "annotations" / "captions_train.json").write_text(text)
    return folder


def test_sorted_by_id_with_stripped_captions(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        four, nine = read_coco(write(tmp_path, CONTENT), "train")
    assert (four.image_id, nine.image_id) == (4, 9)
    assert four.captions == ("a dog", "another")
    assert nine.captions == ("a cat on a mat",)
    assert nine.path == tmp_path / "train" / "nine.png"


def test_pictures_may_lie_in_images(tmp_path: Path) -> None:
    folder = write(tmp_path, CONTENT)
    (folder / "images").mkdir()
    (folder / "train").rename(folder / "images" / "train")
    assert [item.path.parent for item in read_coco(folder, "train")] == [
        folder / "images" / "train"
    ] * 2
    (folder / "train").mkdir()  # an empty one hides nothing
    assert picture_folder(folder, "train") == folder / "images" / "train"
    (folder / "train" / "four.png").touch()
    assert picture_folder(folder, "train") == folder / "train"
    assert picture_folder(folder, "val") == folder / "val"


def test_absent_and_silent_pictures_are_counted_in_one_warning(tmp_path: Path) -> None:
    images = [*CONTENT["images"], {"id": 1, "file_name": "silent.png"}]
    folder = write(tmp_path, CONTENT | {"images": images}, ("four.png", "silent.png"))
    with pytest.warns(UserWarning, match="of 3 pictures, 1 are not in .* 1 have no") as caught:
        assert [item.image_id for item in read_coco(folder, "train")] == [4]
    assert len(caught) == 1


def test_missing_file_and_missing_pictures(tmp_path: Path) -> None:
    folder = write(tmp_path, CONTENT, ())
    with pytest.raises(FileNotFoundError, match=r"no file of captions .*captions_val2017\.json"):
        read_coco(folder, "val2017")
    with pytest.raises(FileNotFoundError, match="lists 2 pictures and none is in .*train"):
        read_coco(folder, "train")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (json.dumps(CONTENT)[:-20], "is not complete JSON"),
        ("", "is not complete JSON"),
        ("[1, 2]", 'has no list "images"'),
        ({"images": []}, 'has no list "annotations"'),
        (CONTENT | {"images": [{"id": 4}]}, r'images\[0\] needs "file_name" as str, got None'),
        (CONTENT | {"images": ["four.png"]}, r'images\[0\] needs "id" as int'),
        (CONTENT | {"images": [{"id": "4", "file_name": "four.png"}]}, "as int, got '4'"),
        (CONTENT | {"images": CONTENT["images"][:1] * 2}, "has the id 9 of an earlier picture"),
        (
            CONTENT | {"images": [*CONTENT["images"], {"id": 5, "file_name": "nine.png"}]},
            r"images\[2\] lists 'nine\.png' under the id 5, after the id 9: list each picture once",
        ),
        (
            CONTENT | {"images": [{"id": 4, "file_name": "../x.png"}]},
            "must name a file, not a path",
        ),
        (CONTENT | {"images": CONTENT["images"][:1]}, r"annotations\[0\] is about picture 4"),
        (CONTENT | {"annotations": [{"image_id": 4}]}, r'annotations\[0\] needs "caption" as str'),
        (CONTENT | {"annotations": [{"caption": "a dog"}]}, 'needs "image_id" as int'),
    ],
)
def test_malformed(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(CaptionFileError, match=message) as caught:
        read_coco(write(tmp_path, content), "train")
    assert "captions_train.json" in str(caught.value)


def test_real_coco(real: Path) -> None:
    with pytest.warns(UserWarning, match="of 5000 pictures, 4940 are not in .*val2017 and 0 have"):
        items = read_coco(real / "coco", "val2017")
    assert len(items) == 60
    assert [item.image_id for item in items] == sorted(item.image_id for item in items)
    assert {len(item.captions) for item in items} <= {5, 6, 7}
    assert all(item.path.name == f"{item.image_id:012}.jpg" for item in items)
    assert all(caption == " ".join(caption.split()) for item in items for caption in item.captions)
    assert 431848 in {item.image_id for item in items}


# ── Training, validation and test: no picture in two of them ─────────────────────────────────────


def write_split(folder: Path, split: str, ids: range, on_disk: range | None = None) -> Path:
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
    write_split(tmp_path, f"train{year}", range(1, 21))
    write_split(tmp_path, f"val{year}", range(100, 140))
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


def test_pictures_of_every_part_may_lie_in_images(tmp_path: Path) -> None:
    write_split(tmp_path, "train2017", range(1, 21))
    write_split(tmp_path, "val2017", range(100, 140))
    parts = ids_of(tmp_path)
    into_images(tmp_path, "train2017", "val2017")
    assert ids_of(tmp_path) == parts
    for part in PARTS:
        assert all(item.path.is_file() for item in read_coco_part(tmp_path, part))


@pytest.mark.parametrize("split", ["val2017", "train2017"])
def test_one_of_them_alone_is_split_with_a_warning(tmp_path: Path, split: str) -> None:
    write_split(tmp_path, "val2017", range(0))
    write_split(tmp_path, "train2017", range(0))
    write_split(tmp_path, split, range(100))
    with pytest.warns(UserWarning, match=f"has only pictures of {split}: 80, 10 and 10 %"):
        parts = ids_of(tmp_path)
    assert [len(parts[part]) for part in PARTS] == [80, 10, 10]
    assert sorted(sum(parts.values(), [])) == [*range(100)]


@pytest.mark.parametrize("inside", ["", "images"])
def test_a_split_with_hidden_files_alone_is_not_there(tmp_path: Path, inside: str) -> None:
    write_split(tmp_path, "val2017", range(20))
    write_split(tmp_path, "train2017", range(20, 40), on_disk=range(0))
    (tmp_path / inside / "train2017").mkdir(parents=True, exist_ok=True)
    for name in (".DS_Store", "._000000000020.jpg", "Thumbs.db"):
        (tmp_path / inside / "train2017" / name).touch()
    with pytest.warns(UserWarning, match="has only pictures of val2017: 80, 10 and 10 %"):
        parts = ids_of(tmp_path)
    assert [len(parts[part]) for part in PARTS] == [16, 2, 2]


def test_a_missing_picture_moves_no_other(tmp_path: Path) -> None:
    whole = write_split(tmp_path / "whole", "val2017", range(100))
    part = write_split(tmp_path / "part", "val2017", range(100), on_disk=range(0, 100, 3))
    with pytest.warns(UserWarning):
        wholly, partly = ids_of(whole), ids_of(part)
    assert partly == {name: [i for i in ids if i % 3 == 0] for name, ids in wholly.items()}


def test_splits_of_that_name_come_first(tmp_path: Path) -> None:
    write_split(tmp_path, "val2017", range(100))
    for number, split in enumerate(("train", "val", "test", "novel")):
        write_split(tmp_path, split, range(1000 * number, 1000 * number + 3))
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


def test_karpathy_may_not_list_an_id_under_two_names(tmp_path: Path) -> None:
    again = karpathy(1, "test") | {"filename": "000000000001.jpg"}
    content = {"images": [karpathy(1, "train"), again]}
    (tmp_path / "dataset_coco.json").write_text(json.dumps(content))
    with pytest.raises(CaptionFileError, match="lists the picture 1 twice"):
        read_coco_part(tmp_path, "train")


def test_a_missing_data_set_is_reported_with_what_was_searched(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"captions_val2017\.json .*cmlearn download coco"):
        read_coco_part(tmp_path, "train")
    with pytest.raises(ValueError, match="parts train, val, test; got 'novel'"):
        read_coco_part(tmp_path, "novel")


def only(folder: Path, kept: str) -> Path:
    """COCO's val2017, and one half of it alone."""
    write_split(folder, "val2017", range(60))
    shutil.rmtree(folder / {"val2017": "annotations", "annotations": "val2017"}[kept])
    return folder


def hint_of(folder: Path) -> str:
    """What the message ends with."""
    with pytest.raises(FileNotFoundError, match=f"^no COCO in {folder}: looked for ") as caught:
        read_coco_part(folder, "train")
    return str(caught.value).partition("cmlearn download coco`. ")[2]


def test_the_error_lists_what_was_found_instead(tmp_path: Path) -> None:
    pictures = only(tmp_path / "pictures" / "alone", "val2017")
    captions = only(tmp_path / "captions" / "alone", "annotations")
    no_captions = "with 60 pictures, but no annotations/captions_val2017.json"
    assert hint_of(pictures) == f"Found val2017/ {no_captions}"
    assert hint_of(captions) == (
        "Found annotations/captions_val2017.json, but no pictures in val2017/ or images/val2017/"
    )
    into_images(pictures, "val2017")
    assert hint_of(pictures) == f"Found images/val2017/ {no_captions}"
    (tmp_path / "empty" / "alone").mkdir(parents=True)
    assert hint_of(tmp_path / "empty" / "alone") == "Found nothing"
    for name in "abcdefgh":
        (tmp_path / "empty" / "alone" / name).mkdir()
    assert hint_of(tmp_path / "empty" / "alone") == "Found a/, b/, c/, d/, e/, 3 more"
    assert hint_of(tmp_path / "absent" / "alone") == "The folder does not exist"


def test_a_folder_too_high_or_too_low_is_shown_the_right_one(tmp_path: Path) -> None:
    right = write_split(tmp_path / "nested" / "coco", "val2017", range(3))
    (tmp_path / "nested" / "file").touch()
    for near in (tmp_path / "nested", right / "val2017", right / "annotations"):
        assert hint_of(near) == f"Did you mean {right}?"
    into_images(right, "val2017")
    for near in (tmp_path / "nested", right / "images", right / "images" / "val2017"):
        assert hint_of(near) == f"Did you mean {right}?"


def test_a_neighbour_that_nobody_may_read_is_passed_over(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "outer" / "alone" / "locked").mkdir(parents=True)

    def refuse(folder: Path, split: str) -> bool:
        raise PermissionError(13, "Permission denied", str(folder))

    with monkeypatch.context() as patch:
        there = coco._is_there
        alone = tmp_path / "outer" / "alone"
        patch.setattr(coco, "_is_there", lambda f, s: (there if f == alone else refuse)(f, s))
        assert hint_of(alone) == "Found locked/"


@pytest.mark.filterwarnings("ignore:.*has only pictures of val2017")
def test_real_cases(real: Path) -> None:
    with pytest.raises(CaptionFileError, match=r"lists '0+1\.jpg' under the id 2, after the id 1"):
        read_coco_part(real / "cases" / "coco_one_file_many_ids" / "data", "train")
    with pytest.warns(UserWarning, match="has only pictures of val2017"):
        parts = ids_of(real / "cases" / "ds_store_in_train2017" / "data")
    assert [len(parts[part]) for part in PARTS] == [16, 2, 2]


@pytest.mark.filterwarnings("ignore:.*are left out")
def test_parts_of_real_coco(real: Path) -> None:
    parts = ids_of(real / "coco")
    assert len(parts["train"]) == 12
    assert len(parts["val"]) + len(parts["test"]) == 60
    assert not set(parts["val"]) & set(parts["test"])
    assert 431848 in parts["val"] + parts["test"]
