"""Fills the parts of README.md that come from the code, and writes docs/code_map.md."""

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
    "cmlearn/recipes",
)
# What is no package, and therefore has no docstring to take the sentence from.
ENTRIES = {
    "notebooks/": "The course, in order, with executed outputs.",
    "cmlearn/": "The companion package; a folder may import from those above it, never from below.",
    "data/": "Checkpoints and data cards; downloads go here too, outside git.",
    "tools/": "What makes the course from its parts: runs notebooks, fills this page.",
    "tests/": "Mirrors cmlearn/ and tools/; holds notebooks, links and commands to their rules.",
    "docs/": "The site's sources, glossary, code map, measured numbers, decision records.",
    "benchmarks/": "Times our code beside a reference; prints, asserts nothing.",
    "Makefile": "make lab, make course, make test.",
    "pyproject.toml": "The package, its dependencies, the tools' settings.",
    "constraints.txt": "The exact versions that the numbers came from.",
    "environment.yml": "The way in for conda and Binder.",
}
CODE_MAP_HEAD = """# Code map

Every module with the sentence that it owns: the first line of its docstring. The folders of the
package stand in the order in which imports point, so that a module imports from its own folder and
from those above it.
`python -m tools readme` writes this page."""


class Score(NamedTuple):
    """A row of the table of scores over seeds.

    Attributes:
        what: is counted.
        judge: decides whether a claim is true.
        split: of the data.
        model: its name in docs/spread.json and among the checkpoints.
        key: the score's name in both.
    """

    what: str
    judge: str
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
    Score(
        TRUE_PICTURES, "scene parser", "test, scenes of one thing", "vae", "true_test_one_thing"
    ),
    Score(TRUE_PICTURES, "scene parser", "novel", "vae", "true_novel"),
    Score(TRUE_PICTURES_BERT, "scene parser", "test", "vae_bert", "true_test"),
    Score(TRUE_PICTURES_BERT, "scene parser", "novel", "vae_bert", "true_novel"),
)


def write_readme() -> None:
    """Write the tree and the tables into README.md, and the whole of docs/code_map.md."""
    text = fill(README.read_text("utf-8"), "tree", tree())
    if MEASURED.exists():
        text = fill(text, "measured", table(json.loads(MEASURED.read_text("utf-8"))))
    if SPREAD.exists():
        text = fill(text, "spread", spread_table())
    README.write_text(text, "utf-8")
    CODE_MAP.write_text(code_map(), "utf-8")


def fill(text: str, name: str, content: str) -> str:
    """`text` with `content` between the markers `<!-- name:begin -->` and `<!-- name:end -->`.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"README.md lacks the markers {begin} and {end}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def tree() -> str:
    """The tree of folders, and of the files at the top, each with its sentence."""
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
    """The page that lists every module of the package and of the tools."""
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
    """The first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0]


def table(measured: dict[str, Any]) -> str:
    """The rows of docs/measured.json as a Markdown table."""
    head = ["| notebook | minutes | memory | result |", "| --- | ---: | ---: | --- |"]
    rows = [
        f"| [{name.replace('_', ' ')}](notebooks/{name}.ipynb) | {minutes(row)} "
        f"| {gigabytes(row)} | {row['headline']} |"
        for name, row in measured["notebooks"].items()
    ]
    total = f"All notebooks: {measured['seconds'] / 60:.0f} minutes by the clock"
    return "\n".join([*head, *rows, "", f"{total}, with {measured['with']}."])


def spread_table() -> str:
    """The scores of models trained as in the notebooks, and of the shipped ones, as a table."""
    spread = json.loads(SPREAD.read_text("utf-8"))
    rows = ["| share of | judge | split | trained as in the notebook | shipped checkpoint |"]
    rows += ["| --- | --- | --- | ---: | ---: |"]
    for what, judge, split, model, key in SCORES:
        info = json.loads((CHECKPOINTS / f"{model}.json").read_text("utf-8"))
        trained, shipped = mean_and_range(spread[model][key]), 100 * info["scores"][key]
        rows.append(f"| {what} | {judge} | {split} | {trained} | {shipped:.1f} % |")
    return "\n".join(rows)


def mean_and_range(shares: Sequence[float]) -> str:
    """Shares over seeds, such as `75 % (73 to 77)`."""
    percent = [100 * share for share in shares]
    mean = sum(percent) / len(percent)
    return f"{mean:.0f} % ({min(percent):.0f} to {max(percent):.0f})"


def minutes(row: dict[str, Any]) -> str:
    """The time of a measured notebook, such as `2.1 min`."""
    return f"{row['seconds'] / 60:.1f} min"


def gigabytes(row: dict[str, Any]) -> str:
    """The peak memory of a measured notebook, such as `0.6 GB`."""
    return f"{row['peak_mb'] / 1000:.1f} GB"
