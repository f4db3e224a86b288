"""Scenes of the tests, drawn by the renderer where the flow is not the point."""

from __future__ import annotations

from cmlearn.apps.vr.exhibits import Exhibit, exhibit_of
from cmlearn.data.storybook.renderer import render
from cmlearn.data.storybook.scene import Scene, Thing

NIGHT = Scene(
    "night",
    "grass",
    (
        Thing("house", "red", "big", 0),
        Thing("tree", "yellow", "small", 2),
        Thing("kite", "blue", "big", 1),
    ),
)
SEA = Scene(
    "sunset", "sea", (Thing("boat", "yellow", "big", 1), Thing("ball", "red", "small", 0)), 1
)
SENTENCES = {"a red house left of a yellow tree at night": NIGHT, "a red boat on the sea": SEA}


def exhibits() -> list[Exhibit]:
    """A right world, and one whose boat has another colour than was asked."""
    return [exhibit_of(text, render(scene), scene) for text, scene in SENTENCES.items()]
