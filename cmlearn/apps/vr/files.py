"""Write worlds to files, for use without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cmlearn.apps.vr.exhibits import Exhibit
from cmlearn.apps.vr.gltf import to_glb
from cmlearn.apps.vr.turntable import check_ending, turntable_frames, write_turntable
from cmlearn.data.files import atomic_write

STRIP_FRAMES = 8  # of a turntable as a strip


def check_targets(out: Path | None, turntable: Path | None, force: bool) -> None:
    """Check the names of files before anything is drawn.

    Args:
        out: for the glTF, or None.
        turntable: for the turntable, or None.
        force: whether files that exist may be replaced.

    Raises:
        ValueError: a name has another ending than its format.
        FileExistsError: a file exists, and `force` is false.
    """
    if out is not None and out.suffix.lower() != ".glb":
        raise ValueError(f"--out {out}: the name of a binary glTF file ends in .glb")
    if turntable is not None:
        check_ending(turntable)
    for option, path in (("--out", out), ("--turntable", turntable)):
        if path is not None and path.exists() and not force:
            raise FileExistsError(
                f"{path} exists: choose another {option}, or add --force to replace it"
            )


def write_files(
    exhibits: Sequence[Exhibit], out: Path | None = None, turntable: Path | None = None
) -> list[Path]:
    """Write worlds as glTF and as a turntable, where a path is given.

    The turntables of several worlds turn side by side, or as rows of a strip.

    Returns:
        The files that were written.
    """
    worlds = [exhibit.world for exhibit in exhibits]
    if out is not None:
        with atomic_write(out) as partial:
            partial.write_bytes(to_glb(worlds, [exhibit.sentence for exhibit in exhibits]))
    if turntable is not None:
        strip = turntable.suffix.lower() == ".png"
        frames = [
            turntable_frames(w, STRIP_FRAMES) if strip else turntable_frames(w) for w in worlds
        ]
        axis = 0 if strip else 1
        write_turntable(turntable, [np.concatenate(each, axis=axis) for each in zip(*frames)])
    return [path for path in (out, turntable) if path is not None]
