"""Notebook 10 on the three real data sets: they load, train and retrieve.

It runs from a temporary folder with tiny budgets, on photographs that lie beside the checkout. What
it executed there holds photographs, and goes when the test ends.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from cmlearn.data.folders import downloads_folder
from cmlearn.data.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    centre_crop,
    load_image,
    normalise,
    resize,
    to_tensor,
)
from cmlearn.data.photos.coco import read_coco
from cmlearn.data.photos.flickr import read_token_file
from cmlearn.data.photos.sample import draw_sample
from cmlearn.evaluation.caption_metrics.cider import cider_d
from cmlearn.evaluation.retrieval import nearest_neighbours
from cmlearn.models.resnet import prepare
from cmlearn.pretrained.imagenet import load_imagenet_weights
from cmlearn.text.cleaning import tokenize
from cmlearn.training.feature_cache import precompute_features
from tools.run import run_notebooks

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "10_real_photographs.ipynb"
WEIGHTS = "weights/resnet18_imagenet_quantised_fp16.pth"
QUICK = {
    "STEPS": 8,
    "BATCH_SIZE": 8,
    "PHOTO_SIZE": 96,
    "LIMIT": 30,
    "MIN_COUNT": 2,
    "FOLDERS": (4, 8),
}

pytestmark = pytest.mark.filterwarnings("ignore:.*are left out")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for what the notebook keeps; what is drawn already need not be drawn again."""
    drawn = [draw_sample(), downloads_folder() / "storybook"]
    folder = tmp_path_factory.mktemp("home")
    (folder / "downloads").mkdir()
    for each in drawn:
        (folder / "downloads" / each.name).symlink_to(each, target_is_directory=True)
    return folder


def as_it_is(real: Path, name: str, folder: Path) -> Path:
    return real / name


def with_lists_of_what_is_there(real: Path, name: str, folder: Path) -> Path:
    """Flickr30k with a split of its own: of our 24 photographs none is in the official training."""
    source = real / name
    for each in ("flickr30k-images", "results_20130124.token.gz"):
        (folder / each).symlink_to(source / each)
    listed = read_token_file(source / "results_20130124.token.gz")
    names = [path.name for path in sorted((source / "flickr30k-images").iterdir())]
    names = [name for name in names if name in listed]
    for part, chosen in {"train": names[8:], "val": names[:4], "test": names[4:8]}.items():
        (folder / f"{part}.txt").write_text("\n".join(chosen))
    return folder


@pytest.mark.parametrize(
    ("name", "where", "counts"),
    [
        ("coco", as_it_is, (12, 26, 30)),
        ("flickr8k", as_it_is, (16, 8, 8)),
        ("flickr30k", with_lists_of_what_is_there, (16, 4, 4)),
    ],
)
def test_the_notebook_runs_on(
    name: str,
    where: Callable[[Path, str, Path], Path],
    counts: tuple[int, int, int],
    real: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CMLEARN_HOME", str(home))
    monkeypatch.delenv("CMLEARN_DATA", raising=False)
    data = f"{name}:{where(real, name, tmp_path)}"
    parameters = {"DATA": data, "WEIGHTS": str(real / WEIGHTS), **QUICK}
    (run,) = run_notebooks([NOTEBOOK], into=tmp_path / "executed", parameters=parameters)
    assert run.failure == ""
    printed = "".join(
        output.text
        for cell in nbformat.read(tmp_path / "executed" / NOTEBOOK.name, as_version=4).cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )
    assert f"data: {name}\n" in printed
    assert "weights: ImageNet; pictures of 96 × 96" in printed
    train, val, test = counts
    assert f"{{'train': {train}, 'val': {val}, 'test': {test}}}" in printed
    assert f"grid ({test}, 256, 6, 6) pooled ({test}, 512) float16" in printed
    assert run.headline.endswith(f"({name})")


def test_without_weights_it_says_what_stands_in(
    real: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the first cells: no network, no file, and still no traceback."""
    monkeypatch.setenv("CMLEARN_HOME", str(home))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "no_network"), prepend=":")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    last = next(n for n, cell in enumerate(notebook.cells) if "load_imagenet_w" in cell.source)
    last = next(
        n
        for n, cell in enumerate(notebook.cells)
        if "pictures of {size}" in cell.source and n >= last
    )
    notebook.cells = notebook.cells[: last + 1]
    path = tmp_path / NOTEBOOK.name
    nbformat.write(notebook, path)
    parameters = {"DATA": f"flickr8k:{real / 'flickr8k'}"}
    (run,) = run_notebooks([path], into=tmp_path / "executed", parameters=parameters)
    assert run.failure == ""
    text = (tmp_path / "executed" / NOTEBOOK.name).read_text("utf-8")
    assert "ImageNet weights cannot be downloaded from" in text
    assert "the shipped Storybook ResNet-18 stands in" in text


# ── the features themselves, on the sixty photographs of val2017 ───────────────────────────────


@pytest.fixture(scope="module")
def photographs(real: Path) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    items = read_coco(real / "coco", "val2017")
    squares = [resize(centre_crop(load_image(item.path)), 160) for item in items]
    return np.stack(squares), [item.captions for item in items]


@pytest.fixture(scope="module")
def network(real: Path) -> torch.nn.Module:
    return load_imagenet_weights(real / WEIGHTS)


def agreement(rows: list[int], captions: list[tuple[str, ...]]) -> float:
    """CIDEr-D of a caption of each chosen picture, held against the other picture's people."""
    said = [tokenize(captions[row][0]) for row in rows]
    return cider_d(said, [[tokenize(caption) for caption in of[1:]] for of in captions])


def test_imagenet_features_retrieve_what_people_find_alike(
    photographs: tuple, network: torch.nn.Module, tmp_path: Path
) -> None:
    images, captions = photographs
    seen = precompute_features(network, prepare, images, "real", folder=tmp_path, progress=False)
    assert seen.grid.shape == (60, 256, 10, 10)
    assert seen.pooled.shape == (60, 512)
    assert seen.grid.dtype == seen.pooled.dtype == np.float16
    me = torch.arange(60)
    pooled = torch.tensor(seen.pooled).float()
    near = nearest_neighbours(pooled, pooled, 1, exclude=me)[:, 0].tolist()
    chance = [agreement([(n + shift) % 60 for n in range(60)], captions) for shift in (1, 7, 23)]
    assert agreement(near, captions) > 2 * max(chance)
    pixels = torch.tensor(images).flatten(1).float()
    by_pixels = nearest_neighbours(pixels, pixels, 1, exclude=me)[:, 0].tolist()
    assert agreement(near, captions) > 1.5 * agreement(by_pixels, captions)


def test_wrong_normalisation_makes_photographs_alike(
    photographs: tuple, network: torch.nn.Module
) -> None:
    images = torch.tensor(photographs[0])

    def alike(vectors: torch.Tensor) -> float:
        unit = torch.nn.functional.normalize(vectors, dim=1)
        return float((unit @ unit.T)[~torch.eye(60, dtype=torch.bool)].mean())

    def features(prepared: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return network.features(prepared)[1]

    right = features(prepare(images))
    never = features(to_tensor(images))
    twice = features(normalise(prepare(images), IMAGENET_MEAN, IMAGENET_STD))
    assert alike(right) < min(alike(never), alike(twice))
