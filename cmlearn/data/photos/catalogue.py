"""Download data sets, or explain how to request them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cmlearn.data.folders import downloads_folder
from cmlearn.data.photos.archives import unpack
from cmlearn.data.photos.download import download

COCO = "http://images.cocodataset.org"


@dataclass(frozen=True)
class Archive:
    """An archive that can be downloaded without registration.

    Attributes:
        url: address of the archive.
        size: size in bytes.
        sha256: checksum in hexadecimal.
        holds: description of the content.
    """

    url: str
    size: int
    sha256: str
    holds: str


# Sizes and checksums as recorded by TensorFlow Datasets (url_checksums/coco_captions.txt in
# https://github.com/tensorflow/datasets); torchdata has the same.
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
# Groups of archives that are fetched together; "coco" leaves out train2017, which has 19 GB.
TOGETHER: Mapping[str, tuple[str, ...]] = {"coco": ("coco-annotations", "coco-val2017")}

BY_HAND: Mapping[str, str] = {
    "flickr8k": """Flickr8k cannot be downloaded automatically: the photographers own its pictures.
  1. Request it from its authors: https://forms.illinois.edu/sec/1713398
     or, with an account, download https://www.kaggle.com/datasets/adityajn105/flickr8k
  2. Unpack into {folder}, so that it has
       Flicker8k_Dataset/ (or Images/) with the photographs,
       Flickr8k.token.txt (or captions.txt) with the captions,
       Flickr_8k.trainImages.txt, Flickr_8k.devImages.txt, Flickr_8k.testImages.txt;
     without these three, the course uses a random split
  3. Set CMLEARN_DATA=flickr8k:{folder}""",
    "flickr30k": """Flickr30k cannot be downloaded automatically: its authors provide it on request.
  1. Fill in their form: https://forms.illinois.edu/sec/229675
     or, with an account, download https://www.kaggle.com/datasets/hsankesara/flickr-image-dataset
  2. Unpack into {folder}, so that it has
       flickr30k-images/ (or flickr30k_images/) with the photographs,
       results_20130124.token (or results.csv) with the captions,
       train.txt, val.txt, test.txt of https://github.com/BryanPlummer/flickr30k_entities;
     without these three, the course uses a random split
  3. Set CMLEARN_DATA=flickr30k:{folder}""",
}


class ByHandError(ValueError):
    """A data set must be requested by hand; the message gives the steps."""


def fetch(name: str, folder: Path | str | None = None, *, progress: bool = True) -> Path:
    """Download and unpack a data set, unless an earlier call did and its files are still there.

    Each archive is verified, unpacked and removed. A file ARCHIVE.unpacked lists its files.

    Args:
        name: "coco" (captions and val2017, 1.1 GB), or a key of `ARCHIVES`.
        folder: the folder to write; by default `data/downloads/coco`.
        progress: show bars on standard error.

    Returns:
        The folder.

    Raises:
        ByHandError: the data set must be requested by hand; the message gives the steps.
        ValueError: the name is unknown.
        DownloadError: a download failed.
        ArchiveError: an archive is damaged.
        OSError: the folder cannot be written.
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
    if _all_there(marker, folder):
        return
    download(archive.url, path, size=archive.size, sha256=archive.sha256, progress=progress)
    unpack(path, folder, progress=progress)
    with zipfile.ZipFile(path) as opened:
        names = [info.filename for info in opened.infolist() if not info.is_dir()]
    about = f"# {archive.url}, SHA-256 {archive.sha256}"
    marker.write_text("\n".join([about, *names, ""]), "utf-8")
    path.unlink()


def _all_there(marker: Path, folder: Path) -> bool:
    """Tell whether every file that the marker lists is in the folder."""
    if not marker.is_file():
        return False
    names = marker.read_text("utf-8").splitlines()[1:]
    return bool(names) and all((folder / name).is_file() for name in names)
