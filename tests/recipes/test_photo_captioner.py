"""A captioner of photographs: trained on a tiny folder in Flickr8k's layout, kept, loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cmlearn.apps.photo_captions import checkpoint_path, find_checkpoint, load_image_captioner
from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.folders import checkpoint_folder, own_checkpoint_folder
from cmlearn.data.photos.writers import write_as_flickr8k
from cmlearn.data.source import Source
from cmlearn.models.captioner import PAD
from cmlearn.models.resnet import ResNet18, ResNetConfig
from cmlearn.recipes import photo_captioner
from cmlearn.recipes.photo_captioner import (
    PhotoRecipe,
    out_path,
    photo_batches,
    train_photo_captioner,
)
from cmlearn.training.checkpoint import CheckpointError, read_info, save_checkpoint

RECIPE = PhotoRecipe(
    image_size=64, cell_dim=8, embed_dim=8, hidden_dim=16, batch_size=4, warmup=2,
    evaluate_every=3, patience=100, max_steps=9, learning_rate=1e-2,
)  # fmt: skip


def pictures(part: str, count: int, first_id: int) -> CaptionedPictures:
    """Plain colours, and one to three captions that name them."""
    rng = np.random.default_rng(first_id)
    names = ("red", "green", "blue")
    shown = rng.integers(3, size=count)
    images = np.zeros((count, 70, 90, 3), np.uint8)
    images[np.arange(count), ..., shown] = 200
    texts = ("A {} wall.", "the wall is {}", "somebody painted it {} , all of it")
    captions = tuple(
        tuple(text.format(names[colour]) for text in texts[: 1 + n % 3])
        for n, colour in enumerate(shown)
    )
    return CaptionedPictures(part, images, captions, tuple(range(first_id, first_id + count)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parts = {
        part: pictures(part, count, first)
        for part, count, first in (("train", 14, 1), ("val", 5, 101), ("test", 2, 201))
    }
    return write_as_flickr8k(parts, tmp_path_factory.mktemp("flickr8k"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny ResNet-18 that nobody trained."""
    path = tmp_path_factory.mktemp("encoder") / "tiny"
    torch.manual_seed(0)
    network = ResNet18(ResNetConfig(num_labels=2, width=4))
    save_checkpoint(path, network, network.config, recipe={}, seed=0, scores={})
    return f"{path}.safetensors"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CMLEARN_DEVICE", "cpu")
    return tmp_path / "home"


@pytest.fixture
def train(folder: Path, encoder: str) -> Callable:
    def run(out: str | Path, recipe: PhotoRecipe = RECIPE, **options: object):
        source = Source("flickr8k", folder)
        options = {"encoder": encoder, "progress": False, "recipe": recipe, **options}
        return train_photo_captioner(source, out, **options)

    return run


def kept(path: Path) -> list[bytes]:
    return [path.with_name(f"{path.name}.{end}").read_bytes() for end in ("safetensors", "json")]


def test_it_is_kept_by_name_with_all_that_it_takes(train: Callable) -> None:
    info = train("mine", seed=3)
    path = own_checkpoint_folder() / "mine"
    assert read_info(path) == info
    assert find_checkpoint("mine") == find_checkpoint(None) == path
    assert info.seed == 3
    assert info.scores.keys() == {"val_CIDEr-D", "val_BLEU-4", "val_scored"}
    counted = ("data", "train_images", "val_images", "train_captions", "steps")
    assert [info.recipe[name] for name in counted] == ["flickr8k", 14, 5, 27, 9]
    assert info.recipe["best_step"] in (3, 6, 9)
    assert info.recipe["encoder_sha256"] == read_info(path.with_name("mine.encoder")).sha256
    assert info.vocabulary is not None and "wall" in info.vocabulary
    assert not path.with_name("mine.partial").exists()
    image = np.full((30, 50, 3), 200, np.uint8)
    model = load_image_captioner(path)
    assert model.caption([image, image[:, :40]]) == model.caption([image]) * 2


def test_the_captions_of_a_file_are_those_of_the_training(train: Callable, folder: Path) -> None:
    """The same preprocessing and features: the scores of the checkpoint come out again."""
    from cmlearn.data.images import load_image
    from cmlearn.data.photos.flickr import read_flickr
    from cmlearn.evaluation.caption_metrics.cider import cider_d
    from cmlearn.text.cleaning import tokenize

    info = train("mine", replace(RECIPE, max_steps=60, evaluate_every=20, dropout=0.0))
    items = read_flickr(folder, "val")
    model = load_image_captioner(find_checkpoint("mine"))
    told = [tokenize(text) for text in model.caption([load_image(item.path) for item in items])]
    references = [[tokenize(text) for text in item.captions] for item in items]
    assert cider_d(told, references) == pytest.approx(info.scores["val_CIDEr-D"], abs=1e-3)
    assert info.scores["val_CIDEr-D"] > 1  # it names walls and colours


def test_a_killed_training_ends_with_the_same_bytes(
    train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    train("whole")
    step = photo_captioner._Training._step

    def killed(self, batch) -> None:
        if self.step == 7:  # after the evaluation at 6
            raise KeyboardInterrupt
        step(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(photo_captioner._Training, "_step", killed)
        with pytest.raises(KeyboardInterrupt):
            train("killed")
    partial = own_checkpoint_folder() / "killed.partial"
    assert json.loads((partial / "state.json").read_text())["step"] == 6
    assert sorted(path.name for path in partial.glob("step-*")) == ["step-6.safetensors"]
    with pytest.raises(ValueError, match=r"another seed.*--force"):
        train("killed", seed=1)
    steps = []
    monkeypatch.setattr(
        photo_captioner._Training, "_step", lambda self, b: (step(self, b), steps.append(self.step))
    )
    train("killed")
    assert steps == [7, 8, 9]
    own = own_checkpoint_folder()
    assert kept(own / "killed") == kept(own / "whole")


def test_it_stops_without_a_better_score(train: Callable) -> None:
    info = train("mine", replace(RECIPE, learning_rate=0.0, patience=2, max_steps=90))
    assert (info.recipe["best_step"], info.recipe["steps"]) == (3, 9)


def test_it_stops_after_the_minutes(train: Callable) -> None:
    assert train("mine", replace(RECIPE, max_steps=90), minutes=0).recipe["steps"] == 3


def test_an_existing_checkpoint_is_replaced_by_force_alone(train: Callable) -> None:
    train("mine")
    before = kept(own_checkpoint_folder() / "mine")
    with pytest.raises(FileExistsError, match=r"mine\.json exists: .*--force"):
        train("mine", seed=5)
    assert kept(own_checkpoint_folder() / "mine") == before
    assert train("mine", seed=5, force=True).seed == 5


@pytest.mark.parametrize("out", ["storybook", str(checkpoint_folder() / "captioner")])
def test_a_shipped_checkpoint_is_never_replaced(out: str) -> None:
    with pytest.raises(ValueError, match="--out"):
        out_path(out, force=True)


def test_an_encoder_that_is_missing_or_another(train: Callable, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.pth"):
        train("mine", encoder=str(tmp_path / "nothing.pth"))
    train("mine")
    path = own_checkpoint_folder() / "mine"
    other = ResNet18(ResNetConfig(num_labels=2, width=4))
    save_checkpoint(f"{path}.encoder", other, other.config, recipe={}, seed=0, scores={})
    with pytest.raises(CheckpointError, match="not the image encoder that mine was trained with"):
        load_image_captioner(path)


def test_without_a_network_the_message_names_the_option(
    train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline() -> None:
        raise ConnectionError("cannot be downloaded")

    monkeypatch.setattr(photo_captioner, "load_imagenet_weights", offline)
    with pytest.raises(ConnectionError, match="cannot be downloaded.*--encoder FILE"):
        train("mine", encoder="resnet18")


def test_batches_continue_at_any_step_and_use_every_caption() -> None:
    grid = np.arange(7 * 2, dtype=np.float16).reshape(7, 2, 1, 1)
    tokens = torch.tensor([[[1, 4, 2, PAD], [1, 5, 6, 2]]]).repeat(7, 1, 1)
    tokens[:, :, 1] = torch.arange(14).view(7, 2) + 4

    def drawn(first: int, count: int) -> list[list]:
        stream = photo_batches(grid, tokens, 3, seed=1, first=first)
        return [[value.tolist() for value in next(stream).values()] for _ in range(count)]

    whole = drawn(0, 40)
    assert all(drawn(first, 5) == whole[first : first + 5] for first in (1, 2, 3, 8))
    assert {row[1] for _, texts in whole for row in texts} == set(range(4, 18))
    for features, texts in whole:  # each image with a caption of its own
        assert [row[1] // 2 - 2 for row in texts] == [f[0][0][0] // 2 for f in features]
        assert any(row[-1] != PAD for row in texts)  # no column of padding


def test_a_path_lies_where_it_says_and_a_name_among_ones_own(tmp_path: Path) -> None:
    assert checkpoint_path("mine") == own_checkpoint_folder() / "mine"
    assert checkpoint_path(f"{tmp_path}/mine.json") == tmp_path / "mine"
    assert checkpoint_path("./mine") == Path("mine")
