"""Tests of cmlearn.data.images."""

import os

import pytest

from cmlearn.data.images import silenced


def test_only_the_block_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with silenced():
        os.write(2, b"within ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_an_error_ends_the_silence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), silenced():
        1 / 0  # noqa: B018
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
