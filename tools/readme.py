"""Generates docs/code_map.md and the parts of README.md that come from code and measurements."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.folders import ROOT

README = ROOT / "README.md"
CODE_MAP = ROOT / "docs" / "code_map.md"
MEASURED = ROOT / "docs" / "measured.json"
SPREAD = ROOT / "docs" / "spread.json"
CHECKPOINTS = ROOT / "data" / "checkpoints"
# The package's folders in the order in which imports point.
FOLDERS = (
    "cmlearn/data",
    "cmlearn/data/storybook",
    "cmlearn/data/photos",
    "cmlearn/text",
    "cmlearn/models",
    "cmlearn/pretrained",
    "cmlearn/training",
    "cmlearn/evaluation",
    "cmlearn/evaluation/caption_metrics",
    "cmlearn/viz",
    "cmlearn/apps",
    "cmlearn/apps/vr",
    "cmlearn/apps/studio",
    "cmlearn/exercises",
    "cmlearn/recipes",
)
# Sentences for what has no docstring.
ENTRIES = {
    "notebooks/": "The course, in order, with executed outputs.",
    "cmlearn/": "The companion package; each folder imports only from those above it.",
    "data/": "Checkpoints, checksums and data cards. Downloads go here too, outside git.",
    "tools/": "Maintenance scripts: run notebooks, fill this page, draw its figures.",
    "tests/": "Tests of the package, the tools, the notebooks and the documentation.",
    "docs/": "Sources of the website, glossary, code map, measurements, decisions/.",
    "benchmarks/": "Speed and memory measurements, printed for comparison.",
    "Makefile": "make lab, make course, make test, make mutants.",
    "pyproject.toml": "Package metadata, dependencies, tool settings.",
    "constraints.txt": "The exact package versions behind the measurements.",
    "environment.yml": "Environment for conda and Binder.",
}
CODE_MAP_HEAD = """# Code map

Every module with the first line of its docstring. The folders of the package are in the order in
which imports point: a module imports from its own folder and from those above it.
`python -m tools readme` generates this page."""


class Score(NamedTuple):
    """A row of the table of scores over seeds.

    Attributes:
        what: what is counted, by which model.
        parser: the program that decides whether a claim is true.
        split: the scenes that are scored.
        model: name of the model in docs/spread.json and of its checkpoint.
        key: name of the score in both.
    """

    what: str
    parser: str
    split: str
    model: str
    key: str


TRUE_CAPTIONS = "captions that claim only what is true (LSTM with attention, notebook 05)"
TRUE_PICTURES = "pictures that show all that their caption claims (VAE on Word2Vec, notebook 03)"
TRUE_PICTURES_BERT = "pictures that show all that their caption claims (VAE on BERT, notebook 07)"
SCORES = (
    Score(TRUE_CAPTIONS, "caption parser", "test", "captioner", "all_true_test"),
    Score(TRUE_CAPTIONS, "caption parser", "novel", "captioner", "all_true_novel"),
    Score(TRUE_PICTURES, "scene parser", "test", "vae", "true_test"),
    Score(TRUE_PICTURES, "scene parser", "test, scenes of one thing", "vae", "true_test_one_thing"),
    Score(TRUE_PICTURES, "scene parser", "novel", "vae", "true_novel"),
    Score(TRUE_PICTURES_BERT, "scene parser", "test", "vae_bert", "true_test"),
    Score(TRUE_PICTURES_BERT, "scene parser", "novel", "vae_bert", "true_novel"),
)


def write_readme() -> None:
    """Update the tree, the tables and the scoreboard of README.md, and docs/code_map.md."""
    from tools.scoreboard import SCOREBOARD_FILE, markdown  # loads torch

    text = fill(README.read_text("utf-8"), "tree", tree())
    if MEASURED.exists():
        text = fill(text, "measured", table(json.loads(MEASURED.read_text("utf-8"))))
    if SPREAD.exists():
        text = fill(text, "spread", spread_table())
    if SCOREBOARD_FILE.exists():
        scores = json.loads(SCOREBOARD_FILE.read_text("utf-8"))
        text = fill(text, "scoreboard", markdown(scores))
    README.write_text(text, "utf-8")
    CODE_MAP.write_text(code_map(), "utf-8")


def fill(text: str, name: str, content: str) -> str:
    """Replace what stands between `<!-- name:begin -->` and `<!-- name:end -->`.

    Args:
        text: the page.
        name: name of the two markers.
        content: the new text between them.

    Returns:
        The new page.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"README.md must contain the markers {begin} and {end}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def tree() -> str:
    """Return the tree of folders and top-level files, each with one sentence."""
    rows = list(_tree_rows())
    width = max(len(name) for name, _ in rows) + 2
    lines = [f"{name:{width}}{sentence}" for name, sentence in rows]
    return "\n".join(["```text", *lines, "```"])


def _tree_rows() -> Iterator[tuple[str, str]]:
    for name, text in ENTRIES.items():
        yield name, text
        if name == "cmlearn/":
            for folder in FOLDERS:
                indent = "    " * folder.count("/")
                yield f"{indent}{Path(folder).name}/", sentence(ROOT / folder / "__init__.py")


def code_map() -> str:
    """Return docs/code_map.md: every module of the package and of the tools."""
    sections = [_section(folder) for folder in (*FOLDERS, "cmlearn", "tools")]
    return "\n\n".join([CODE_MAP_HEAD, *sections]) + "\n"


def _section(folder: str) -> str:
    lines = [f"## {folder}", "", sentence(ROOT / folder / "__init__.py")]
    modules = [path for path in (ROOT / folder).glob("*.py") if path.name != "__init__.py"]
    if modules:
        lines += ["", "| module | what it does |", "| --- | --- |"]
        lines += [f"| [{m.name}](../{folder}/{m.name}) | {sentence(m)} |" for m in sorted(modules)]
    return "\n".join(lines)


def sentence(module: Path) -> str:
    """Return the first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0]


def table(measured: dict[str, Any]) -> str:
    """Return the content of docs/measured.json as a Markdown table."""
    head = ["| notebook | minutes | memory | result |", "| --- | ---: | ---: | --- |"]
    rows = [
        f"| [{name.replace('_', ' ')}](notebooks/{name}.ipynb) | {minutes(row)} "
        f"| {gigabytes(row)} | {row['headline']} |"
        for name, row in measured["notebooks"].items()
    ]
    total = f"All notebooks: {measured['seconds'] / 60:.0f} minutes of wall-clock time"
    return "\n".join([*head, *rows, "", f"{total}, with {measured['with']}."])


def spread_table() -> str:
    """Return the scores of the notebooks' models and of the shipped ones as a Markdown table."""
    spread = json.loads(SPREAD.read_text("utf-8"))
    rows = ["| share of | parser | split | trained as in the notebook | shipped checkpoint |"]
    rows += ["| --- | --- | --- | ---: | ---: |"]
    for what, parser, split, model, key in SCORES:
        info = json.loads((CHECKPOINTS / f"{model}.json").read_text("utf-8"))
        trained, shipped = mean_and_range(spread[model][key]), 100 * info["scores"][key]
        rows.append(f"| {what} | {parser} | {split} | {trained} | {shipped:.1f} % |")
    return "\n".join(rows)


def mean_and_range(shares: Sequence[float]) -> str:
    """Format fractions (0 to 1) over seeds, such as `75 % (73 to 77)`."""
    percent = [100 * share for share in shares]
    mean = sum(percent) / len(percent)
    return f"{mean:.0f} % ({min(percent):.0f} to {max(percent):.0f})"


def minutes(row: dict[str, Any]) -> str:
    """Format the running time of a notebook, such as `2.1 min`."""
    return f"{row['seconds'] / 60:.1f} min"


def gigabytes(row: dict[str, Any]) -> str:
    """Format the peak memory of a notebook, such as `0.6 GB`."""
    return f"{row['peak_mb'] / 1000:.1f} GB"
