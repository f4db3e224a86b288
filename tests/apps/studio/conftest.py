"""A tiny flow of random weights, and drawings of scenes that the renderer drew."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from benchmarks.studio_load import server
from cmlearn.apps.studio.drawing import Drawing, Settings
from cmlearn.apps.text_to_image import TextToImage
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing
from cmlearn.models.flow import Flow, FlowConfig
from cmlearn.text.vocabulary import Vocabulary

WORDS = Vocabulary.from_captions(
    ["two red houses and a tree in the snow at night left of a blue boat", "one ball on the sea"]
)
HOUSE = Thing("house", "red", "big", 0)
TREE = Thing("tree", "green", "small", 2)


@pytest.fixture(scope="session")
def tiny() -> TextToImage:
    torch.manual_seed(0)
    model = Flow(FlowConfig(len(WORDS), image_size=64, dim=8, num_blocks=1, num_heads=1))
    for weight in model.parameters():  # a new flow has zeros where captions would come in
        torch.nn.init.normal_(weight, std=0.3)
    return TextToImage(model.eval(), WORDS)


def drawing_of(sentence: str, *things: Thing, sky: str = "night", index: int = 0) -> Drawing:
    """A drawing as a perfect model would draw it."""
    scene = Scene(sky, "snow", things)
    return Drawing(Settings(sentence, index=index), render(scene), scene, "flow-test")


def unreadable(sentence: str, index: int = 0) -> Drawing:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return Drawing(Settings(sentence, index=index), noise, None, "flow-test")


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The address of a studio that runs in a process of its own."""
    with server() as (url, _):
        yield url
