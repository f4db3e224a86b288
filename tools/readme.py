"""Generates the parts of README.md that come from code and measurements."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.folders import ROOT

README = ROOT / "README.md"
MEASURED = ROOT / "docs" / "measured.json"
SPREAD = ROOT / "docs" / "spread.json"
CHECKPOINTS = ROOT / "data" / "checkpoints"
PACKAGE = ROOT / "cmlearn"
# Description -> name of the checkpoint and of its score, in its JSON and in docs/spread.json.
SCORES = {
    "captions, all claims true": ("captioner", "all_true_test"),
    "captions, all claims true, novel pairs of thing and colour": ("captioner", "all_true_novel"),
    "images, whole caption true": ("vae", "true_test"),
    "images, whole caption true, a single thing": ("vae", "true_test_one_thing"),
    "images, whole caption true, novel pairs": ("vae", "true_novel"),
    "images with BERT, whole caption true": ("vae_bert", "true_test"),
    "images with BERT, whole caption true, novel pairs": ("vae_bert", "true_novel"),
}
# The order in which the imports of the package point.
ORDER = (
    "data", "text", "models", "pretrained", "training", "evaluation", "viz", "apps", "recipes",
)  # fmt: skip
# Sentences for what has no docstring.
ENTRIES = {
    "notebooks/": "The course, in order, with executed outputs.",
    "cmlearn/": "The companion package; each folder imports only those above it.",
    "data/": "Checkpoints, checksums and data cards. Downloads go here too, outside git.",
    "tests/": "Tests of the package, the tools, the notebooks and the documentation.",
    "benchmarks/": "Speed and memory measurements, printed for comparison.",
    "docs/": "Sources of the website, measurements, and design decisions (decisions/).",
    "Makefile": "make lab, make course, make test.",
    "pyproject.toml": "Package metadata, dependencies, tool settings.",
    "constraints.txt": "The exact package versions behind the measurements.",
    "environment.yml": "Environment for conda and Binder.",
}


def write_readme() -> None:
    """Update the annotated tree and the tables of measurements in README.md."""
    text = fill(README.read_text("utf-8"), "tree", tree())
    if MEASURED.exists():
        text = fill(text, "measured", table(json.loads(MEASURED.read_text("utf-8"))))
    if SPREAD.exists():
        text = fill(text, "spread", spread_table())
    README.write_text(text, "utf-8")


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
    """Return the annotated file tree, with the first docstring line of each module."""
    rows = []
    for name, sentence in ENTRIES.items():
        rows.append((name, sentence))
        if name == "cmlearn/":
            rows += _package_rows()
    width = max(len(name) for name, _ in rows) + 2
    lines = [f"{name:{width}}{sentence}".rstrip() for name, sentence in rows]
    return "\n".join(["```text", *lines, "```"])


def _package_rows() -> Iterator[tuple[str, str]]:
    for folder in ORDER:
        if (PACKAGE / folder).is_dir():
            yield f"    {folder}/", sentence(PACKAGE / folder / "__init__.py")
            yield from _modules(PACKAGE / folder, indent=8)
    yield from _modules(PACKAGE, indent=4)


def _modules(folder: Path, indent: int) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield " " * indent + path.name, sentence(path)


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
    rows = ["| share of test pictures | trained as in the notebook | shipped |"]
    rows += ["| --- | ---: | ---: |"]
    for what, (name, score) in SCORES.items():
        info = json.loads((CHECKPOINTS / f"{name}.json").read_text("utf-8"))
        rows.append(
            f"| {what} | {mean_and_range(spread[name][score])} "
            f"| {100 * info['scores'][score]:.1f} % |"
        )
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
