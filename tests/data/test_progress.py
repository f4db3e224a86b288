"""Tests of cmlearn.data.progress."""

import subprocess
import sys

import pytest

from cmlearn.data.progress import progress_bar


def test_shown_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress_bar("abc", desc="letters")) == ["a", "b", "c"]
    out, err = capsys.readouterr()
    assert out == ""
    assert "letters: 100%" in err


def test_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(total=3, show=False) as bar:
        bar.update(3)
    assert list(progress_bar("abc", show=False)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_the_variable_hides_what_the_code_would_show() -> None:
    code = "from cmlearn.data.progress import progress_bar; list(progress_bar('abc'))"
    for value, shown in (("1", False), ("", True)):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={"TQDM_DISABLE": value, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("3/3" in run.stderr) is shown
