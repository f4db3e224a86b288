"""Where in a picture a thing of Storybook is, as a box."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from cmlearn.data.render import cut_out
from cmlearn.data.scene import Thing


class Box(NamedTuple):
    """A rectangle in 64ths of the picture, from the left and from the top; ends not included."""

    left: int
    top: int
    right: int
    bottom: int


@cache  # there are some thousand different things, and to draw one takes a while
def thing_box(thing: Thing) -> Box:
    """Return the smallest box around every pixel that the thing covers by half or more."""
    _, opacity = cut_out(thing)
    rows, columns = np.nonzero(opacity >= 0.5)
    left, right = int(columns.min()), int(columns.max()) + 1
    return Box(left, int(rows.min()), right, int(rows.max()) + 1)
