"""The colours and the axes style that all figures share."""

from __future__ import annotations

from matplotlib.axes import Axes

INK = "#333344"  # text and outlines
MUTED = "#6a6a78"  # secondary text
PALE = "#9a9aa6"  # text that should recede
EDGE = "#c9c9d2"  # outlines of cells, leader lines
FAINT = "#e9e9ef"  # grid lines
CELL = "#f4f4f8"  # fill of a cell without a special meaning

BLUE, MID_BLUE, LIGHT_BLUE, PALE_BLUE = "#1d5fa8", "#7fb2e5", "#b9d6f2", "#d3e5f8"
RED, LIGHT_RED = "#b3261e", "#f9dedb"  # false, unknown
GREEN, LIGHT_GREEN = "#2c7a3f", "#cfe5c8"  # true
ORANGE = "#e8850c"  # visible on a night sky and on snow
DARK_ORANGE, LIGHT_ORANGE, PALE_ORANGE = "#c4622d", "#f2b36b", "#fbe3d0"
YELLOW, BROWN, PURPLE = "#f0b429", "#8a5a00", "#7b1fa2"

# Lines and groups; their brightness differs, too.
SERIES = (RED, BLUE, GREEN, BROWN, PURPLE, "#00757d", "#555566")


def label_axes(axes: Axes, title: str = "", x: str = "", y: str = "") -> None:
    """Set the title, at the left, and the axis labels; hide the top and right spines."""
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.set(xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
