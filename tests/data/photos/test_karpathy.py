"""Tests of cmlearn.data.photos.karpathy."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlearn.data.photos.caption_file import CaptionFileError
from cmlearn.data.photos.karpathy import KarpathyEntry, read_karpathy


def entry(name: str, split: str, *captions: str, **more: Any) -> dict[str, Any]:
    """As Karpathy writes one, with the keys that nobody needs."""
    sentences = [
        {"tokens": text.split(), "raw": text, "imgid": 7, "sentid": i}
        for i, text in enumerate(captions)
    ]
    return {"filename": name, "split": split, "sentences": sentences, "imgid": 7} | more


def write(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps({"images": entries, "dataset": "ours"}))
    return path


def test_captions_are_the_raw_ones_and_restval_is_trained_on(tmp_path: Path) -> None:
    file = write(
        tmp_path / "dataset_coco.json",
        entry("b.jpg", "restval", " A dog,\nrunning . ", "", cocoid=4, filepath="val2014"),
        entry("a.jpg", "test", "A cat."),
    )
    assert read_karpathy(file) == [
        KarpathyEntry("b.jpg", "train", ("A dog, running .",), 4),
        KarpathyEntry("a.jpg", "test", ("A cat.",), None),
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (entry("a.jpg", "dev"), r"images\[0\] is in the split 'dev', not one of"),
        (entry("../a.jpg", "val"), r"images\[0\] must name a file"),
        (entry("a.jpg", "val", cocoid="4"), '"cocoid" as int'),
        (entry("a.jpg", "val") | {"sentences": [{"tokens": []}]}, 'needs "raw" as str'),
        (entry("a.jpg", "val") | {"sentences": "a dog"}, 'needs "sentences" as list'),
        ({"split": "val", "sentences": []}, 'needs "filename" as str'),
        ("a.jpg", 'needs "split" as str'),
    ],
)
def test_malformed(tmp_path: Path, wrong: Any, message: str) -> None:
    with pytest.raises(CaptionFileError, match=message) as caught:
        read_karpathy(write(tmp_path / "dataset.json", wrong))
    assert "dataset.json" in str(caught.value)


def test_a_picture_in_two_splits_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "dataset.json", entry("a.jpg", "train"), entry("a.jpg", "test"))
    with pytest.raises(CaptionFileError, match=r"lists a\.jpg twice"):
        read_karpathy(file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["filename", "split", "sentences", "raw", "cocoid"]), inner, max_size=5
        )
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("karpathy") / "dataset.json"


@settings(max_examples=80)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(entry("", ""), JSON)), min_size=1) | JSON)
def test_whatever_is_in_it(file: Path, images: Any) -> None:
    file.write_text(json.dumps({"images": images}))
    try:
        entries = read_karpathy(file)
    except CaptionFileError as error:
        assert str(file) in str(error)
    else:
        assert all(Path(x.name).name == x.name and x.captions is not None for x in entries)
