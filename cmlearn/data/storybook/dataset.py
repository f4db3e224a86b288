"""The Storybook data set: drawn on first use, in the layout of COCO captions."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.folders import HOME_VARIABLE, downloads_folder
from cmlearn.data.photos.coco import read_coco
from cmlearn.data.store import build_store, open_store
from cmlearn.data.storybook.captions import caption_scene
from cmlearn.data.storybook.render import render
from cmlearn.data.storybook.scene import Scene, Thing, sample_scene

IMAGE_SIZE = 64  # pixels
SEED = 2026
STORE_HEADER = 128  # bytes that NumPy writes before the pixels
LEFT_AFTER = 3600  # seconds after which a folder half drawn belongs to nobody any more


@dataclass(frozen=True)
class Split:
    """A part of the data set, and what it must come out as.

    Attributes:
        count: scenes.
        first_id: id of its first picture; ids are unique over the splits, as in COCO.
        pixels: SHA-256 of all pictures, one after another, as RGB bytes.
        annotations: SHA-256 of the JSON file.
    """

    count: int
    first_id: int
    pixels: str
    annotations: str


SPLITS = {
    "train": Split(
        10_000,
        1,
        "2a7185e8b8a98f527f51572b225fc9cdb916badbbae58b136f4d07a8b89d17ab",
        "4d636c2a6be4a390064680b3d72ec57523aab516875c0f8408ae4bef92fdfafa",
    ),
    "val": Split(
        1_000,
        20_001,
        "c7d1bf244f603028f7ae616679a9ed3e7468c0634eb2cfeb8e669783a938911b",
        "2b2d7a897fe43b881efab0932142a94220664c956356acb1688f3ff55034679c",
    ),
    "test": Split(
        1_000,
        30_001,
        "07dbbb8c22d6865cd7ddb516892835b2f404f233341792da14acc208a4d6b7c1",
        "3429cd9248738e087f350c867cb308d413b417a11537d1e817a99dd2c3852afe",
    ),
    "novel": Split(
        1_000,
        40_001,
        "d3c7ec6f7ccdd73c519d7e40cd53b2bf0eca0010491d4228a8249f43f605b9a7",
        "7fcd43f828ffd018a3691d6acf3b06674cfe5c03fc57b73fc195ac3fb694bc7f",
    ),
}


def load_storybook(split: str, folder: Path | None = None) -> CaptionedPictures:
    """One split of Storybook, drawn now if it was not before.

    Args:
        split: "train", "val", "test" or "novel" (colour–kind pairs and left-and-right orders
            that no training scene has).
        folder: where it lies; by default `data/downloads/storybook`.

    Returns:
        Pictures (N, 64, 64, 3) uint8 RGB, memory-mapped; five captions each; and the scenes.

    Raises:
        ValueError: no such split, or the files are not those of Storybook.
        OSError: it cannot be drawn there.
    """
    if split not in SPLITS:
        raise ValueError(f"split: {split!r} is none of {tuple(SPLITS)}")
    folder = draw_storybook(folder)
    items = read_coco(folder, split)
    return CaptionedPictures(
        name=f"storybook/{split}",
        images=open_store(folder / f"{split}.npy"),
        captions=tuple(item.captions for item in items),
        scenes=tuple(_read_scenes(folder, split)),
        image_ids=tuple(item.image_id for item in items),
    )


def draw_storybook(folder: Path | None = None) -> Path:
    """Draw what is not there yet, with a progress bar; return the folder.

    Each split is drawn aside and moved into place when it is whole and has the bytes that it
    should have: after an interruption, the next call begins that split again.

    Raises:
        OSError: the folder cannot be written, or the disk is full; nothing half-drawn is left.
        ValueError: the pictures came out otherwise than on our machines.
    """
    folder = Path(folder) if folder else downloads_folder() / "storybook"
    _remove_leftovers(folder)
    missing = [split for split in SPLITS if not _is_whole(folder, split)]
    if missing:
        with _clear_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for split in missing:
                _draw_split(folder, split)
    return folder


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left; a younger folder may be one that is being drawn now."""
    for leftover in folder.glob("drawing-*"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFT_AFTER:
                shutil.rmtree(leftover)


@contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """Say of an error of the disk what to do about it."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full (about 250 MB are needed)" if full else error.strerror or str(error)
        raise OSError(
            error.errno,
            f"Storybook cannot be drawn into {folder}: {why}. Make room or make it writable, or "
            f"name another folder in the variable {HOME_VARIABLE}; then run this again",
        ) from error


def _is_whole(folder: Path, split: str) -> bool:
    """Whether a split was drawn to its end, and nothing was cut off or lost since."""
    expected, store = SPLITS[split], folder / f"{split}.npy"
    try:
        annotations = _annotation_path(folder, split).read_bytes()
        pictures = sum(entry.name.endswith(".png") for entry in os.scandir(folder / split))
        pixels = store.stat().st_size - STORE_HEADER
    except OSError:
        return False
    is_all_there = (
        pictures == expected.count and pixels == expected.count * IMAGE_SIZE * IMAGE_SIZE * 3
    )
    return is_all_there and hashlib.sha256(annotations).hexdigest() == expected.annotations


def _annotation_path(folder: Path, split: str) -> Path:
    return folder / "annotations" / f"captions_{split}.json"


# ── drawing ───────────────────────────────────────────────────────────────────────────────────


def _draw_split(folder: Path, split: str) -> None:
    scenes = scenes_of(split)
    aside = Path(tempfile.mkdtemp(prefix="drawing-", dir=folder))
    try:
        pictures = _draw_pictures(aside / split, scenes, split)
        store = build_store(
            pictures, aside / f"{split}.npy", IMAGE_SIZE, len(scenes), progress=False
        )
        text = json.dumps(_annotations(split, scenes), indent=0).encode()
        _compare(split, hashlib.sha256(store.data).hexdigest(), hashlib.sha256(text).hexdigest())
        del store  # Windows moves no file that is mapped
        (aside / "captions.json").write_bytes(text)
        if not _is_whole(folder, split):  # another process may have drawn it meanwhile
            _move_into_place(aside, folder, split)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _draw_pictures(folder: Path, scenes: tuple[Scene, ...], split: str) -> Iterator[np.ndarray]:
    """Write a PNG for each scene, and yield the picture."""
    folder.mkdir()
    for i, scene in enumerate(tqdm(scenes, desc=f"drawing {split}", unit="picture")):
        picture = render(scene, IMAGE_SIZE)
        encoded = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
        (folder / _file_name(SPLITS[split].first_id + i)).write_bytes(encoded)
        yield picture


def _move_into_place(aside: Path, folder: Path, split: str) -> None:
    """The annotations last: they say that the split is whole."""
    if (folder / split).exists():
        (folder / split).rename(aside / "replaced")
    (aside / split).rename(folder / split)
    os.replace(aside / f"{split}.npy", folder / f"{split}.npy")
    _annotation_path(folder, split).parent.mkdir(exist_ok=True)
    os.replace(aside / "captions.json", _annotation_path(folder, split))


def _compare(split: str, pixels: str, annotations: str) -> None:
    expected = SPLITS[split]
    if (pixels, annotations) != (expected.pixels, expected.annotations):
        raise ValueError(
            f"Storybook's split {split!r} came out otherwise than on our machines (pixels "
            f"{pixels[:12]}…, annotations {annotations[:12]}…). Install the versions of NumPy and "
            "OpenCV that constraints.txt names, and draw again."
        )


def _file_name(image_id: int) -> str:
    return f"{image_id:012d}.png"


@cache
def scenes_of(split: str) -> tuple[Scene, ...]:
    """The scenes of a split, from its seed.

    Test, val and train share no content: a scene of one never stands in another, not even with
    other jitter or clouds.
    """
    before = {"val": ("test",), "train": ("test", "val")}.get(split, ())
    taken = {scene.content for name in before for scene in scenes_of(name)}
    rng = np.random.default_rng([SEED, list(SPLITS).index(split)])
    scenes: list[Scene] = []
    while len(scenes) < SPLITS[split].count:
        scene = sample_scene(rng, novel=split == "novel")
        if scene.content not in taken:
            scenes.append(scene)
    return tuple(scenes)


def _annotations(split: str, scenes: tuple[Scene, ...]) -> dict[str, object]:
    """COCO's caption schema; each image also has its scene."""
    rng = np.random.default_rng([SEED, list(SPLITS).index(split), 1])
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for image_id, scene in enumerate(scenes, SPLITS[split].first_id):
        about = {"file_name": _file_name(image_id), "width": IMAGE_SIZE, "height": IMAGE_SIZE}
        images.append({"id": image_id, **about, "scene": asdict(scene)})
        for caption in caption_scene(scene, rng):
            number = len(annotations) + 10 * SPLITS[split].first_id
            annotations.append({"id": number, "image_id": image_id, "caption": caption})
    info = {"description": f"Storybook, split {split}", "version": "1", "year": SEED}
    return {"info": info, "images": images, "annotations": annotations, "licenses": []}


def _read_scenes(folder: Path, split: str) -> Iterator[Scene]:
    """The scenes out of the annotations, in the order of their ids."""
    content = json.loads(_annotation_path(folder, split).read_text(encoding="utf-8"))
    for image in sorted(content["images"], key=lambda image: image["id"]):
        scene = image["scene"]
        things = tuple(Thing(**thing) for thing in scene["things"])
        yield Scene(scene["sky"], scene["ground"], things, scene["variant"])
