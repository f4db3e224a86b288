"""Tests of `python -m cmlearn`, `python -m tools` and `make`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner, Result

from cmlearn.__main__ import MIN_LIMIT, app
from cmlearn.cli_helpers import example, new_app, suggest
from cmlearn.data.source import Source
from cmlearn.training.checkpoint import CheckpointInfo
from tools.__main__ import app as tools_app
from tools.run import Run

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "cmlearn": (
        "draw",
        "walk",
        "ask",
        "studio",
        "download",
        "train",
        "caption",
        "evaluate",
        "course",
        "doctor",
    ),
    "tools": (
        "regenerate",
        "readme",
        "scoreboard",
        "spread",
        "picture",
        "samples",
        "solved",
        "screenshot",
    ),
}
APPS = {"cmlearn": app, "tools": tools_app}
EACH_COMMAND = [(module, name) for module, names in COMMANDS.items() for name in names]


def run(*arguments: str, app: typer.Typer = app) -> Result:
    """A command in this process; an unexpected error is raised."""
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def make(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    if shutil.which("make") is None:
        pytest.skip("no make here")
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def app_that(work: Callable[[], object]) -> typer.Typer:
    """An app of two commands, the first of which does `work`."""
    made = new_app("For a test.", "python -m test")
    made.command("work")(work)
    made.command("rest")(lambda: None)
    return made


def raising(error: BaseException) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("module", COMMANDS)
def test_help_lists_the_commands_in_order(module):
    outcome = python("-m", module, "--help")
    assert outcome.returncode == 0, outcome.stderr
    assert f"Usage: python -m {module} " in outcome.stdout
    listed = outcome.stdout.partition("Commands:")[2]
    found = re.findall(r"^  (\w+)  .*$", listed, re.M)
    assert tuple(found) == COMMANDS[module]
    assert "..." not in listed, "a line is too long for 80 columns"


@pytest.mark.parametrize(("module", "name"), EACH_COMMAND)
def test_each_command_says_what_it_does_and_gives_an_example(module, name):
    page = run(name, "--help", app=APPS[module]).stdout
    first = page.split("\n")[2].strip()
    assert first.endswith("."), "the description is one sentence"
    assert re.search(rf"Example:\n    python -m {module} {name}\b", page)


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from cmlearn.__main__ import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print([name for name in ('torch', 'numpy', 'cv2', 'rich') if name in sys.modules])"
    )
    outcome = python("-c", code)
    assert outcome.stdout == "[]\n", outcome.stderr


def test_no_command_is_wrong_usage_and_shows_help():
    outcome = run()
    assert outcome.exit_code == 2
    assert "COMMAND" in outcome.stderr
    assert "download" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["curse"], "No such command 'curse'. Did you mean 'course'?"),
        (["spread"], "No such command 'spread'"),  # moved to `python -m tools`
        (["train"], "Missing argument"),
        (["course", "--limit", "many"], "Invalid value for '--limit'"),
        (["course", "--limit", "0"], "Invalid value for '--limit'"),
        (["draw", "--fodler", "x"], "No such option: --fodler"),
    ],
)
def test_wrong_usage_has_status_2(arguments, message):
    outcome = run(*arguments)
    assert outcome.exit_code == 2
    assert message in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["download", "cocoo"], "no data set 'cocoo'; there are coco,"),
        (["train", "resnet"], "no recipe 'resnet'; choose one of resnet18,"),
        (["course", "--data", "flickr8:/tmp"], "'flickr8:/tmp' names no data set: write storybook"),
    ],
)
def test_a_mistyped_name_gets_the_nearest_one(arguments, message):
    outcome = run(*arguments)
    nearest = {"download": "coco", "train": "resnet18", "course": "flickr8k"}[arguments[0]]
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("cmlearn: ")
    assert message in outcome.stderr
    assert outcome.stderr.endswith(f". Did you mean {nearest!r}?\n")


def test_a_mistyped_model_of_the_tools_gets_the_nearest_one():
    outcome = run("spread", "captoiner", app=tools_app)
    assert outcome.exit_code == 1
    assert outcome.stderr.endswith("Did you mean 'captioner'?\n")


def test_nothing_near_is_not_guessed_at():
    outcome = run("download", "imagenet")
    assert outcome.exit_code == 1
    assert "no data set 'imagenet'; there are coco, coco-annotations" in outcome.stderr
    assert "Did you mean" not in outcome.stderr


def test_an_error_about_a_right_name_gets_no_suggestion():
    with pytest.raises(ValueError, match=r"^the disk is full$"), suggest("vae", ["vae", "gan"]):
        raise ValueError("the disk is full")


def test_a_wrong_notebook_is_one_line(monkeypatch, tmp_path):
    (tmp_path / "00_a.ipynb").touch()
    monkeypatch.setattr("tools.folders.find_notebooks.__defaults__", ((), tmp_path))
    outcome = run("course", "42")
    assert outcome.exit_code == 1
    assert outcome.stderr == "cmlearn: no notebook '42': there are 00\n"


def test_measuring_a_part_is_refused():
    outcome = run("course", "03", "--measure")
    assert outcome.exit_code == 1
    assert "runs the whole course" in outcome.stderr


@pytest.mark.parametrize("error", [ValueError("no such recipe"), OSError("disk full")])
def test_errors_for_readers_have_no_traceback(error):
    outcome = run("work", app=app_that(raising(error)))
    assert outcome.exit_code == 1
    assert outcome.stderr == f"cmlearn: {error}\n"


def test_an_interruption_prints_no_traceback():
    outcome = run("work", app=app_that(raising(KeyboardInterrupt())))
    assert outcome.exit_code == 130
    assert outcome.stderr == "cmlearn: interrupted; run the command again to continue.\n"


def test_a_bug_keeps_its_traceback():
    with pytest.raises(TypeError, match="a bug"):
        run("work", app=app_that(raising(TypeError("a bug"))))


def test_a_traceback_is_python_s_own():
    code = (
        "from cmlearn.cli_helpers import new_app\n"
        "app = new_app('For a test.', 'x')\n"
        "@app.command()\ndef work(): raise TypeError('a bug')\n"
        "@app.command()\ndef rest(): pass\n"
        "app(['work'])"
    )
    outcome = python("-c", code)
    assert outcome.returncode == 1
    assert "Traceback (most recent call last)" in outcome.stderr
    assert outcome.stderr.endswith("TypeError: a bug\n")
    assert "─" not in outcome.stderr


def test_a_closed_pipe_is_no_error():
    outcome = run("work", app=app_that(raising(BrokenPipeError(32, "Broken pipe"))))
    assert outcome.exit_code == 1
    assert outcome.stderr == ""


def test_an_example_keeps_its_lines():
    made = new_app("For a test.", "python -m test")
    made.command("work", epilog=example("one " * 20, "two"))(lambda: None)
    made.command("rest")(lambda: None)
    page = run("work", "--help", app=made).stdout
    assert f"    {'one ' * 20}".rstrip() in page
    assert "\n    two" in page


def test_every_app_prints_errors_the_same_way():
    groups = [typer.main.get_command(each) for each in APPS.values()]
    assert len({type(group) for group in groups}) == 1
    assert type(groups[0]) is not TyperGroup


@pytest.mark.parametrize(("failure", "status"), [("", 0), ("cell 3: no", 1)])
def test_course_fails_when_a_notebook_does(monkeypatch, failure, status):
    runs = [Run("00_a", 1.0, 2.0, "3", failure)]
    monkeypatch.setattr("tools.folders.find_notebooks", lambda numbers: [])
    monkeypatch.setattr("tools.run.run_notebooks", lambda paths, **_: runs)
    for outcome in (run("course"), run("regenerate", app=tools_app)):
        assert outcome.exit_code == status
        assert ("FAILED" in outcome.stdout) is bool(failure)


def test_a_result_is_printed_whatever_the_encoding(tmp_path):
    code = (
        "from cmlearn.cli_helpers import new_app\n"
        "app = new_app('For a test.', 'x')\n"
        "@app.command()\ndef work(): print('text → image: 95 %')\n"
        "@app.command()\ndef rest(): raise ValueError('→')\n"
        "app()"
    )
    for encoding in ("cp1252", "ascii"):
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        outcomes = [
            subprocess.run(
                [sys.executable, "-c", code, command],
                cwd=ROOT,
                capture_output=True,
                env=environment,
                timeout=120,
                check=False,
            )
            for command in ("work", "rest")
        ]
        assert [outcome.returncode for outcome in outcomes] == [0, 1]
        assert outcomes[0].stdout == b"text ? image: 95 %\n"
        assert outcomes[1].stderr.startswith(b"cmlearn: ")


@pytest.mark.parametrize(("failure", "written"), [("", 1), ("cell 3: no", 0)])
def test_only_a_whole_course_is_measured(monkeypatch, failure, written):
    runs, kept = [Run("00_a", 1.0, 2.0, "3", failure)], []
    monkeypatch.delenv("CMLEARN_DATA", raising=False)
    monkeypatch.setattr("tools.run.run_notebooks", lambda paths, **_: runs)
    monkeypatch.setattr("tools.measured.write_measured", lambda *measured: kept.append(measured))
    run("course", "--measure")
    assert len(kept) == written


def test_course_runs_on_other_data_in_a_folder_of_its_own(monkeypatch, tmp_path):
    asked = []

    def run_notebooks(paths, **how):
        asked.append(([path.stem for path in paths], how))
        return [Run("01_a", 1.0, 2.0, "", num_skipped=2)]

    monkeypatch.delenv("CMLEARN_DATA", raising=False)
    monkeypatch.setattr("tools.run.run_notebooks", run_notebooks)
    monkeypatch.setattr("tools.folders.that_take_data", lambda paths: (paths[1:2], paths[:1]))
    outcome = run("course", "--data", f"coco:{tmp_path}", "--limit", "30")
    assert outcome.exit_code == 0
    ((names, how),) = asked
    assert names == ["01_preprocessing"]
    assert how["parameters"] == {"DATA": f"coco:{tmp_path}", "LIMIT": 30}
    assert how["into"].name == "notebooks_on_other_data"
    assert "00_start_here skipped" in outcome.stdout
    assert "2 cells skipped" in outcome.stdout


def test_measuring_other_data_is_refused(monkeypatch, tmp_path):
    refused = [
        run("course", "--measure", "--data", f"coco:{tmp_path}"),
        run("course", "--measure", "--limit", "30"),
    ]
    monkeypatch.setenv("CMLEARN_DATA", f"coco:{tmp_path}")
    refused.append(run("course", "--measure"))
    for outcome in refused:
        assert outcome.exit_code == 1
        assert "on Storybook: omit" in outcome.stderr


def test_a_limit_that_is_too_small_says_how_many_are_needed():
    outcome = run("course", "01", "06", "--limit", "5")
    assert outcome.exit_code == 1
    assert outcome.stderr == (
        f"cmlearn: --limit 5: the notebooks need at least {MIN_LIMIT} images per split\n"
    )


def test_course_needs_the_repository(monkeypatch, tmp_path):
    monkeypatch.setattr("cmlearn.__main__.CHECKOUT", tmp_path)
    outcome = run("course")
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("cmlearn: the notebooks are not part of the installed package")
    assert outcome.stderr.count("\n") == 1


def test_an_installed_package_alone_says_so(tmp_path):
    shutil.copytree(ROOT / "cmlearn", tmp_path / "cmlearn", ignore=lambda *_: ["__pycache__"])
    outcome = python("-m", "cmlearn", "course", cwd=tmp_path)
    assert outcome.returncode == 1
    assert "clone the repository" in outcome.stderr


def test_course_finds_its_tools_from_any_folder(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from cmlearn.__main__ import _find_tools\n"
        f"sys.path.remove({str(ROOT)!r})\n"
        "_find_tools(); import tools.run; print(tools.run.__file__)"
    )
    outcome = python("-P", "-c", code, cwd=tmp_path)
    assert Path(outcome.stdout.strip()) == ROOT / "tools" / "run.py", outcome.stderr


def test_draw_takes_a_folder(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("cmlearn.data.storybook.dataset.draw_storybook", asked.append)
    assert run("draw").exit_code == 0
    assert run("draw", "--folder", str(tmp_path)).exit_code == 0
    assert asked == [None, tmp_path]


def test_download_says_how_to_use_what_came(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(
        "cmlearn.data.photos.catalogue._fetch_archive",
        lambda archive, *rest: asked.append(archive.url),
    )
    outcome = run("download", "coco", "--folder", str(tmp_path))
    assert outcome.exit_code == 0
    assert [url.rpartition("/")[2] for url in asked] == [
        "annotations_trainval2017.zip",
        "val2017.zip",
    ]
    assert f"CMLEARN_DATA=coco:{tmp_path}\n" in outcome.stdout


def test_download_of_what_must_be_asked_for_fails_with_the_way(tmp_path):
    outcome = run("download", "flickr30k", "--folder", str(tmp_path))
    assert outcome.exit_code == 1
    assert "https://forms.illinois.edu/sec/229675" in outcome.stderr
    assert f"CMLEARN_DATA=flickr30k:{tmp_path}" in outcome.stderr


def test_train_trains_what_was_named(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "cmlearn.recipes.registry.train", lambda *name, **how: asked.append((name, how))
    )
    assert run("train", "scene_classifier").exit_code == 0
    assert run("train", "captioner", "--data", "storybook", "--seed", "3").exit_code == 0
    assert asked == [(("scene_classifier",), {"seed": 0}), (("captioner",), {"seed": 3})]


@pytest.mark.parametrize(
    ("arguments", "variable", "message"),
    [
        (["vae", "--data", "coco:{}"], "", "`train vae` knows only Storybook: omit --data."),
        (["vae"], "coco:{}", "`train vae` knows only Storybook: unset CMLEARN_DATA."),
        (["captioner", "--data", "coco:{}"], "", "--out is needed with --data"),
        (["captioner"], "coco:{}", "--out is needed with --data"),
        (
            ["captioner", "--out", "mine", "--minutes", "3"],
            "",
            "--out, --minutes: only with --data",
        ),
        (["captioner", "--data", "coc:{}", "--out", "mine"], "", "Did you mean 'coco'?"),
        (["captioner", "--data", "coco:{}/no", "--out", "mine"], "", "there is no folder"),
    ],
)
def test_train_says_which_option_is_wrong(arguments, variable, message, tmp_path, monkeypatch):
    monkeypatch.setenv("CMLEARN_DATA", variable.format(tmp_path))
    monkeypatch.setattr("cmlearn.recipes.registry.train", lambda *_, **__: pytest.fail("trained"))
    outcome = run("train", *(argument.format(tmp_path) for argument in arguments))
    assert outcome.exit_code == 1
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_train_on_photographs_passes_all_options(tmp_path, monkeypatch):
    asked = {}

    def train(source, out, **options):
        asked.update(source=source, out=out, **options)
        scores = {"val_CIDEr-D": 0.25, "val_BLEU-4": 0.1, "val_scored": 80}
        return CheckpointInfo("", {}, None, {"best_step": 3, "steps": 5}, 4, scores, "", 0)

    monkeypatch.setattr("cmlearn.recipes.photo_captioner.train_photo_captioner", train)
    monkeypatch.setenv("CMLEARN_DATA", f"flickr8k:{tmp_path}")
    options = ["--encoder", "net.pth", "--minutes", "2.5", "--seed", "4", "--force"]
    outcome = run("train", "captioner", "--out", "mine", *options)
    assert asked == {
        **{"source": Source("flickr8k", tmp_path), "out": "mine", "encoder": "net.pth"},
        **{"minutes": 2.5, "seed": 4, "force": True},
    }
    assert "CIDEr-D 0.250 and BLEU-4 0.100 on 80 validation images" in outcome.stdout
    assert "python -m cmlearn caption photo.jpg --checkpoint mine" in outcome.stdout


def test_the_tools_fill_the_readme(monkeypatch, tmp_path):
    page = tmp_path / "README.md"
    page.write_text(
        "".join(f"<!-- {n}:begin --><!-- {n}:end -->" for n in ("scoreboard", "picture", "typed"))
    )
    asked = []
    monkeypatch.setattr("tools.readme.README", page)
    monkeypatch.setattr("tools.readme.write_readme", lambda: asked.append("readme"))
    monkeypatch.setattr("tools.readme_pictures.write_pictures", lambda root: "the pictures")
    monkeypatch.setattr("tools.readme_pictures.write_typed_picture", lambda root: "what is typed")
    monkeypatch.setattr(
        "tools.scoreboard.write_scoreboard", lambda root, boards: f"boards {tuple(boards)}"
    )
    for command in (["readme"], ["picture"], ["scoreboard"]):
        assert run(*command, app=tools_app).exit_code == 0
    assert asked == ["readme"]
    assert "<!-- picture:begin -->\nthe pictures\n<!-- picture:end -->" in page.read_text()
    assert "<!-- typed:begin -->\nwhat is typed\n<!-- typed:end -->" in page.read_text()
    assert "boards ('text_to_image', 'image_to_text')" in page.read_text()
    assert run("scoreboard", "image_to_text", app=tools_app).exit_code == 0
    assert "boards ('image_to_text',)" in page.read_text()


def test_spread_prints_every_score(monkeypatch):
    monkeypatch.setattr("tools.spread.measure_spread", lambda name: {"true": [0.5, 0.75]})
    assert run("spread", "vae", app=tools_app).stdout == "true 0.5 0.75\n"


def test_make_quotes_the_path_of_the_checkout(tmp_path):
    folder = tmp_path / "a b"
    (folder / ".venv").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv" / "ready").touch()
    for target in ("test", "mutants"):
        commands = make("-n", target, cwd=folder).stdout.replace("\\\n", " ").split("\n")
        words = [word for command in commands for word in shlex.split(command)]
        assert any(str(folder) in word for word in words)
        assert not any(word.endswith(f"{tmp_path}/a") for word in words)


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
        output = make("-n", target, cwd=tmp_path).stdout
        assert (
            output.count("[apps,test,site]") == output.count("--no-deps") == 1
        )  # the course; BERT's weights
        assert output.count("pip install") == 2


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
