"""Numbers that the prose quotes are those of the run.

A sentence that quotes a score names its source in a comment right after it, which no reader sees:

    the GRU at 66.5 %, the LSTM at 80.7 % <!-- held: scoreboard["image to text"]["GRU"]["test"];
    scoreboard["image to text"]["LSTM"]["test"] -->

The last numbers before the comment are compared with the sources, in order, at the precision that
is printed. A list (one score for each seed) takes two numbers, its least and its greatest. Sources
are `scoreboard`, `spread` (both in docs), `checkpoints["vae"]` (data/checkpoints) and
`outputs["07_bert"]["row"]`: the printed lines of a notebook that begin with these words, one of
which must hold the number.
"""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "notebooks").glob("*.ipynb"))]
HELD = re.compile(r"<!-- held: (.*?) -->", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
PERCENT = re.compile(r"%|of a hundred|in a hundred")
QUOTES_A_SCORE = re.compile(r"scoreboard|three seeds|over seeds", re.IGNORECASE)
# Digits that are no score: code, formulas, links, names of notebooks and sections, seeds.
NO_SCORE = re.compile(
    r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\b(?:notebooks?|sections?|seeds?) [\d, and]*\d|\d[\d,]* steps",
    re.IGNORECASE,
)
GENERATED = re.compile(r"<!-- (\w+):begin -->.*?<!-- \1:end -->", re.DOTALL)


@cache
def sources() -> dict[str, Any]:
    docs, checkpoints = ROOT / "docs", sorted((ROOT / "data" / "checkpoints").glob("*.json"))
    return {
        "scoreboard": read_json(docs / "scoreboard.json"),
        "spread": read_json(docs / "spread.json"),
        "checkpoints": {path.stem: read_json(path) for path in checkpoints},
        "outputs": {path.stem: printed_lines(path) for path in PAGES if path.suffix == ".ipynb"},
    }


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def printed_lines(notebook: Path) -> list[str]:
    """What the code cells of a notebook printed, with single spaces."""
    outputs = (o for cell in read_json(notebook)["cells"] for o in cell.get("outputs", []))
    lines = "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
    return [" ".join(line.split()) for line in lines.splitlines()]


def find(path: str, data: dict[str, Any]) -> Any:
    """The value of `root["key"]["key"]`.

    Raises:
        LookupError: there is no such value.
    """
    node, keys = ast.parse(path.strip(), mode="eval").body, []
    while isinstance(node, ast.Subscript):
        keys.insert(0, ast.literal_eval(node.slice))
        node = node.value
    assert isinstance(node, ast.Name), f'{path}: write root["key"]'
    value = data[node.id]
    for key in keys:
        value = rows_of(value, key) if node.id == "outputs" and key != keys[0] else value[key]
    return value


def rows_of(lines: list[str], row: str) -> str:
    """The printed lines that begin with `row`, without it."""
    found = [line.removeprefix(row) for line in lines if f"{line} ".startswith(f"{row} ")]
    if not found:
        raise LookupError(f"no output begins with {row!r}")
    return "\n".join(found)


def wrong_numbers(prose: str, data: dict[str, Any]) -> list[str]:
    """Held numbers of a page that are not those of their sources."""
    wrong, start = [], 0
    for held in HELD.finditer(prose):
        text, start = prose[start : held.start()], held.end()
        try:
            values = [find(path, data) for path in held[1].split(";")]
        except LookupError as error:
            wrong.append(f"{held[1]}: no such source ({error})")
            continue
        wanted = [bound for value in values for bound in bounds(value)]
        numbers = list(NUMBER.finditer(text))[-len(wanted) :]
        pairs = zip(numbers, wanted)
        if len(numbers) < len(wanted) or not all(agrees(n, text, value) for n, value in pairs):
            wrong.append(f"{' '.join(text[-80:].split())!r} quotes {held[1]}: {values}")
    return wrong


def bounds(value: Any) -> tuple[Any, ...]:
    return (min(value), max(value)) if isinstance(value, list) else (value,)


def agrees(number: re.Match[str], text: str, value: float | str) -> bool:
    """Whether a printed number is `value` rounded, or one of the numbers that `value` prints."""
    shown, decimals = number[0].replace(",", ""), len(number[0].partition(".")[2])
    if isinstance(value, str):
        candidates = [float(each.replace(",", "")) for each in NUMBER.findall(value)]
    else:
        candidates = [100 * value if PERCENT.search(text, number.end()) else value]
    half = 0.5 * 10**-decimals + 1e-9
    return any(abs(float(shown) - candidate) <= half for candidate in candidates)


def unheld(prose: str) -> list[str]:
    """Sentences that speak of the scoreboard or of several seeds, have a number and no source."""
    marked = HELD.sub("⟦held⟧", GENERATED.sub("", prose))
    sentences = re.split(r"(?<=[.!?])\s+|\n\n", marked)
    return [
        " ".join(sentence.split())
        for sentence in sentences
        if QUOTES_A_SCORE.search(sentence)
        and NUMBER.search(NO_SCORE.sub("", sentence))
        and "⟦held⟧" not in sentence
    ]


def prose_of(page: Path) -> str:
    if page.suffix == ".md":
        return page.read_text("utf-8")
    cells = read_json(page)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_numbers_are_those_of_the_run(page):
    assert wrong_numbers(prose_of(page), sources()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_quoted_score_names_its_source(page):
    assert unheld(prose_of(page)) == [], "add <!-- held: … --> (see the top of this file)"


def test_some_numbers_are_held():
    assert sum(len(HELD.findall(prose_of(page))) for page in PAGES) >= 5


# ── the checks themselves ─────────────────────────────────────────────────────────────────────

DATA = {
    "scoreboard": {"GRU": {"test": 0.665}, "LSTM": {"test": 0.807}},
    "spread": {"vae": [0.097, 0.12, 0.111]},
    "checkpoints": {"vae": {"steps": 9000}},
    "outputs": {"07": ["BERT grammar 64 % 88 %", "BERT paraphrase 3 % 45 %"]},
}


@pytest.mark.parametrize(
    ("prose", "right"),
    [
        ('66.5 % <!-- held: scoreboard["GRU"]["test"] -->', True),
        ('67 % <!-- held: scoreboard["GRU"]["test"] -->', True),
        ('66 of a hundred <!-- held: scoreboard["GRU"]["test"] -->', True),
        ('0.665 <!-- held: scoreboard["GRU"]["test"] -->', True),
        ('64 % <!-- held: scoreboard["GRU"]["test"] -->', False),
        ('66.4 % <!-- held: scoreboard["GRU"]["test"] -->', False),
        ('66.5 <!-- held: scoreboard["GRU"]["test"] -->', False),
        ('no number <!-- held: scoreboard["GRU"]["test"] -->', False),
        ('5 % <!-- held: scoreboard["RNN"]["test"] -->', False),
        (
            'a 66.5/80.7 % <!-- held: scoreboard["GRU"]["test"]; scoreboard["LSTM"]["test"] -->',
            True,
        ),
        ('80.7/66.5 % <!-- held: scoreboard["GRU"]["test"]; scoreboard["LSTM"]["test"] -->', False),
        ('10 to 12 % <!-- held: spread["vae"] -->', True),
        ('11 to 12 % <!-- held: spread["vae"] -->', False),
        ('9,000 steps <!-- held: checkpoints["vae"]["steps"] -->', True),
        ('draws 45 % <!-- held: outputs["07"]["BERT paraphrase"] -->', True),
        ('draws 64 % <!-- held: outputs["07"]["BERT paraphrase"] -->', False),
        ('draws 45 % <!-- held: outputs["07"]["GPT"] -->', False),
    ],
)
def test_a_wrong_number_is_found(prose, right):
    assert (wrong_numbers(f"Of 30 pictures, {prose}.", DATA) == []) is right


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("On the scoreboard the LSTM has 79 %.", True),
        ('The scoreboard says 79 % <!-- held: scoreboard["LSTM"] -->.', False),
        ('It has 79 % <!-- held: scoreboard["LSTM"] -->. The scoreboard says 3 %.', True),
        ("Over three seeds it had 76 to 80 %.", True),
        ("The scoreboard of notebook 09 has them all, after 1,200 steps.", False),
        ("Over seeds 0, 1 and 2 it varies. It has 79 %.", False),
        ("<!-- scoreboard:begin -->The scoreboard: 3 %<!-- scoreboard:end -->", False),
    ],
)
def test_a_number_without_a_source_is_found(prose, found):
    assert (unheld(prose) != []) is found
