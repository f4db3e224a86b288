"""Paths of the data folders."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "CMLEARN_HOME"


def data_folder() -> Path:
    """Return the folder that CMLEARN_HOME names, or `data/` in the repository.

    Raises:
        ValueError: CMLEARN_HOME is a relative path, which would name another folder in each
            process, or begins with the home folder of an unknown user.
    """
    named = os.environ.get(HOME_VARIABLE)
    if not named:
        return Path(__file__).parents[2] / "data"
    folder = expand_user(named, f"{HOME_VARIABLE}={named}")
    if not folder.is_absolute():
        raise ValueError(
            f"{HOME_VARIABLE}={named} is a relative path, and notebooks run in another folder: "
            f"set {HOME_VARIABLE}={folder.absolute()}"
        )
    return folder


def expand_user(path: str, setting: str) -> Path:
    """Replace a leading ~ or ~NAME by the home folder of the user.

    Args:
        path: a path as the user typed it.
        setting: where it was typed, for the message.

    Raises:
        ValueError: there is no such user, or the home folder is unknown.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        name = path.partition("/")[0]
        raise ValueError(
            f"{setting}: there is no home folder for {name!r} in {path}: write the full path"
        ) from error


def checkpoint_folder() -> Path:
    """Return the folder of the trained models that ship with the course."""
    return Path(__file__).parents[2] / "data" / "checkpoints"


def downloads_folder() -> Path:
    """Return the folder for generated and downloaded data, which git ignores."""
    return data_folder() / "downloads"


def own_checkpoint_folder() -> Path:
    """Return the folder of the models that users train on their own data, which git ignores."""
    return downloads_folder() / "checkpoints"
