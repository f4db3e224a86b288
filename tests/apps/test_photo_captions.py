"""`python -m cmlearn caption`: image files of any kind, with a captioner of random weights."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from cmlearn.__main__ import app
from cmlearn.apps import photo_captions
from cmlearn.data.folders import own_checkpoint_folder
from cmlearn.models.captioner import (
    Captioner,
    CaptionerConfig,
    PhotoCaptioner,
    PhotoCaptionerConfig,
)
from cmlearn.models.resnet import ResNet18, ResNetConfig
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import save_checkpoint

WORDS = Vocabulary.from_captions(["a red house at night", "a blue tree left of a big boat"])
SIZES = {"channels": 32, "num_cells": 4, "cell_dim": 3, "embed_dim": 7, "hidden_dim": 8}


def keep(name: str) -> Path:
    """Keep an untrained captioner and its encoder as a training does."""
    path = own_checkpoint_folder() / name
    torch.manual_seed(0)
    encoder = ResNet18(ResNetConfig(num_labels=2, width=4))
    about = {"seed": 0, "scores": {}}
    kept = save_checkpoint(f"{path}.encoder", encoder, encoder.config, recipe={}, **about)
    recipe = {"encoder_sha256": kept.sha256, "image_size": 64}
    model = PhotoCaptioner(PhotoCaptionerConfig(len(WORDS), **SIZES))
    with torch.no_grad():
        model.init_state.weight *= 20  # so that captions depend on the image
    save_checkpoint(path, model, model.config, vocabulary=WORDS.tokens, recipe=recipe, **about)
    return path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CMLEARN_DEVICE", "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path / "home"


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder as it lies on a disk: three kinds of images, and what is none."""
    folder = tmp_path / "photographs"
    (folder / "more.jpg").mkdir(parents=True)
    rng = np.random.default_rng(0)
    shapes = {"b.jpg": (60, 90, 3), "a.PNG": (300, 40), "c.webp": (64, 64, 3)}
    for name, shape in shapes.items():
        written = cv2.imencode(Path(name).suffix.lower(), rng.integers(256, size=shape, dtype="u1"))
        (folder / name).write_bytes(written[1].tobytes())
    (folder / ".hidden.jpg").write_bytes((folder / "b.jpg").read_bytes())
    (folder / "notes.txt").write_text("none")
    return folder


def caption(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["caption", *map(str, arguments)], catch_exceptions=False)


def test_a_folder_is_captioned_in_order_and_the_rest_counted(photographs: Path) -> None:
    keep("mine")
    outcome = caption(photographs)
    assert outcome.exit_code == 0, outcome.stderr
    lines = [line.split(": ") for line in outcome.stdout.splitlines()]
    assert [name for name, _ in lines] == [
        str(photographs / n) for n in ("a.PNG", "b.jpg", "c.webp")
    ]
    assert all(set(text.split()) <= set(WORDS.tokens[4:]) for _, text in lines)
    assert "captioner: mine\n" in outcome.stderr
    assert f"{photographs}: 3 entries passed over" in outcome.stderr


def test_a_damaged_image_is_named_and_the_others_captioned(photographs: Path) -> None:
    keep("mine")
    content = (photographs / "b.jpg").read_bytes()
    (photographs / "b.jpg").write_bytes(content[: len(content) // 2])
    missing = photographs / "nothing.jpg"
    outcome = caption(photographs / "c.webp", photographs / "b.jpg", missing, photographs / "a.PNG")
    assert outcome.exit_code == 1
    names = [Path(line.split(": ")[0]).name for line in outcome.stdout.splitlines()]
    assert names == ["c.webp", "a.PNG"]
    errors = [line for line in outcome.stderr.splitlines() if line.startswith("cmlearn: ")]
    assert all(name in line for name, line in zip(("b.jpg", "nothing.jpg"), errors, strict=True))


def test_json_has_what_the_lines_have(photographs: Path) -> None:
    keep("mine")
    lines = caption(photographs, "--beam", 2).stdout.splitlines()
    entries = json.loads(caption(photographs, "--beam", 2, "--json").stdout)
    assert [f"{entry['file']}: {entry['caption']}" for entry in entries] == lines


def test_the_same_caption_in_any_company(photographs: Path, monkeypatch) -> None:
    """A batch is a matter of speed alone."""
    keep("mine")
    together = caption(photographs).stdout
    monkeypatch.setattr(photo_captions, "BATCH_SIZE", 1)
    assert caption(photographs).stdout == together


def test_the_captioner_of_the_course_takes_any_image(photographs: Path) -> None:
    outcome = caption(photographs, "--checkpoint", "storybook")
    assert outcome.exit_code == 0, outcome.stderr
    assert len(outcome.stdout.splitlines()) == 3


def test_without_a_captioner_two_lines_say_how_to_get_one(photographs: Path) -> None:
    outcome = caption(photographs)
    assert outcome.exit_code == 1
    assert outcome.stderr.count("\n") == 2
    assert "python -m cmlearn train captioner --data" in outcome.stderr
    assert "--checkpoint storybook" in outcome.stderr


def test_of_several_one_is_to_be_chosen(photographs: Path) -> None:
    paths = [keep(name) for name in ("mine", "of_birds")]
    outcome = caption(photographs)
    assert outcome.exit_code == 1
    assert "--checkpoint: choose one of mine, of_birds" in outcome.stderr
    by_name = caption(photographs, "--checkpoint", "of_birds")
    by_path = caption(photographs, "--checkpoint", f"{paths[1]}.safetensors")
    assert by_name.exit_code == 0 and by_name.stdout == by_path.stdout


def test_a_checkpoint_that_cannot_caption(photographs: Path, tmp_path: Path) -> None:
    keep("mine")
    outcome = caption(photographs, "--checkpoint", "yours")
    assert "there is no captioner" in outcome.stderr and "yours are mine" in outcome.stderr
    model = Captioner(CaptionerConfig(len(WORDS), **SIZES))
    save_checkpoint(tmp_path / "bare", model, model.config, recipe={}, seed=0, scores={})
    outcome = caption(photographs, "--checkpoint", tmp_path / "bare")
    assert outcome.exit_code == 1
    assert "was not trained by `train captioner --data`" in outcome.stderr


def test_a_folder_without_images(tmp_path: Path) -> None:
    keep("mine")
    (tmp_path / "empty").mkdir()
    outcome = caption(tmp_path / "empty")
    assert outcome.exit_code == 1
    assert "no images in" in outcome.stderr
