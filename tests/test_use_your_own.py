"""The page on one's own photographs: its commands print what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cmlearn.__main__ import app
from cmlearn.data.folders import downloads_folder

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "use_your_own.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of the page, with the folder of this machine in place of the usual one."""
    found = re.findall(rf"^```{language}\n(.*?)\n```$", PAGE, re.M | re.S)
    return [text.replace("data/downloads", downloads_folder().as_posix()) for text in found]


def test_the_transcript_is_what_the_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (code,), (transcript,) = blocks("python"), blocks("console")
    exec(code, {})
    command, _, printed = transcript.partition("\n")
    _, *arguments = shlex.split(command.removeprefix("$ python -m "))
    outcome = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.strip() == printed


def test_every_metric_is_explained() -> None:
    (transcript,) = blocks("console")
    rows = transcript.partition("\n\n")[0].split("\n")[2:]
    named = {re.split(r"\s{2,}", row)[0] for row in rows}
    explained = set(re.findall(r"^\| ([A-Z][^|]*?) \|", PAGE, re.M))
    assert named == explained - {"BLEU-1 to BLEU-4"} | {f"BLEU-{n}" for n in range(1, 5)}
