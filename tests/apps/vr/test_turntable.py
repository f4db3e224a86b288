"""Turntables as GIF and as a strip."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cmlearn.apps.vr.turntable import orbit, turntable_frames, write_turntable
from cmlearn.apps.vr.world import compile_world
from tests.apps.vr.scenes import NIGHT


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    return turntable_frames(compile_world(NIGHT), 4, 48)


def test_the_camera_goes_once_around_the_middle():
    positions = np.stack([orbit(n / 8).position for n in range(8)])
    assert np.ptp(positions[:, 1]) == 0
    assert positions.mean(0)[[0, 2]] == pytest.approx([0, -13])
    assert positions[0, 2] > 0 > positions[4, 2]


def test_every_frame_is_another_side(frames):
    assert [frame.shape for frame in frames] == [(48, 48, 3)] * 4
    assert all(np.abs(a.astype(int) - b).mean() > 1 for a, b in zip(frames, frames[1:]))


def test_a_gif_turns_for_ever_and_a_png_is_a_strip(frames, tmp_path):
    write_turntable(tmp_path / "t.gif", frames)
    with Image.open(tmp_path / "t.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["loop"]) == (4, (48, 48), 0)
    write_turntable(tmp_path / "t.PNG", frames)
    with Image.open(tmp_path / "t.PNG") as png:
        assert np.array_equal(np.asarray(png), np.concatenate(frames, axis=1))


def test_another_ending_is_refused(frames, tmp_path):
    with pytest.raises(ValueError, match=r"film.mp4: a turntable is written as \.gif or \.png"):
        write_turntable(tmp_path / "film.mp4", frames)
    assert list(tmp_path.iterdir()) == []


def test_a_turntable_has_frames():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        turntable_frames(compile_world(NIGHT), 0)
