"""Fills the parts of README.md that come from the code."""

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
# What is scored → the checkpoint, and the name of the score there and in docs/spread.json.
SCORES = {
    "all true that is said of a picture": ("captioner", "all_true_test"),
    "the same, novel pairs of thing and colour": ("captioner", "all_true_novel"),
    "all true of a picture that is drawn": ("vae", "true_test"),
    "the same, one thing": ("vae", "true_test_one_thing"),
    "the same, novel pairs": ("vae", "true_novel"),
    "all true of a picture that is drawn, BERT in place of Word2Vec": ("vae_bert", "true_test"),
    "the same with BERT, novel pairs": ("vae_bert", "true_novel"),
}
# The package stands in the order in which its imports point; what has no docstring is told here.
ORDER = ("data", "text", "models", "training", "evaluation", "viz", "apps", "recipes", "course")
ENTRIES = {
    "notebooks/": "The course, in order, with executed outputs.",
    "cmlearn/": "The companion package; what stands lower may import what stands higher.",
    "data/": "What ships: checkpoints, checksums, data cards. Downloads go here too, outside git.",
    "tests/": "Mirrors cmlearn/, and holds the notebooks to their rules.",
    "benchmarks/": "How fast something is beside its reference; printed, never asserted.",
    "tools/": "`make mutants`: which small changes of the code no test notices.",
    "docs/": "The site's sources, what was measured, why things are as they are (decisions/).",
    "Makefile": "make lab, make course, make test.",
    "pyproject.toml": "The package, its dependencies, the tools' settings.",
    "constraints.txt": "The exact versions that the numbers came from.",
    "environment.yml": "The conda and Binder way in.",
}


def write_readme() -> None:
    """Write the annotated tree and the tables of what was measured into README.md."""
    text = fill(README.read_text("utf-8"), "tree", tree())
    if MEASURED.exists():
        text = fill(text, "measured", table(json.loads(MEASURED.read_text("utf-8"))))
    if SPREAD.exists():
        text = fill(text, "spread", spread_table())
    README.write_text(text, "utf-8")


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
    """The annotated tree: every module of the package with the sentence that it owns."""
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
    """The first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0]


def table(measured: dict[str, Any]) -> str:
    """The rows of docs/measured.json as a Markdown table."""
    head = ["| notebook | minutes | memory | what comes out |", "| --- | ---: | ---: | --- |"]
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
