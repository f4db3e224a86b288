"""Keeps the pictures of a split as a store under the downloads, built once."""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cmlearn.data.captioned import CaptionedImage, CaptionedPictures
from cmlearn.data.folders import downloads_folder
from cmlearn.data.images import ImageError
from cmlearn.data.store import StoreError, build_store, open_store

VERSION = 1  # of how a file becomes a square; another one builds every store anew
LEFT_AFTER = 3600  # seconds after which half a store belongs to nobody any more
NAMED = 3  # damaged pictures that a warning names


def keep_pictures(
    items: Sequence[CaptionedImage],
    name: str,
    size: int,
    *,
    folder: Path | None = None,
    progress: bool = True,
) -> CaptionedPictures:
    """Return the pictures of files as squares of one size, from disk if they were made before.

    The files that are written carry a fingerprint of the pictures' ids, names, lengths and times
    of change: a changed picture is read again, a folder that was moved is not. Pictures that
    are damaged are left out with one warning, their captions with them.

    Args:
        items: captioned pictures on disk.
        name: what the set is called, such as "coco/train".
        size: side of the squares, in pixels.
        folder: where the store lies; by default `data/downloads/pictures`.
        progress: show a bar while building, on stderr.

    Raises:
        ValueError: no pictures, or `size` is less than 1.
        ImageError: more than half of the pictures cannot be read.
        OSError: the store cannot be written.
    """
    if not items or size < 1:
        raise ValueError(f"{name}: needs pictures and a size ≥ 1, got {len(items)} and {size}")
    stem = f"{name.replace('/', '-')}-{size}-{fingerprint(items)[:16]}"
    store = (folder or downloads_folder() / "pictures") / f"{stem}.npy"
    found = _open(store, len(items))
    images, left_out = found or _build(items, store, name, size, progress)
    if left_out:
        _warn(name, store, left_out, len(items))
    kept = [item for row, item in enumerate(items) if row not in left_out]
    return CaptionedPictures(
        name=name,
        images=images,
        captions=tuple(item.captions for item in kept),
        image_ids=tuple(item.image_id for item in kept),
    )


def fingerprint(items: Sequence[CaptionedImage]) -> str:
    """Return a SHA-256, in hex, of what tells these files from others without reading them."""
    digest = hashlib.sha256(f"version {VERSION}".encode())
    for item in items:
        try:
            about = item.path.stat()
            length, changed = about.st_size, about.st_mtime_ns
        except OSError:
            length, changed = 0, 0
        digest.update(f"\n{item.image_id} {item.path.name!r} {length} {changed}".encode())
    return digest.hexdigest()


def _build(
    items: Sequence[CaptionedImage], store: Path, name: str, size: int, progress: bool
) -> tuple[np.ndarray, dict[int, str]]:
    _remove_leftovers(store.parent)
    left_out: dict[int, str] = {}
    hidden = {} if progress else {"disable": True}  # leaves TQDM_DISABLE its say
    bar = tqdm(items, desc=f"making {name} {size} x {size}", mininterval=0.5, **hidden)
    paths = (item.path for item in bar)
    # Aside, until it is known which rows it has.
    aside = store.with_name(f"{store.stem}.{os.getpid()}.npy")
    try:
        build_store(paths, aside, size, len(items), progress=False, left_out=left_out)
        if 2 * len(left_out) > len(items):
            raise ImageError(
                f"{len(left_out)} of {len(items)} pictures cannot be read, such as: "
                f"{next(iter(left_out.values()))}"
            )
        _rows(store).write_text(json.dumps(left_out, indent=1), "utf-8")
        os.replace(aside, store)
    finally:
        aside.unlink(missing_ok=True)
    return open_store(store), left_out


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left; a younger file may be one that grows now."""
    for leftover in folder.glob("*.partial"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFT_AFTER:
                leftover.unlink()


def _open(store: Path, count: int) -> tuple[np.ndarray, dict[int, str]] | None:
    """What was built before; None where something is missing, cut off, or something else."""
    try:
        images = open_store(store)
        left_out = {
            int(row): str(why) for row, why in json.loads(_rows(store).read_bytes()).items()
        }
    except (OSError, StoreError, ValueError, AttributeError):
        return None
    whole = len(images) + len(left_out) == count and left_out.keys() <= set(range(count))
    return (images, left_out) if whole else None


def _rows(store: Path) -> Path:
    return store.with_suffix(".left_out.json")


def _warn(name: str, store: Path, left_out: dict[int, str], count: int) -> None:
    first = "; ".join([*left_out.values()][:NAMED])
    more = f"; and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
    warnings.warn(
        f"{name}: {len(left_out)} of {count} pictures cannot be read and are left out: {first}"
        f"{more}. Once they are mended, delete {store} to read them again",
        stacklevel=4,
    )
