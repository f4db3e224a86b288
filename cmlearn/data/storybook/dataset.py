"""The Storybook data set, drawn on first use in the layout of COCO captions."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.files import remove_leftovers
from cmlearn.data.folders import HOME_VARIABLE, downloads_folder
from cmlearn.data.images import encode_png
from cmlearn.data.progress import progress_bar
from cmlearn.data.store import build_store, open_store
from cmlearn.data.storybook.captions import caption_scene
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing, sample_scene
from cmlearn.data.storybook.second_captions import caption_second_scene
from cmlearn.data.storybook.second_scenes import sample_second_scene

IMAGE_SIZE = 64  # pixels
YEAR = 2026
SEEDS = {1: 2026, 2: 20262}  # of each edition
FOLDERS = {1: "storybook", 2: "storybook2"}
STORE_HEADER = 128  # bytes of NumPy's header before the pixels


@dataclass(frozen=True)
class Split:
    """The size of a split and its expected checksums.

    Attributes:
        count: number of scenes.
        first_id: id of the first picture; ids are unique over all splits, as in COCO.
        pixels: SHA-256 of the concatenated pictures, as RGB bytes.
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

SECOND_SPLITS = {
    "train": Split(
        10_000,
        1,
        "3ddd40aaab64590082d1b7fb09125b3fb652fce102ec04b1ee11463e72f6402b",
        "cb4a8f02b817611df9d1a81001eb8aa803411709ae1b1c75bb067bfb9602d9f7",
    ),
    "val": Split(
        1_000,
        20_001,
        "4bdf7766f7a12e6f863c303ad7404cd00cbf6fa71e33abc1145a2259d1e4358a",
        "f788d5f036aae7385cf29c478946e5442398fd222d82e706eb004e5c04353e4a",
    ),
    "test": Split(
        1_000,
        30_001,
        "2cb3aad1b2d29f04c2862b8451ebfdb130dc41113e90c840af1e6246120eac64",
        "bd32f3df4c488eaf16fb6b6ecb3ffcd77a0392c4b6dff1082c0c5184ac6213fa",
    ),
    "novel": Split(
        1_000,
        40_001,
        "51542da13f727d2b41eb74ea03b6e781b8e2171b356389ae3ae53bcd2373bb52",
        "36dfe1695565f89139c88bcfa65e239f61e54035771629e61e6e631aff332779",
    ),
}


def load_storybook(split: str, folder: Path | None = None, edition: int = 1) -> CaptionedPictures:
    """Load one split of Storybook, and draw it first if it is missing.

    The second edition also has scenes with two or three things of one kind, and captions that
    count, list and leave open. The argument `edition` goes away as soon as every shipped model is
    trained on the second edition; there will then be no other.

    Args:
        split: "train", "val", "test" or "novel". The scenes of "novel" have pairs of kind and
            colour, or pairs of things (left, right), that no training scene has.
        folder: folder of the data set; by default `data/downloads/storybook`, and
            `data/downloads/storybook2` for the second edition.
        edition: 1 or 2.

    Returns:
        Pictures (N, 64, 64, 3) uint8 RGB, memory-mapped, with five captions each and the scenes.

    Raises:
        ValueError: the split or edition is unknown, or the drawing does not match its checksums.
        OSError: the folder cannot be written.
    """
    if split not in SPLITS:
        raise ValueError(f"split: must be one of {tuple(SPLITS)}, got {split!r}")
    if edition not in FOLDERS:
        raise ValueError(f"edition: must be one of {tuple(FOLDERS)}, got {edition!r}")
    folder = _folder(folder, edition)
    content = json.loads(_annotations_drawn(folder, split, edition))
    captions_by_id = defaultdict(list)
    for annotation in content["annotations"]:
        captions_by_id[annotation["image_id"]].append(annotation["caption"])
    image_ids = tuple(image["id"] for image in content["images"])
    return CaptionedPictures(
        name=f"{FOLDERS[edition]}/{split}",
        images=open_store(folder / f"{split}.npy"),
        captions=tuple(tuple(captions_by_id[image_id]) for image_id in image_ids),
        scenes=tuple(_scene(image["scene"]) for image in content["images"]),
        image_ids=image_ids,
    )


def draw_storybook(folder: Path | None = None) -> Path:
    """Draw the splits of the first edition that are missing.

    Each split is drawn into a temporary folder, verified, and moved into place. After an
    interruption, the next call draws that split again.

    Args:
        folder: folder of the data set; by default `data/downloads/storybook`.

    Returns:
        The folder.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
        ValueError: the drawing does not match its checksums.
    """
    folder = _folder(folder)
    for split in SPLITS:
        _annotations_drawn(folder, split)
    return folder


def picture_path(split: str, image_id: int, folder: Path | None = None) -> Path:
    """Return the path of a picture's PNG file.

    Args:
        split: name of the split.
        image_id: id of the picture.
        folder: folder of the data set; by default `data/downloads/storybook`.
    """
    return _folder(folder) / split / f"{image_id:012d}.png"


def _folder(folder: Path | None, edition: int = 1) -> Path:
    return Path(folder) if folder else downloads_folder() / FOLDERS[edition]


def _split(split: str, edition: int) -> Split:
    return (SPLITS if edition == 1 else SECOND_SPLITS)[split]


def _annotations_drawn(folder: Path, split: str, edition: int = 1) -> bytes:
    """Return the JSON of a split, and draw the split first if it is missing."""
    remove_leftovers(folder, "drawing-*")
    annotations = _read_whole(folder, split, edition)
    if annotations is None:
        with _clear_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            annotations = _draw_split(folder, split, edition)
    return annotations


@contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """Add a remedy to the message of an operating-system error."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full (about 250 MB are needed)" if full else error.strerror or str(error)
        raise OSError(
            error.errno,
            f"Storybook cannot be drawn into {folder}: {why}. Free disk space, make the folder "
            f"writable, or set the variable {HOME_VARIABLE} to another folder; then run this again",
        ) from error


def _read_whole(folder: Path, split: str, edition: int) -> bytes | None:
    """Return the JSON of a split, or None if the split is incomplete or changed."""
    expected, store = _split(split, edition), folder / f"{split}.npy"
    try:
        annotations = _annotation_path(folder, split).read_bytes()
        pictures = sum(entry.name.endswith(".png") for entry in os.scandir(folder / split))
        pixels = store.stat().st_size - STORE_HEADER
    except OSError:
        return None
    is_complete = (
        pictures == expected.count and pixels == expected.count * IMAGE_SIZE * IMAGE_SIZE * 3
    )
    is_unchanged = _sha256(annotations) == expected.annotations
    return annotations if is_complete and is_unchanged else None


def _sha256(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()


def _annotation_path(folder: Path, split: str) -> Path:
    return folder / "annotations" / f"captions_{split}.json"


# ── drawing ───────────────────────────────────────────────────────────────────────────────────


def _draw_split(folder: Path, split: str, edition: int) -> bytes:
    """Draw and verify a split; return its JSON."""
    scenes = scenes_of(split, edition)
    annotations = json.dumps(_annotations(split, scenes, edition), indent=0).encode()
    # `atomic_write` does not fit: a split is two files and a folder in different places.
    with tempfile.TemporaryDirectory(
        prefix="drawing-", dir=folder, ignore_cleanup_errors=True
    ) as name:
        aside = Path(name)
        pictures = _draw_pictures(aside, scenes, split)
        store = build_store(
            pictures, aside / f"{split}.npy", IMAGE_SIZE, len(scenes), progress=False
        )
        _compare(split, _sha256(store.data), _sha256(annotations), edition)
        del store  # Windows cannot move a memory-mapped file
        (aside / "captions.json").write_bytes(annotations)
        # Another process may have drawn it meanwhile.
        if _read_whole(folder, split, edition) is None:
            _move_into_place(aside, folder, split)
    return annotations


def _draw_pictures(aside: Path, scenes: tuple[Scene, ...], split: str) -> Iterator[np.ndarray]:
    """Render each scene, write its PNG, and yield the pixels."""
    (aside / split).mkdir()
    for i, scene in enumerate(progress_bar(scenes, desc=f"drawing {split}", unit="picture")):
        picture = render(scene, IMAGE_SIZE)
        path = picture_path(split, SPLITS[split].first_id + i, aside)
        path.write_bytes(encode_png(picture))
        yield picture


def _move_into_place(aside: Path, folder: Path, split: str) -> None:
    """Move a split into place, the annotations last, because they mark it as complete."""
    if (folder / split).exists():
        (folder / split).rename(aside / "replaced")
    (aside / split).rename(folder / split)
    os.replace(aside / f"{split}.npy", folder / f"{split}.npy")
    _annotation_path(folder, split).parent.mkdir(exist_ok=True)
    os.replace(aside / "captions.json", _annotation_path(folder, split))


def _compare(split: str, pixels: str, annotations: str, edition: int) -> None:
    expected = _split(split, edition)
    if (pixels, annotations) != (expected.pixels, expected.annotations):
        raise ValueError(
            f"Storybook's split {split!r} does not match its checksums (pixels {pixels[:12]}…, "
            f"annotations {annotations[:12]}…). Install the versions of NumPy and OpenCV in "
            "constraints.txt, and draw it again."
        )


@cache
def scenes_of(split: str, edition: int = 1) -> tuple[Scene, ...]:
    """Sample the scenes of a split from its seed.

    The test, val and train splits share no scene, not even one that differs only in jitter and
    variant.

    Args:
        split: name of the split.
        edition: 1 or 2.

    Returns:
        The scenes in the order of the picture ids.
    """
    before = {"val": ("test",), "train": ("test", "val")}.get(split, ())
    taken = {scene.content for name in before for scene in scenes_of(name, edition)}
    sample = sample_scene if edition == 1 else sample_second_scene
    rng = np.random.default_rng([SEEDS[edition], list(SPLITS).index(split)])
    scenes: list[Scene] = []
    while len(scenes) < _split(split, edition).count:
        scene = sample(rng, novel=split == "novel")
        if scene.content not in taken:
            scenes.append(scene)
    return tuple(scenes)


def _annotations(split: str, scenes: tuple[Scene, ...], edition: int = 1) -> dict[str, object]:
    """Build the JSON content in COCO's caption schema; each image also has its scene."""
    rng = np.random.default_rng([SEEDS[edition], list(SPLITS).index(split), 1])
    captions_of = caption_scene if edition == 1 else caption_second_scene
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for image_id, scene in enumerate(scenes, SPLITS[split].first_id):
        file_name = picture_path(split, image_id).name
        about = {"id": image_id, "file_name": file_name, "width": IMAGE_SIZE, "height": IMAGE_SIZE}
        images.append({**about, "scene": asdict(scene)})
        for caption in captions_of(scene, rng):
            number = len(annotations) + 10 * SPLITS[split].first_id
            annotations.append({"id": number, "image_id": image_id, "caption": caption})
    info = {"description": f"Storybook, split {split}", "version": str(edition), "year": YEAR}
    return {"info": info, "images": images, "annotations": annotations, "licenses": []}


def _scene(values: dict[str, Any]) -> Scene:
    """Rebuild a scene from the result of `dataclasses.asdict`."""
    things = tuple(Thing(**thing) for thing in values["things"])
    return Scene(values["sky"], values["ground"], things, values["variant"])
