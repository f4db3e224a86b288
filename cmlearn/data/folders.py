"""Paths of the data folders."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "CMLEARN_HOME"


def data_folder() -> Path:
    """Return the folder that CMLEARN_HOME names, or `data/` in the repository."""
    named = os.environ.get(HOME_VARIABLE)
    return Path(named).expanduser() if named else Path(__file__).parents[2] / "data"


def checkpoint_folder() -> Path:
    """Return the folder of the trained models that ship with the course."""
    return Path(__file__).parents[2] / "data" / "checkpoints"


def downloads_folder() -> Path:
    """Return the folder for generated and downloaded data, which git ignores."""
    return data_folder() / "downloads"


def own_checkpoint_folder() -> Path:
    """Return the folder of the models that users train on their own data, which git ignores."""
    return downloads_folder() / "checkpoints"
