"""COCO's layout: the real file, then everything that can be wrong with one."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from cmlearn.data.photos.coco import CaptionFileError, picture_folder, read_coco

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
