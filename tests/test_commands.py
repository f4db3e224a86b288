"""`python -m cmlearn` and `make`: thin, and plain about what went wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cmlearn import __main__ as commands

ROOT = Path(__file__).resolve().parents[1]


def cmlearn(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "cmlearn", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def make(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    if shutil.which("make") is None:
        pytest.skip("no make here")
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def test_help_lists_the_commands():
    outcome = cmlearn("--help")
    assert outcome.returncode == 0
    for name in ("draw", "download", "train", "course", "regenerate", "readme", "picture"):
        assert f"\n    {name}" in outcome.stdout


def test_no_command_says_what_to_do():
    outcome = cmlearn()
    assert outcome.returncode == 2
    assert "COMMAND" in outcome.stderr


def test_a_wrong_notebook_is_one_line(capsys, monkeypatch, tmp_path):
    (tmp_path / "00_a.ipynb").touch()
    monkeypatch.setattr("tools.folders.find_notebooks.__defaults__", ((), tmp_path), raising=True)
    assert commands.main(["course", "42"]) == 1
    assert capsys.readouterr().err == "cmlearn: no notebook '42': there are 00\n"


def test_measuring_a_part_is_refused(capsys):
    assert commands.main(["course", "03", "--measure"]) == 1
    assert "measures the whole course" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ValueError("no such recipe"), OSError("disk full")])
def test_errors_for_readers_have_no_traceback(capsys, monkeypatch, error):
    def fail(options):
        raise error

    monkeypatch.setattr(commands, "_readme", fail)
    assert commands.main(["readme"]) == 1
    assert capsys.readouterr().err == f"cmlearn: {error}\n"


def test_an_interruption_is_no_traceback(capsys, monkeypatch):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_readme", interrupt)
    assert commands.main(["readme"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    def fail(options):
        raise TypeError("a bug")

    monkeypatch.setattr(commands, "_readme", fail)
    with pytest.raises(TypeError):
        commands.main(["readme"])


@pytest.mark.parametrize(("failure", "status"), [("", 0), ("cell 3: no", 1)])
def test_course_fails_when_a_notebook_does(capsys, monkeypatch, failure, status):
    from tools.run import Run

    runs = [Run("00_a", 1.0, 2.0, "3", failure)]
    monkeypatch.setattr("tools.folders.find_notebooks", lambda numbers: [])
    monkeypatch.setattr("tools.run.run_notebooks", lambda paths, **_: runs)
    assert commands.main(["course"]) == status
    assert commands.main(["regenerate"]) == status
    assert ("FAILED" in capsys.readouterr().out) is bool(failure)


def test_course_runs_on_other_data_in_a_folder_of_its_own(monkeypatch, tmp_path, capsys):
    from tools.run import Run

    asked = []

    def run(paths, **how):
        asked.append(([path.stem for path in paths], how))
        return [Run("01_a", 1.0, 2.0, "", passed_over=2)]

    monkeypatch.delenv("CMLEARN_DATA", raising=False)
    monkeypatch.setattr("tools.run.run_notebooks", run)
    monkeypatch.setattr("tools.folders.that_take_data", lambda paths: (paths[1:2], paths[:1]))
    assert commands.main(["course", "--data", f"coco:{tmp_path}", "--limit", "9"]) == 0
    ((names, how),) = asked
    assert names == ["01_preprocessing"]
    assert how["parameters"] == {"DATA": f"coco:{tmp_path}", "LIMIT": 9}
    assert how["into"].name == "notebooks_on_other_data"
    said = capsys.readouterr().out
    assert "00_start_here is about Storybook" in said
    assert "2 cells need the known truth" in said


def test_measuring_other_data_is_refused(capsys, monkeypatch, tmp_path):
    assert commands.main(["course", "--measure", "--data", f"coco:{tmp_path}"]) == 1
    assert commands.main(["course", "--measure", "--limit", "9"]) == 1
    monkeypatch.setenv("CMLEARN_DATA", f"coco:{tmp_path}")
    assert commands.main(["course", "--measure"]) == 1
    assert capsys.readouterr().err.count("on Storybook: leave") == 3


def test_draw_takes_a_folder(monkeypatch, tmp_path):
    storybook = pytest.importorskip("cmlearn.data.storybook.dataset")
    asked = []
    monkeypatch.setattr(storybook, "draw_storybook", asked.append)
    assert commands.main(["draw"]) == 0
    assert commands.main(["draw", "--folder", str(tmp_path)]) == 0
    assert asked == [None, tmp_path]


def test_download_says_how_to_use_what_came(capsys, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(
        "cmlearn.data.photos.catalogue._fetch_archive",
        lambda archive, *rest: asked.append(archive.url),
    )
    assert commands.main(["download", "coco", "--folder", str(tmp_path)]) == 0
    assert [url.rpartition("/")[2] for url in asked] == [
        "annotations_trainval2017.zip",
        "val2017.zip",
    ]
    assert f"CMLEARN_DATA=coco:{tmp_path}\n" in capsys.readouterr().out


def test_download_of_what_must_be_asked_for_fails_with_the_way(capsys, tmp_path):
    assert commands.main(["download", "flickr30k", "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "https://forms.illinois.edu/sec/229675" in said
    assert f"CMLEARN_DATA=flickr30k:{tmp_path}" in said
    assert commands.main(["download", "imagenet"]) == 1
    assert "no data set 'imagenet'; there are coco, coco-annotations" in capsys.readouterr().err


def test_make_alone_is_help():
    outcome = make()
    assert outcome.returncode == 0
    for target in ("lab", "course", "test", "clean"):
        assert f"make {target}" in outcome.stdout


def test_the_set_up_is_shared_and_done_once(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    ready = tmp_path / ".venv" / "ready"
    ready.parent.mkdir()
    ready.touch()
    assert "up to date" in make(".venv/ready", cwd=tmp_path).stdout
    for target in ("lab", "course", "test"):
        assert "pip install" not in make("-n", target, cwd=tmp_path).stdout
    ready.unlink()
    for target in ("lab", "course", "test"):
        told = make("-n", target, cwd=tmp_path).stdout
        assert (
            told.count("[test,site]") == told.count("--no-deps") == 1
        )  # the course; BERT's weights
        assert told.count("pip install") == 2


def test_an_old_python_is_named(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.8.1\nexit 1\n', "utf-8")
    old.chmod(0o755)
    outcome = make("lab", f"PYTHON={old}", cwd=tmp_path)
    assert outcome.returncode != 0
    assert "The course needs Python 3.11 to 3.13" in outcome.stdout
    assert "Python 3.8.1" in outcome.stdout
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_every_check():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.rstrip().endswith("make test")
    recipe = make("-n", "test").stdout
    for check in ("ruff check", "ruff format --check", "mypy", "pytest tests", "--nbval"):
        assert check in recipe
    assert "--nbval-lax" not in recipe
