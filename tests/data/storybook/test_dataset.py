"""Tests of cmlearn.data.storybook.dataset."""

import errno
import hashlib
import json
import os
import time
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import pytest

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.images import load_image
from cmlearn.data.photos.coco import read_coco
from cmlearn.data.storybook import dataset
from cmlearn.data.storybook.dataset import (
    SECOND_SPLITS,
    SPLITS,
    Split,
    draw_storybook,
    load_storybook,
    scenes_of,
)
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import (
    NOVEL_COLOUR,
    NOVEL_LEFT_OF,
    follows_the_rules,
    has_novel_pair,
    has_novel_relation,
    holds,
)
from cmlearn.data.storybook.second_scenes import (
    NOVEL_COUNT,
    NOVELTIES,
    follows_the_second_rules,
    group_sizes,
    novelties,
)

COUNTS = {"train": 12, "val": 4, "test": 5, "novel": 6}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Storybook of few scenes, with the checksums that it should have."""
    splits = {n: Split(count, SPLITS[n].first_id, "", "") for n, count in COUNTS.items()}
    monkeypatch.setattr(dataset, "SPLITS", splits)
    scenes_of.cache_clear()
    for name in splits:
        pixels = b"".join(render(scene, 64).tobytes() for scene in scenes_of(name))
        text = json.dumps(dataset._annotations(name, scenes_of(name)), indent=0)
        digests = (hashlib.sha256(data).hexdigest() for data in (pixels, text.encode()))
        splits[name] = Split(COUNTS[name], SPLITS[name].first_id, *digests)
    yield
    scenes_of.cache_clear()


def everything_in(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def interrupt_at(count: int, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the renderer raise `error` instead of drawing picture number `count`."""
    drawn = iter(range(count))

    def draw(*arguments):
        if next(drawn, None) is None:
            raise error
        return render(*arguments)

    monkeypatch.setattr(dataset, "render", draw)


# ── drawing, on a small Storybook ─────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("small")
def test_drawn_on_first_use_in_the_layout_of_coco(tmp_path, capsys):
    data = load_storybook("val", tmp_path / "new" / "folder")
    out, err = capsys.readouterr()
    assert out == ""
    assert "drawing val" in err
    items = read_coco(tmp_path / "new" / "folder", "val")
    assert len(data) == len(items) == 4
    assert data.image_ids == tuple(item.image_id for item in items) == tuple(range(20001, 20005))
    assert data.captions == tuple(item.captions for item in items)
    assert data.scenes == scenes_of("val")
    for image, item, scene in zip(data.images, items, data.scenes, strict=True):
        assert np.array_equal(image, load_image(item.path))
        assert np.array_equal(image, render(scene))
        assert len(item.captions) == 5


@pytest.mark.usefixtures("small")
def test_the_second_use_draws_nothing_and_the_bytes_are_the_same(tmp_path, monkeypatch):
    first, second = draw_storybook(tmp_path / "a"), draw_storybook(tmp_path / "b")
    assert everything_in(first) == everything_in(second)
    monkeypatch.setattr(dataset, "render", None)
    load_storybook("train", first)


@pytest.mark.usefixtures("small")
def test_loading_a_split_touches_no_other_and_reads_its_file_once(tmp_path, monkeypatch):
    load_storybook("val", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"annotations", "val", "val.npy"}
    draw_storybook(tmp_path)
    read, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or read_bytes(path))
    load_storybook("val", tmp_path)
    assert read == [tmp_path / "annotations" / "captions_val.json"]


@pytest.mark.usefixtures("small")
def test_a_split_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match="one of .*'train', 'val', 'test', 'novel'.*, got 'dev'"):
        load_storybook("dev", tmp_path)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("field", ["pixels", "annotations"])
def test_another_checksum_is_a_clear_error(tmp_path, monkeypatch, field):
    wrong = {**dataset.SPLITS["test"].__dict__, field: "0" * 64}
    monkeypatch.setitem(dataset.SPLITS, "test", Split(**wrong))
    with pytest.raises(ValueError, match=r"'test' does not match its .* constraints\.txt"):
        draw_storybook(tmp_path)
    assert not list(tmp_path.glob("drawing-*"))
    assert not (tmp_path / "test").exists()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", [0, 7, 14])
def test_an_interruption_leaves_nothing_half_and_the_next_run_repairs(tmp_path, monkeypatch, count):
    with monkeypatch.context() as patch:
        interrupt_at(count, patch, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            draw_storybook(tmp_path)
    assert not list(tmp_path.glob("drawing-*"))
    assert (tmp_path / "train").exists() == (count > COUNTS["train"])
    assert not (tmp_path / "val").exists()
    assert len(load_storybook("val", tmp_path)) == 4


@pytest.mark.usefixtures("small")
def test_what_a_killed_process_left_is_removed(tmp_path):
    old, young = tmp_path / "drawing-old", tmp_path / "drawing-young"
    for leftover in (old, young):
        (leftover / "train").mkdir(parents=True)
    yesterday = time.time() - 86_400
    os.utime(old, (yesterday, yesterday))
    draw_storybook(tmp_path)
    assert not old.exists()
    assert young.exists()  # it may belong to another process, which draws now


@pytest.mark.usefixtures("small")
def test_two_processes_that_draw_at_once_do_no_harm(tmp_path, monkeypatch):
    compare = dataset._compare

    def another_is_faster(split: str, *digests: str) -> None:
        compare(split, *digests)
        monkeypatch.setattr(dataset, "_compare", compare)
        draw_storybook(tmp_path)

    monkeypatch.setattr(dataset, "_compare", another_is_faster)
    draw_storybook(tmp_path)
    assert len(load_storybook("train", tmp_path)) == COUNTS["train"]
    assert not list(tmp_path.glob("drawing-*"))


@pytest.mark.usefixtures("small")
def test_a_full_disk(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_at(3, patch, OSError(errno.ENOSPC, "No space left on device"))
        with pytest.raises(OSError, match="disk is full .* CMLEARN_HOME") as caught:
            load_storybook("train", tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert everything_in(tmp_path) == {}
    assert len(load_storybook("train", tmp_path)) == 12


@pytest.mark.usefixtures("small")
def test_a_full_disk_while_the_store_is_written(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "train.npy")

    monkeypatch.setattr(dataset, "build_store", full)
    with pytest.raises(OSError, match="disk is full"):
        load_storybook("train", tmp_path)
    assert everything_in(tmp_path) == {}


@pytest.mark.usefixtures("small")
def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(OSError, match="cannot be drawn into .*file.*: Not a directory"):
        load_storybook("train", tmp_path / "file" / "storybook")

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(dataset.tempfile, "mkdtemp", refuse)
    with pytest.raises(OSError, match="Permission denied. Free disk space, make the folder"):
        load_storybook("train", tmp_path)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("harm", ["tampered", "truncated", "no annotations", "cut store",
                                  "no store", "lost picture", "lost pictures"])  # fmt: skip
def test_what_was_harmed_is_drawn_again(tmp_path, harm):
    whole = everything_in(draw_storybook(tmp_path))
    annotations, store = tmp_path / "annotations" / "captions_val.json", tmp_path / "val.npy"
    pictures = sorted((tmp_path / "val").iterdir())
    if harm == "tampered":
        text = annotations.read_text("utf-8")
        annotations.write_text(text.replace("red", "blue"), "utf-8")
    elif harm == "truncated":
        annotations.write_bytes(annotations.read_bytes()[:500])
    elif harm == "no annotations":
        annotations.unlink()
    elif harm == "cut store":
        store.write_bytes(store.read_bytes()[:-1])
    elif harm == "no store":
        store.unlink()
    else:
        for path in pictures[: 1 if harm == "lost picture" else None]:
            path.unlink()
    assert everything_in(tmp_path) != whole
    load_storybook("val", tmp_path)
    assert everything_in(tmp_path) == whole


@pytest.mark.usefixtures("small")
def test_where_it_lies_by_default(tmp_path, monkeypatch):
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path))
    assert draw_storybook() == tmp_path / "downloads" / "storybook"


@pytest.mark.usefixtures("small")
def test_scenes_of_small_splits_begin_like_those_of_large_ones():
    first = scenes_of("test")
    scenes_of.cache_clear()
    assert scenes_of("test") == first


# ── the real one ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def real_splits() -> dict[str, CaptionedPictures]:
    return {name: load_storybook(name) for name in SPLITS}


def test_the_pixels_are_those_of_the_shipped_checksums(real_splits):
    for name, data in real_splits.items():
        assert len(data) == SPLITS[name].count
        assert hashlib.sha256(data.images.data).hexdigest() == SPLITS[name].pixels


def test_a_file_holds_what_the_store_holds(real_splits):
    data = real_splits["novel"]
    item = read_coco(dataset.downloads_folder() / "storybook", "novel")[123]
    assert np.array_equal(cv2.imread(str(item.path))[..., ::-1], data.images[123])


def test_splits_share_no_content(real_splits):
    contents = {name: {s.content for s in data.scenes} for name, data in real_splits.items()}
    for a, b in permutations(contents, 2):
        assert not contents[a] & contents[b], (a, b)


def test_nothing_novel_leaks(real_splits):
    for name in ("train", "val", "test"):
        for scene in real_splits[name].scenes:
            assert not any(has_novel_pair(thing) for thing in scene.things)
            assert not has_novel_relation(scene)


def test_novel_scenes_are_novel(real_splits):
    scenes = real_splits["novel"].scenes
    assert all(has_novel_relation(s) or all(map(has_novel_pair, s.things)) for s in scenes)
    assert {(t.kind, t.colour) for s in scenes for t in s.things} >= set(NOVEL_COLOUR.items())
    beside = {
        (a.kind, b.kind)
        for s in scenes
        for a, b in permutations(s.things, 2)
        if holds(a, "left of", b)
    }
    assert beside >= set(NOVEL_LEFT_OF)


def test_training_shows_all_that_is_not_novel(real_splits):
    scenes = real_splits["train"].scenes
    assert all(follows_the_rules(scene) for scene in scenes)
    pairs = [(t.kind, t.colour, t.size) for s in scenes for t in s.things]
    counts = {pair: pairs.count(pair) for pair in set(pairs)}
    assert len(counts) == 9 * 5 * 2
    assert min(counts.values()) >= 50


def test_ids_are_unique(real_splits):
    ids = [image_id for data in real_splits.values() for image_id in data.image_ids]
    assert len(ids) == len(set(ids)) == 13_000


def test_the_data_card_says_what_the_code_does(root):
    card = (root / "data" / "README.md").read_text("utf-8")
    for name, split in SPLITS.items():
        assert f"| {name} | `{split.pixels}` | `{split.annotations}` |" in card
        assert f"| {name} | {split.count:,} |" in card
    kinds, colours = (" | ".join(of) for of in (NOVEL_COLOUR, NOVEL_COLOUR.values()))
    assert f"| kind | {kinds} |" in card
    assert f"| its new colour | {colours} |" in card


# ── the second edition ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_second(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A second edition of one small split, with the checksums that it should have."""
    splits = {"val": Split(4, 20_001, "", ""), "test": Split(3, 30_001, "", "")}
    monkeypatch.setattr(dataset, "SECOND_SPLITS", splits)
    scenes_of.cache_clear()
    scenes = scenes_of("val", 2)
    pixels = b"".join(render(scene, 64).tobytes() for scene in scenes)
    text = json.dumps(dataset._annotations("val", scenes, 2), indent=0)
    digests = (hashlib.sha256(data).hexdigest() for data in (pixels, text.encode()))
    splits["val"] = Split(4, 20_001, *digests)
    yield
    scenes_of.cache_clear()


@pytest.mark.usefixtures("small_second")
def test_the_second_edition_lies_beside_the_first(tmp_path, monkeypatch):
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path))
    data = load_storybook("val", edition=2)
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == ["storybook2"]
    assert data.name == "storybook2/val"
    assert data.scenes == scenes_of("val", 2)
    assert data.image_ids == (20_001, 20_002, 20_003, 20_004)
    assert all(len(texts) == 5 for texts in data.captions)
    items = read_coco(tmp_path / "downloads" / "storybook2", "val")
    assert data.captions == tuple(item.captions for item in items)
    monkeypatch.setattr(dataset, "render", None)  # the second use draws nothing
    assert load_storybook("val", edition=2).captions == data.captions


@pytest.mark.usefixtures("small", "small_second")
def test_an_edition_drawn_over_the_other_is_drawn_again(tmp_path):
    assert load_storybook("val", tmp_path, edition=2).name == "storybook2/val"
    first = load_storybook("val", tmp_path)
    assert first.scenes == scenes_of("val")


@pytest.mark.parametrize("edition", [0, 3, "2", None])
def test_an_edition_that_does_not_exist(tmp_path, edition):
    with pytest.raises(ValueError, match=r"edition: must be one of \(1, 2\), got"):
        load_storybook("val", tmp_path, edition=edition)


@pytest.fixture(scope="module")
def second_splits() -> dict[str, CaptionedPictures]:
    return {name: load_storybook(name, edition=2) for name in SECOND_SPLITS}


def test_the_second_edition_has_the_names_and_sizes_of_the_first():
    assert {name: (split.count, split.first_id) for name, split in SECOND_SPLITS.items()} == {
        name: (split.count, split.first_id) for name, split in SPLITS.items()
    }


def test_the_pixels_of_the_second_edition_are_those_of_its_checksums(second_splits):
    for name, data in second_splits.items():
        assert len(data) == SECOND_SPLITS[name].count
        assert hashlib.sha256(data.images.data).hexdigest() == SECOND_SPLITS[name].pixels


def test_splits_of_the_second_edition_share_no_content(second_splits):
    contents = {name: {s.content for s in data.scenes} for name, data in second_splits.items()}
    for a, b in permutations(contents, 2):
        assert not contents[a] & contents[b], (a, b)


def test_nothing_novel_leaks_into_the_second_edition(second_splits):
    for name in ("train", "val", "test"):
        assert not any(novelties(scene) for scene in second_splits[name].scenes)


def test_novel_scenes_of_the_second_edition_have_one_novelty(second_splits):
    scenes = second_splits["novel"].scenes
    found = [novelties(scene) for scene in scenes]
    assert {len(each) for each in found} == {1}
    assert min(found.count(frozenset({name})) for name in NOVELTIES) >= 70
    assert {(t.kind, t.colour) for s in scenes for t in s.things} >= set(NOVEL_COLOUR.items())
    assert {pair for scene in scenes for pair in group_sizes(scene).items()} >= set(NOVEL_COUNT)


def test_training_on_the_second_edition_shows_all_that_is_not_novel(second_splits):
    scenes = second_splits["train"].scenes
    assert all(follows_the_second_rules(scene) for scene in scenes)
    pairs = [(t.kind, t.colour, t.size) for s in scenes for t in s.things]
    counts = {pair: pairs.count(pair) for pair in set(pairs)}
    assert len(counts) == 9 * 5 * 2
    assert min(counts.values()) >= 50
    groups = [pair for scene in scenes for pair in group_sizes(scene).items()]
    expected = {(kind, n) for kind in NOVEL_COLOUR for n in (1, 2, 3)} - set(NOVEL_COUNT)
    assert {pair for pair in set(groups) if groups.count(pair) >= 20} == expected


def test_the_data_card_says_what_the_second_edition_is(root):
    card = (root / "data" / "README.md").read_text("utf-8")
    for name, split in SECOND_SPLITS.items():
        assert f"| {name} | `{split.pixels}` | `{split.annotations}` |" in card
