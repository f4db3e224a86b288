"""Each recipe runs from data to checkpoint, on a slice of the data and for two steps."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from cmlearn.recipes import registry
from cmlearn.recipes.registry import RECIPES, Recipe, train
from cmlearn.training import runtime
from cmlearn.training.checkpoint import read_info
from tests.second_device import second_device


def shortened(recipe: Recipe) -> Recipe:
    few = {"steps": 2, "batch_size": 8} | (
        {"prior_steps": 2} if hasattr(recipe.settings, "prior_steps") else {}
    )
    if hasattr(recipe.settings, "fast"):  # of a flow; the pretended device cannot be timed
        few |= {"fast": False, "dim": 32, "num_blocks": 1}
    if hasattr(recipe.settings, "questions"):
        few |= {"questions": 20_000}  # two for each image
    return replace(recipe, settings=replace(recipe.settings, **few))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_ends_in_a_checkpoint(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = shortened(RECIPES[name])
    monkeypatch.setattr(registry, "RECIPES", {name: recipe})
    train(name, tmp_path, seed=3)
    info = read_info(tmp_path / name)
    assert info.seed == 3
    assert asdict(recipe.settings).items() <= info.recipe.items()
    assert info.scores and all(0 <= score <= 1 for score in info.scores.values())


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_takes_the_chosen_device(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "RECIPES", {name: shortened(RECIPES[name])})
    with second_device() as device:
        monkeypatch.setattr(runtime, "_device_counts", lambda: {device.type: 1, "cpu": 1})
        train(name, tmp_path, seed=3)
    info = read_info(tmp_path / name)
    assert info.recipe["device"] == device.type
    assert info.scores and all(0 <= score <= 1 for score in info.scores.values())


def test_a_wrong_name_lists_the_right_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="resnet18, vae, vae_bert, captioner"):
        train("gan9000", tmp_path)
