"""Tests of tools.spread."""

import pytest

from cmlearn.recipes import spread
from cmlearn.recipes.spread import read_spread
from tools.spread import measure_spread


def test_measured_scores_are_read_back(tmp_path, monkeypatch):
    monkeypatch.setitem(spread.TRAININGS, "captioner", lambda seed: {"true": 0.9 + seed / 100})
    path = tmp_path / "spread.json"
    path.write_text('{"other": {"true": [1.0]}}', "utf-8")
    assert measure_spread("captioner", path) == {"true": [0.9, 0.91, 0.92]}
    assert read_spread("captioner", path) == {"true": [0.9, 0.91, 0.92]}
    assert read_spread("other", path) == {"true": [1.0]}


def test_a_wrong_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="captioner"):
        measure_spread("gan9000", tmp_path / "spread.json")
    (tmp_path / "spread.json").write_text("{}", "utf-8")
    with pytest.raises(ValueError, match="tools spread captioner"):
        read_spread("captioner", tmp_path / "spread.json")
