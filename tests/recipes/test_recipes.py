"""Each recipe runs from data to checkpoint, on a slice of the data and for two steps."""

import importlib
from functools import partial

import pytest

from cmlearn import recipes
from cmlearn.data.captioned import CaptionedPictures
from cmlearn.data.storybook import load_storybook
from cmlearn.recipes import captioner, eyes, vae
from cmlearn.training.checkpoint import read_info


def first_hundred(split: str) -> CaptionedPictures:
    whole = load_storybook(split)
    rows = slice(0, 100)
    return CaptionedPictures(
        whole.name, whole.images[rows], whole.captions[rows], whole.image_ids[rows],
        whole.scenes[rows] if whole.scenes else None,
    )  # fmt: skip


@pytest.mark.parametrize("name", [*recipes.NAMES, *recipes.UNSHIPPED])
def test_a_recipe_ends_in_a_checkpoint(name, tmp_path, monkeypatch):
    module = importlib.import_module(f"cmlearn.recipes.{name}")
    if name == "captioner_two_streams":
        module = captioner  # which does its work
    monkeypatch.setattr(module, "load_storybook", first_hundred)
    monkeypatch.setattr(eyes, "load_storybook", first_hundred)
    keep_here = partial(eyes.precompute_features, folder=tmp_path)  # not beside the real ones
    monkeypatch.setattr(eyes, "precompute_features", keep_here)
    monkeypatch.setattr(module, "STEPS", 2)
    monkeypatch.setattr(module, "BATCH_SIZE", 8)
    if name in ("vae", "vae_bert"):
        monkeypatch.setattr(module, "PRIOR_STEPS", 2)
        monkeypatch.setattr(vae, "load_storybook", first_hundred)  # of which the scores are
    recipes.train(name, tmp_path, seed=3)
    info = read_info(tmp_path / name)
    assert info.seed == 3
    assert info.recipe["steps"] == 2
    assert info.scores and all(0 <= score <= 1 for score in info.scores.values())


def test_a_wrong_name_lists_the_right_ones(tmp_path):
    with pytest.raises(ValueError, match="resnet18, vae, vae_bert, captioner"):
        recipes.train("gan9000", tmp_path)
