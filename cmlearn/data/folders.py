"""Where the course keeps its data."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "CMLEARN_HOME"


def data_folder() -> Path:
    """The folder `data/` of the checkout, or what the variable CMLEARN_HOME names."""
    named = os.environ.get(HOME_VARIABLE)
    return Path(named).expanduser() if named else Path(__file__).parents[2] / "data"


def checkpoint_folder() -> Path:
    """Where the trained models lie that ship with the course."""
    return Path(__file__).parents[2] / "data" / "checkpoints"


def downloads_folder() -> Path:
    """Where data goes that is drawn or fetched; git ignores it."""
    return data_folder() / "downloads"
