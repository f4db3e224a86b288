"""`python -m cmlearn ask`, and the functions behind it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from cmlearn.__main__ import app
from cmlearn.apps import vqa
from cmlearn.apps.vqa import TrainedAnswerer, answer_questions, ask, ask_file
from cmlearn.data.images import ImageError
from cmlearn.data.storybook.programs import ANSWERS, Filter, Query
from cmlearn.data.storybook.questions import ask_about
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.models.vqa import VQA, VQAConfig
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.checkpoint import CheckpointError, save_checkpoint

SCENE = Scene("day", "sand", (Thing("house", "red", "big", 0), Thing("tree", "blue", "small", 2)))
WORDS = Vocabulary.from_captions(["what colour is the house?", "how many trees are there?"])
CONFIG = VQAConfig(len(WORDS), len(ANSWERS), 3, dim=16, num_blocks=1, num_heads=2, width=8)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return render(SCENE, 64)


@pytest.fixture
def file(picture, tmp_path) -> Path:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), picture[..., ::-1])
    return path


@pytest.fixture
def checkpoint(tmp_path, monkeypatch) -> Path:
    """Put an untrained network in place of the shipped one."""
    torch.manual_seed(0)
    path = tmp_path / "checkpoints" / vqa.CHECKPOINT
    path.parent.mkdir()
    about = {"recipe": {}, "seed": 0, "scores": {}}
    save_checkpoint(path, VQA(CONFIG), CONFIG, vocabulary=WORDS.to_list(), **about)
    monkeypatch.setattr(vqa, "checkpoint_folder", lambda: path.parent)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["ask", *map(str, arguments)], catch_exceptions=False)


def test_an_answer_has_its_program_scene_and_steps(picture):
    answer = ask(picture, "What color is the house")
    assert answer.text == "red"
    assert answer.program == Query("colour", Filter("house"))
    assert answer.scene.content == SCENE.content
    assert answer.steps == ("houses: one (a big red house)", "its colour: red")


@pytest.mark.parametrize(
    ("question", "text", "steps"),
    [
        ("what is left of the tree?", "house", 3),
        ("what colour is the boat?", "I cannot tell: there is no boat", 2),
        ("what is left of the house?", "I cannot tell: there is no thing left of the house", 3),
        ("what colour is the thing above the boat?", "I cannot tell: there is no boat", 2),
        ("are there more houses than trees?", "no", 3),
        ("how many things are there?", "two", 2),
        ("is it night?", "no", 1),
    ],
)
def test_each_step_is_named(picture, question, text, steps):
    answer = ask(picture, question)
    assert answer.text == text
    assert len(answer.steps) == steps and answer.steps[-1].endswith(f": {text}")


def test_a_larger_picture_that_is_not_square_is_cropped():
    wide = np.pad(render(SCENE, 128), ((0, 0), (40, 40), (0, 0)), mode="edge")
    assert ask(wide, "how many trees are there?").text == "one"


@pytest.mark.parametrize("shape", [(1, 3), (2, 4), (4, 2)])
def test_a_sheet_of_several_pictures_is_refused(picture, tmp_path, shape):
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.tile(picture, (*shape, 1)))
    with pytest.raises(ImageError, match=r"sheet of several pictures, not one.*--count 1"):
        ask_file(path, "is it night?")


def test_the_cure_for_an_unreadable_picture_draws_a_single_one(picture):
    sheet = np.tile(picture, (2, 2, 1))
    with pytest.raises(ValueError, match='draw-picture "a red house" --count 1'):
        ask(sheet, "is it night?")


def test_pictures_of_something_else_are_refused(picture):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="cannot be read as a Storybook scene"):
        ask(noise, "what colour is the house?")
    for wrong in (picture[..., 0], picture.astype(float), picture[None]):
        with pytest.raises(ValueError, match="uint8 expected"):
            ask(wrong, "what colour is the house?")


def test_the_network_answers_from_its_checkpoint(checkpoint, picture, file):
    model = TrainedAnswerer.load()
    reply = model.ask(picture, "What colour is the house?")
    assert reply in ANSWERS
    assert reply == model.ask_file(file, "what colour is the house")
    questions = ask_about(
        [SCENE] * 8 + [Scene("night", "sea", ())] * 8, 8, np.random.default_rng(0)
    )
    replies = answer_questions(model.model, WORDS, np.stack([picture] * 16), questions)
    assert len(replies) == 8 and {*replies} <= {*ANSWERS}
    with pytest.raises(ValueError, match="dog"):
        model.ask(picture, "what colour is the dog?")


def test_a_missing_checkpoint_says_how_to_train_it(checkpoint):
    checkpoint.with_suffix(".json").unlink()
    with pytest.raises(FileNotFoundError, match="python -m cmlearn train vqa"):
        TrainedAnswerer.load()


def test_a_vocabulary_that_does_not_fit_is_refused(checkpoint):
    about = {"recipe": {}, "seed": 0, "scores": {}}
    save_checkpoint(checkpoint, VQA(CONFIG), CONFIG, vocabulary=WORDS.to_list()[:-1], **about)
    with pytest.raises(CheckpointError, match="vocabulary"):
        TrainedAnswerer.load()


def test_the_command_answers_with_reasons(file):
    outcome = run(file, "what colour is the house?")
    assert outcome.exit_code == 0
    assert outcome.stdout.splitlines() == [
        "red",
        "  seen: two (a big red house, a small blue tree); day, sand",
        "  houses: one (a big red house)",
        "  its colour: red",
    ]


def test_the_command_asks_the_network(checkpoint, file):
    outcome = run(file, "what colour is the house?", "--model", "trained")
    assert outcome.stdout.strip() in ANSWERS


@pytest.mark.parametrize(
    ("name", "question", "message"),
    [
        ("missing.png", "what colour is the house?", "missing.png"),
        ("text.png", "what colour is the house?", "text.png: no picture of a known format"),
        ("noise.png", "what colour is the house?", "noise.png: the picture cannot be read"),
        ("picture.png", "", "The question is empty"),
        ("picture.png", "x" * 10_000, "10,000 signs"),
        ("picture.png", "какого цвета дом?", "another alphabet"),
        ("picture.png", "<script>", "without markup"),
        ("picture.png", "what colour is the dog?", '"dog" is not known'),
    ],
)
def test_a_wrong_input_is_named_in_one_line(file, name, question, message):
    (file.parent / "text.png").write_text("no picture")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(file.parent / "noise.png"), noise)
    outcome = run(file.parent / name, question)
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert message in outcome.stderr and outcome.stderr.count("\n") == 1


def test_the_public_functions_are_these(file):
    assert ask_file(file, "how many trees are there?").text == "one"
