"""Models: of the kind's proportions, in the colour, recognisable by their area of colour."""

from __future__ import annotations

import numpy as np
import pytest

from cmlearn.apps.vr.models import dimmed, model_of
from cmlearn.data.storybook.renderer import THING_RGB, render_thing
from cmlearn.data.storybook.scene import COLOURS, KINDS, SKY_KINDS, Thing


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_as_wide_and_high_as_the_drawing(kind):
    _, opacity = render_thing(Thing(kind, "red", "big", 1), 256)
    rows, columns = np.nonzero(opacity > 0.5)
    wanted = np.array([np.ptp(columns), np.ptp(rows)]) / (17 * 4)  # a big thing is 17 / 64 wide
    found = np.ptp(model_of(kind, "red").vertices[:, :2], axis=0)
    assert found == pytest.approx(wanted, abs=0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_stands_on_the_ground(kind):
    low = model_of(kind, "red").vertices[:, 1].min()
    assert low < -0.3 if kind in SKY_KINDS else low == pytest.approx(0, abs=0.04)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_model_has_its_colour(kind, colour):
    mesh = model_of(kind, colour)
    assert (mesh.colours == THING_RGB[colour]).all(1).sum() >= 12  # a box
    assert mesh.size < 1200, "too many triangles for a software renderer"


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_has_depth(kind):
    assert np.ptp(model_of(kind, "red").vertices[:, 2]) > 0.15


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError, match="dragon"):
        model_of("dragon", "red")


def test_dimming():
    assert dimmed((100, 50, 9), 50) == (50, 25, 4)
