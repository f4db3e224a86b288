"""Tests of cmlearn.data.photos.results."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cmlearn.data.photos.caption_file import CaptionFileError
from cmlearn.data.photos.results import exclude_captions, read_references, read_results


def write(folder: Path, content: object) -> Path:
    file = folder / "results.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def result(image_id: object, caption: object = "a dog") -> dict[str, object]:
    return {"image_id": image_id, "caption": caption}


def test_results_keep_the_order_of_the_file_and_other_keys_are_ignored(tmp_path: Path) -> None:
    entries = [{**result(7, " a\n dog "), "score": 0.5}, result(3, "")]
    captions = read_results(write(tmp_path, entries), {3, 7, 9})
    assert list(captions.items()) == [(7, "a dog"), (3, "")]


def test_packed_results(tmp_path: Path) -> None:
    file = tmp_path / "results.json.gz"
    file.write_bytes(gzip.compress(json.dumps([result(1)]).encode()))
    assert read_results(file, {1}) == {1: "a dog"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([result(1), result(8)], r"results\.json: results\[1\] is about image 8, which the annot"),
        (
            [result(1), result(2), result(1)],
            r"results\[2\] is a second caption of image 1, after results\[0\]: keep one",
        ),
        ([result("1")], r"results\[0\] needs \"image_id\" as int, got '1'"),
        ([result(1, None)], r"results\[0\] needs \"caption\" as str, got None"),
        ([{"image_id": 1}], r"results\[0\] needs \"caption\" as str"),
        (["a dog"], r"results\[0\] needs \"image_id\" as int"),
        ({"annotations": []}, r"is not a list of results\. COCO's results format is one list"),
        ({"1": "a dog"}, r"is not a list of results"),
        ([], r"lists no results\. COCO's results format"),
    ],
)
def test_wrong_entries_are_named(tmp_path: Path, entries: object, message: str) -> None:
    with pytest.raises(CaptionFileError, match=message):
        read_results(write(tmp_path, entries), {1, 2})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"results\.json is empty\. COCO's results format"),
        ('[{"image_id": 1, "capt', r"JSON.*COCO's results format"),
        ('{"image_id": 1, "caption": "a"}\n{"image_id": 2, "caption": "b"}', "Extra data: line 2"),
        ("image_id,caption\n1,a dog\n", r"JSON.*COCO's results format"),
    ],
)
def test_other_files_are_refused_with_the_format(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(text, "utf-8")
    with pytest.raises(CaptionFileError, match=message):
        read_results(file, {1, 2})


def annotations(captions: list[object], image_ids: tuple[object, ...] = (2, 1)) -> dict:
    return {"images": [{"id": each} for each in image_ids], "annotations": captions}


def test_references_need_no_file_names(tmp_path: Path) -> None:
    content = annotations([result(2, "b"), result(1, "a "), result(2, " "), result(2, "c")])
    references = read_references(write(tmp_path, content))
    assert list(references.items()) == [(1, ("a",)), (2, ("b", "c"))]


def test_an_image_can_have_no_reference(tmp_path: Path) -> None:
    assert read_references(write(tmp_path, annotations([result(1)]))) == {1: ("a dog",), 2: ()}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (annotations([result(3)]), r"annotations\[0\] is about image 3, which is not in images"),
        (annotations([], (1, 1)), r"images\[1\] has the id 1 of an earlier image"),
        (annotations([result(1), {"image_id": 1}]), r"annotations\[1\] needs \"caption\""),
        (annotations([], ("1",)), r"images\[0\] needs \"id\" as int"),
        ([result(1)], r"has no list \"images\""),
    ],
)
def test_wrong_annotations_are_named(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(CaptionFileError, match=message):
        read_references(write(tmp_path, content))


def test_one_of_equal_references_stays() -> None:
    references = {1: ("a", "b", "a"), 2: ("c",), 3: ("d", "e")}
    others = exclude_captions(references, {1: "a", 2: "", 3: "e"})
    assert others == {1: ("b", "a"), 2: ("c",), 3: ("d",)}
    assert references[1] == ("a", "b", "a")


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ({1: "c"}, "the caption of image 1 is not one of its references: 'c'"),
        ({2: "c"}, "image 2 has a single reference"),
    ],
)
def test_what_cannot_be_left_out_is_an_error(captions: dict[int, str], message: str) -> None:
    with pytest.raises(CaptionFileError, match=message):
        exclude_captions({1: ("a", "b"), 2: ("c",)}, captions)
