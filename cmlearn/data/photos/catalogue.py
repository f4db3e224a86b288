"""Where each data set is to be had: by a program, or by asking for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cmlearn.data.folders import downloads_folder
from cmlearn.data.photos.archives import unpack
from cmlearn.data.photos.download import download

COCO = "http://images.cocodataset.org"


@dataclass(frozen=True)
class Archive:
    """An archive that anybody may fetch.

    Attributes:
        url: where it lies.
        size: its bytes.
        sha256: its checksum.
        holds: what is in it, for people.
    """

    url: str
    size: int
    sha256: str
    holds: str


# Lengths and checksums as TensorFlow Datasets keeps them (url_checksums/coco_captions.txt in
# https://github.com/tensorflow/datasets); torchdata and others have the same.
ARCHIVES: Mapping[str, Archive] = {
    "coco-annotations": Archive(
        f"{COCO}/annotations/annotations_trainval2017.zip",
        252_907_541,
        "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
        "captions of train2017 and val2017",
    ),
    "coco-val2017": Archive(
        f"{COCO}/zips/val2017.zip",
        815_585_330,
        "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
        "5,000 photographs",
    ),
    "coco-train2017": Archive(
        f"{COCO}/zips/train2017.zip",
        19_336_861_798,
        "69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929",
        "118,287 photographs",
    ),
    "coco-karpathy": Archive(
        "https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip",
        36_745_453,
        "4cfd70132527b80933105e5829dc9034eaab9573482e2e680abbab6130244817",
        "Karpathy's splits of COCO, Flickr8k and Flickr30k",
    ),
}
# What is enough to begin with; train2017 is 19 GB.
TOGETHER: Mapping[str, tuple[str, ...]] = {"coco": ("coco-annotations", "coco-val2017")}

BY_HAND: Mapping[str, str] = {
    "flickr8k": """Flickr8k cannot be fetched by a program: its photographs belong to who took them.
  1. Ask its authors: https://forms.illinois.edu/sec/1713398
     or, with an account, take the copy at https://www.kaggle.com/datasets/adityajn105/flickr8k
  2. Unpack into {folder}, so that it has
       Flicker8k_Dataset/ (or Images/) with the photographs,
       Flickr8k.token.txt (or captions.txt) with the captions,
       Flickr_8k.trainImages.txt, Flickr_8k.devImages.txt, Flickr_8k.testImages.txt;
     without these three, the split is our own
  3. Say so: CMLEARN_DATA=flickr8k:{folder}""",
    "flickr30k": """Flickr30k cannot be fetched by a program: its authors give it out on request.
  1. Fill in their form: https://forms.illinois.edu/sec/229675
     or, with an account, take https://www.kaggle.com/datasets/hsankesara/flickr-image-dataset
  2. Unpack into {folder}, so that it has
       flickr30k-images/ (or flickr30k_images/) with the photographs,
       results_20130124.token (or results.csv) with the captions,
       train.txt, val.txt, test.txt of https://github.com/BryanPlummer/flickr30k_entities;
     without these three, the split is our own
  3. Say so: CMLEARN_DATA=flickr30k:{folder}""",
}


class ByHandError(ValueError):
    """A data set that no program may fetch; the message says how people get it."""


def fetch(name: str, folder: Path | str | None = None, *, progress: bool = True) -> Path:
    """Fetch and unpack a data set, unless it was before; return its folder.

    Each archive is verified, unpacked and removed; a small file ARCHIVE.unpacked remembers it.

    Args:
        name: "coco" (its captions with val2017, 1.1 GB), or one of `ARCHIVES`.
        folder: where to; by default `data/downloads/coco`.
        progress: show bars, on stderr.

    Raises:
        ByHandError: it must be asked for; the message says where, and where to put it.
        ValueError: nothing of that name.
        DownloadError, ArchiveError, OSError: as `download` and `unpack` raise them.
    """
    if name in BY_HAND:
        chosen = Path(folder) if folder else downloads_folder() / name
        raise ByHandError(BY_HAND[name].format(folder=chosen.absolute()))
    if name not in {*ARCHIVES, *TOGETHER}:
        names = ", ".join([*TOGETHER, *ARCHIVES, *BY_HAND])
        raise ValueError(f"no data set {name!r}; there are {names}")
    folder = Path(folder) if folder else downloads_folder() / "coco"
    for each in TOGETHER.get(name, (name,)):
        _fetch_archive(ARCHIVES[each], folder, progress)
    return folder


def _fetch_archive(archive: Archive, folder: Path, progress: bool) -> None:
    path = folder / archive.url.rpartition("/")[2]
    marker = path.with_name(f"{path.name}.unpacked")
    if marker.is_file():
        return
    download(archive.url, path, size=archive.size, sha256=archive.sha256, progress=progress)
    count = unpack(path, folder, progress=progress)
    marker.write_text(f"{count} files of {archive.url}, SHA-256 {archive.sha256}\n", "utf-8")
    path.unlink()
