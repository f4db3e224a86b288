"""Tests of cmlearn.data.photos.sample."""

import json
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from cmlearn.data.images import ImageError, load_image, resize
from cmlearn.data.photos import sample
from cmlearn.data.photos.sample import PARTS, draw_sample
from cmlearn.data.source import load_pictures
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.data.storybook.renderer import render

COUNTS = {"train2017": 40, "val2017": 24}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_sample(tmp_path_factory.mktemp("sample") / "coco", COUNTS)


@pytest.fixture(scope="module")
def content(folder: Path) -> dict:
    return json.loads((folder / "annotations" / "captions_train2017.json").read_text("utf-8"))


def files(folder: Path) -> list[Path]:
    return sorted((folder / "train2017").iterdir())


def test_it_is_read_as_coco(folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        parts = [load_pictures(p, f"coco:{folder}", 64, progress=False) for p in ("train", "val")]
    messages = [str(warning.message) for warning in said]
    assert "of 40 pictures, 3 are not in" in messages[0]
    assert "1 of 37 pictures cannot be read and are left out" in messages[1]
    assert len(parts[0]) == 40 - 3 - 1
    assert 9 <= len(parts[1]) <= 12  # of 12, less those of three that fell into this half


def test_pictures_show_their_scenes(folder: Path, tmp_path: Path, monkeypatch) -> None:
    """The middle square is what Storybook's captions speak of, in whatever form it is stored."""
    scenes = load_storybook("train").scenes or ()
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = load_pictures("train", f"coco:{folder}", 64, progress=False)
    expected = [resize(render(scene, 240), 64) for scene in scenes[:37]]
    del expected[3]  # was cut off
    gaps = np.abs(data.images.astype(int) - np.stack(expected)).mean(axis=(1, 2, 3))
    assert gaps[1:].max() < 8  # JPEG, and four inks and back
    assert np.ptp(data.images[0].astype(int), axis=-1).max() <= 1  # grey


def test_one_picture_of_each_oddity(folder: Path) -> None:
    kinds = Counter()
    for path in files(folder):
        header = Image.open(path)
        kinds[header.mode, header.getexif().get(ExifTags.Base.Orientation, 1)] += 1
    assert kinds == {("RGB", 1): 34, ("L", 1): 1, ("RGB", 6): 1, ("CMYK", 1): 1}
    unreadable = [path for path in files(folder) if not _is_readable(path)]
    assert unreadable == [files(folder)[3]]


def _is_readable(path: Path) -> bool:
    try:
        load_image(path)
    except ImageError:
        return False
    return True


def test_wide_and_tall(folder: Path) -> None:
    # As stored, so that the lying one counts as the other kind.
    shapes = Counter(Image.open(path).size for path in files(folder))
    assert set(shapes) == {(320, 240), (240, 320)}
    assert shapes[240, 320] > 3


def test_captions_are_out_of_order_and_of_several_numbers(content: dict) -> None:
    ids = [entry["image_id"] for entry in content["annotations"]]
    listed = [image["id"] for image in content["images"]]
    assert ids[:5] != [listed[0]] * 5
    assert set(ids) == set(listed)
    assert set(Counter(ids).values()) == {5, 6}
    numbers = [entry["id"] for entry in content["annotations"]]
    assert len(set(numbers)) == len(numbers)
    assert {image["license"] for image in content["images"]} == {content["licenses"][0]["id"]}


def test_no_number_stands_for_two_pictures(folder: Path) -> None:
    names = [path.name for path in folder.rglob("*.jpg")]
    assert len(set(names)) == len(names) == sum(COUNTS.values()) - 6


def test_captions_are_typed_by_people(content: dict) -> None:
    captions = [entry["caption"] for entry in content["annotations"]]
    assert any(caption.endswith(". ") for caption in captions)
    assert any("," in caption for caption in captions)
    assert all(caption[0].isupper() for caption in captions)
    known = {w for five in load_storybook("train").captions for c in five for w in c.split()}
    words = [word.strip(".,\n ").lower() for caption in captions for word in caption.split()]
    slips = [word for word in words if word not in known]
    assert 0 < len(slips) < 0.03 * len(words)
    assert all(any(sorted(slip) == sorted(word) for word in known) for slip in slips)


def test_a_second_time_it_is_there_and_elsewhere_the_same(folder: Path, tmp_path: Path) -> None:
    before = [path.stat().st_mtime_ns for path in files(folder)]
    assert draw_sample(folder, COUNTS) == folder
    assert [path.stat().st_mtime_ns for path in files(folder)] == before
    other = draw_sample(tmp_path / "other", COUNTS)
    for one, two in zip(sorted(folder.rglob("*.*")), sorted(other.rglob("*.*")), strict=True):
        assert one.read_bytes() == two.read_bytes(), one


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sample, "_disorder", interrupted)
    with pytest.raises(KeyboardInterrupt):
        draw_sample(tmp_path / "sample", COUNTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [7, 10_001])
def test_counts_that_cannot_be(tmp_path: Path, count: int) -> None:
    with pytest.raises(ValueError, match=f"train2017 can have 8 to 10000 pictures, got {count}"):
        draw_sample(tmp_path / "sample", {"train2017": count})
    assert list(tmp_path.iterdir()) == []


def test_the_default_is_a_few_seconds_of_drawing() -> None:
    assert sum(count for _, count in PARTS.values()) <= 1500
