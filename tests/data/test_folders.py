"""Tests of cmlearn.data.folders."""

from pathlib import Path

import pytest

from cmlearn.data.folders import checkpoint_folder, data_folder, downloads_folder


def test_in_the_checkout_by_default(monkeypatch, root):
    monkeypatch.delenv("CMLEARN_HOME", raising=False)
    assert data_folder() == root / "data"
    assert downloads_folder() == root / "data" / "downloads"


def test_the_variable_moves_data_but_not_what_ships(monkeypatch, root, tmp_path):
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path))
    assert downloads_folder() == tmp_path / "downloads"
    assert checkpoint_folder() == root / "data" / "checkpoints"
    monkeypatch.setenv("CMLEARN_HOME", "~/course")
    assert data_folder() == Path.home() / "course"


def test_a_relative_path_is_refused_with_the_full_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMLEARN_HOME", "rel")
    with pytest.raises(
        ValueError, match=f"^CMLEARN_HOME=rel is .* set CMLEARN_HOME={tmp_path}/rel$"
    ):
        downloads_folder()
    assert not (tmp_path / "rel").exists()


def test_an_unknown_user_is_named(monkeypatch):
    monkeypatch.setenv("CMLEARN_HOME", "~nosuchuser/course")
    with pytest.raises(ValueError, match="^CMLEARN_HOME=~nosuchuser/course: there is no home"):
        data_folder()
