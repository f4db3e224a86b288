"""Notebooks 01 to 09, but 08, run on whatever folder is named: here small ones, with tiny budgets.

Cells that need the known truth are tagged, and must say so; every other cell must run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.photos.writers import write_as_coco, write_as_flickr8k
from cmlearn.data.storybook.dataset import scenes_of
from cmlearn.data.storybook.renderer import render
from tools import tidy
from tools.folders import NOTEBOOKS
from tools.parameters import DATA, KNOWN_TRUTH, parameters_of, tags_of
from tools.run import Run, run_notebooks

LIMIT = 24
STORYBOOK_ALONE = ("08",)  # needs to know what each picture shows
# What makes a notebook quick, by its number. A new one between 01 and 09 belongs here. Notebook 08
# needs to know what stickers show, and has no DATA.
QUICK: dict[str, dict[str, object]] = {
    "01": {"NUM_PICTURES": 20, "BATCH_SIZE": 4},
    "02": {"MIN_COUNT": 1, "EPOCHS": 1, "STEPS": 2, "SEEDS": (0,)},
    "03": {
        **dict.fromkeys(("SMALL_STEPS", "SIGMA_STEPS", "GLUED_STEPS", "STEPS", "PRIOR_STEPS"), 2),
        "BATCH_SIZE": 8,
    },
    "04": {"STEPS": 2, "BATCH_SIZE": 8, "DEPTHS": (2, 4), "DEPTH_STEPS": 2, "WIDTH": 16},
    "05": {"MIN_COUNT": 1, "STEPS": 2, "SHORT_STEPS": 6, "PROBE_STEPS": 2, "BATCH_SIZE": 8},
    "06": {"PICTURES": 20},
    "07": {"PICTURES": 20, "COPIES": 1},
    "09": {
        **dict.fromkeys(("RECALL_STEPS", "STEPS", "PROBE_STEPS"), 2),
        **{"LENGTHS": (2,), "WATCHED": (0, 1), "WATCHED_PICTURES": 8, "BATCH_SIZE": 8},
    },
}
ANY_DATA = [p for p in sorted(NOTEBOOKS.glob("0[1-9]_*.ipynb")) if p.name[:2] in QUICK]


# ── a small folder, with what real ones have: other sizes, one caption or seven ────────────────


def photographs(split: str, count: int, first_id: int) -> CaptionedPictures:
    """Pictures of all sizes with captions as people write them."""
    rng = np.random.default_rng(first_id)
    images, captions = np.empty(count, object), []
    for n, scene in enumerate(scenes_of(split)[:count]):
        height, width = rng.integers(70, 130, 2).tolist()
        images[n] = cv2.resize(render(scene, 128), (width, height))
        thing = scene.things[0]
        said = (
            f"A {thing.colour} {thing.kind} on the {scene.ground}.",
            f"Two dogs look at a {thing.size} {thing.kind}, at {scene.sky}",
            f"the {thing.colour} {thing.kind} is left of a man's bicycle\n",
            f"A woman with a {thing.kind} and a {thing.colour} umbrella on a street",
            "people who stand around",
            "Somebody is riding a horse over the snow by the water",
            "a big house",
        )
        captions.append(said[: 1 if n == 3 else 5 + n % 3])
    ids = tuple(range(first_id, first_id + count))
    return CaptionedPictures(split, images, tuple(captions), ids)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for what the notebooks keep, with the shipped checkpoints."""
    shipped = checkpoint_folder()
    folder = tmp_path_factory.mktemp("home")
    (folder / "checkpoints").symlink_to(shipped, target_is_directory=True)
    return folder


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("coco")
    parts = {"train2017": photographs("train", 32, 1), "val2017": photographs("val", 56, 1001)}
    return f"coco:{write_as_coco(parts, folder)}"


@pytest.fixture(scope="module")
def flickr8k(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("flickr8k")
    parts = {part: photographs(part, 28, first) for part, first in PARTS.items()}
    return f"flickr8k:{write_as_flickr8k(parts, folder)}"


PARTS = {"train": 1, "val": 1001, "test": 2001}


# ── the notebooks ──────────────────────────────────────────────────────────────────────────────


def run_on(data: str, path: Path, folder: Path, limit: int = LIMIT) -> Run:
    """Run one notebook quickly, in a folder of its own."""
    parameters = {DATA: data, "LIMIT": limit, **QUICK[path.name[:2]]}
    (run,) = run_notebooks([path], into=folder, parameters=parameters)
    return run


def tagged(path: Path) -> int:
    return sum(KNOWN_TRUTH in tags_of(cell) for cell in tidy.read(path).cells)


def test_every_notebook_from_01_to_09_but_the_gan_takes_any_data() -> None:
    paths = sorted(NOTEBOOKS.glob("0[1-9]_*.ipynb"))
    for path in (path for path in paths if path.name[:2] not in STORYBOOK_ALONE):
        missing = {DATA, "LIMIT"} - set(parameters_of(tidy.read(path)))
        assert not missing, f"{path.name} has no parameters {missing}"
        assert path.name[:2] in QUICK, f"{path.name}: say in QUICK what makes it quick"


@pytest.mark.parametrize("path", ANY_DATA, ids=lambda path: path.stem)
def test_on_coco(path: Path, coco: str, home: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("CMLEARN_HOME", str(home))
    run = run_on(coco, path, tmp_path)
    assert run.failure == ""
    assert run.num_skipped == tagged(path), "a cell tagged known-truth did not need it"


def test_on_flickr8k(flickr8k: str, home: Path, tmp_path: Path, monkeypatch) -> None:
    """The folders differ and the notebooks do not, so that one of them is enough."""
    monkeypatch.setenv("CMLEARN_HOME", str(home))
    run = run_on(flickr8k, ANY_DATA[0], tmp_path)
    assert (run.failure, run.num_skipped) == ("", tagged(ANY_DATA[0]))


@pytest.mark.parametrize("name", ["coco", "flickr8k"])
def test_on_real_photographs(
    name: str, real: Path, home: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("CMLEARN_HOME", str(home))
    run = run_on(f"{name}:{real / name}", ANY_DATA[0], tmp_path)
    assert (run.failure, run.num_skipped) == ("", tagged(ANY_DATA[0]))


# ── the tag that lets JupyterLab go on ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(("source", "passed"), [("print(3)", 2), ("print(4)", 1), ("1 / 0", 1)])
def test_cells_so_tagged_are_compared(tmp_path: Path, source: str, passed: int) -> None:
    """By nbval: another output fails there as everywhere, and so does an error."""
    cell = new_code_cell(source, execution_count=2, metadata={"tags": ["raises-exception"]})
    cell.outputs = [new_output("stream", name="stdout", text="3\n")]
    first = new_code_cell("x = 1", execution_count=1)
    path = tmp_path / "00_toy.ipynb"
    tidy.write(tidy.tidy(new_notebook(cells=[first, cell])), path)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", str(path)]
    outcome = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert f"{passed} passed" in outcome.stdout
    assert ("1 failed" in outcome.stdout) is (passed == 1)
