"""Measures the time and memory needed to read a folder as large as COCO's train2017.

    python benchmarks/many_pictures.py            118,287 pictures with 5 captions each
    python benchmarks/many_pictures.py 10000      fewer

The folder is simulated: one small JPEG under many names. The store made from it has its full size
(1.5 GB at 64 x 64). Both are deleted at the end.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import tracemalloc
from pathlib import Path
from time import perf_counter

from PIL import Image

from cmlearn.data.photos.coco import read_coco
from cmlearn.data.store import load_square_pictures

CAPTIONS = 5
SIZE = 64  # height and width in pixels


def simulate(folder: Path, count: int) -> Path:
    """Write a folder in COCO's layout; its `count` pictures are links to the same file."""
    ids = range(1, count + 1)
    entries = [
        {"id": 10 * i + j, "image_id": i, "caption": f"a caption of usual length, {i} {j}"}
        for i in ids
        for j in range(CAPTIONS)
    ]
    images = [{"id": i, "file_name": f"{i:012d}.jpg"} for i in ids]
    (folder / "annotations").mkdir(parents=True)
    (folder / "train2017").mkdir()
    file = folder / "annotations" / "captions_train2017.json"
    file.write_text(json.dumps({"images": images, "annotations": entries}), "utf-8")
    Image.new("RGB", (80, 60), "red").save(folder / "one.jpg")
    for image in images:
        os.symlink(folder / "one.jpg", folder / "train2017" / str(image["file_name"]))
    return folder


def main(count: int) -> None:
    """Read the captions, make the store, and print its size, time and peak memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = simulate(Path(name, "coco"), count)
        start = perf_counter()
        items = read_coco(folder, "train2017")
        tracemalloc.start()
        data = load_square_pictures(items, "many", SIZE, folder=Path(name, "store"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        seconds = perf_counter() - start
        print(
            f"{len(data):,} pictures, {data.images.nbytes / 1e6:,.0f} MB on disk, {seconds:.0f} s"
        )
        print(f"peak memory while making the store: {peak / 1e6:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 118_287)
