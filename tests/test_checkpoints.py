"""The checkpoints that ship: whole, small, made by the recipes that stand here."""

import importlib

import pytest

from cmlearn import recipes
from cmlearn.data.folders import checkpoint_folder
from cmlearn.training.checkpoint import read_info

LIMIT = 50e6  # bytes, all together


@pytest.mark.parametrize("name", recipes.NAMES)
def test_a_checkpoint_ships_for_each_recipe(name):
    recipe = importlib.import_module(f"cmlearn.recipes.{name}")
    info = read_info(checkpoint_folder() / name)
    assert info.recipe["steps"] == recipe.STEPS, "the recipe was changed after this was trained"
    assert info.recipe["batch_size"] == recipe.BATCH_SIZE
    assert info.recipe["learning_rate"] == recipe.LEARNING_RATE
    assert info.scores


def test_nothing_else_ships_and_all_are_small():
    files = sorted(checkpoint_folder().iterdir())
    assert {file.stem for file in files} == set(recipes.NAMES)
    assert sum(file.stat().st_size for file in files) < LIMIT
