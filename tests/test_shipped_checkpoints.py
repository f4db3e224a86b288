"""The checkpoints that ship: whole, small, made by the recipes that stand here."""

from dataclasses import asdict

import pytest

from cmlearn.data.folders import checkpoint_folder
from cmlearn.recipes.registry import RECIPES
from cmlearn.training.checkpoint import read_info

LIMIT = 50e6  # bytes, all together; 40e6 when one edition of Storybook is left
SHIPPED = [name for name, recipe in RECIPES.items() if recipe.ships]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_checkpoint_ships_for_each_recipe(name):
    info = read_info(checkpoint_folder() / name)
    settings = {"split": "train", **asdict(RECIPES[name].settings)}
    assert info.recipe == settings, "the recipe was changed after this was trained"
    assert info.scores


def test_nothing_else_ships_and_all_are_small():
    files = sorted(checkpoint_folder().iterdir())
    assert {file.stem for file in files} == set(SHIPPED)
    assert sum(file.stat().st_size for file in files) < LIMIT
