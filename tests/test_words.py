"""The private vocabulary of the course's first draft does not come back.

A learner should find every term of ours in a search engine: an image encoder, not an eye; cross-
attention, not who looks. What is still to be rewritten is counted, file by file, in `STILL`, and
may only fall: `python -m tests.test_words` writes the counts of today into this file.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Parts of identifiers, as in `new_look` or `LookMaps`; written out, so that `lookup` is none.
NAMES = {
    *("artist", "artists", "contest", "contests", "dice", "eye", "eyes", "hump", "humps"),
    *("judge", "judges", "liar", "look", "looked", "looks", "painter", "painters", "places"),
    *("said", "teller", "tellers", "told", "tongue", "tongues", "who"),
}
LIBRARY_NAMES = re.compile(r"\b(?:np|numpy|torch)\.eye\b|\blook_up\b")
# In sentences: the word as a term. What stands in (?!…) and (?<!…) is plain English.
TERMS = (
    r"(?<!by )(?<!naked )(?<!your )\beyes?\b(?! on\b)",
    r"\btongues?\b",
    r"\b(?:story)?tellers?\b",
    r"\bpainters?\b",
    r"(?<!matplotlib )\bartists?\b",
    r"\bcontests?\b",
    r"\bhumps?\b",
    r"\bdice\b",
    r"\bhour-?glass\b|\bdoubled narrow\b",
    # To judge is a verb; a judge was the scene parser.
    r"\b(?:a|an|the|this|that|our|your|its|no|one|two|both|each|every|learned|shipped) judges?\b",
    r"\bjudge's\b|\bjudges\b(?! (?:a|an|the|it|them|how|by|whether|what)\b)",
    r"\b(?:learned|scene) readers?\b",
    # To look up, or at a figure, is English; a look was attention.
    r"\blooks\b(?! (?:like|as|alike|right|wrong|good|bad|the same|up|for|real)\b)",
    r"\blooked at\b|\bwho (?:looks?|remembers?|never)\b|\blook(?:s|ing)? twice\b",
    r"(?<!have )(?<!take )\b(?:a|an|the|its|one|no|each|every|first|second|another) look\b",
    # What was told was the condition.
    r"\b(?:is|are|was|what|of|been) told\b|\btold (?:again|caption|word)",
    # A high weight of the KL made z dear.
    r"\b(?:dear|cheap)(?:er|est)? (?:\$?z\$?|latent|code)s?\b|\bprice of \$?z\b",
    r"\b\$?z\$? (?:is |was )?(?:dear|cheap)\b|\bmakes? \*{0,2}\$?z\$? (?:dear|cheap)\b",
    r"\b(?:a|an|the|into a|no|which) lie\b|\bswaps? that lies\b|\blies that\b",
    # Places were grid cells, positions of a caption and slots of a scene.
    r"\b(?:six|eight|sixteen|16|4 × 4|8 × 8|all|each of the|hottest) places?\b",
)
TERM = re.compile("|".join(f"(?:{term})" for term in TERMS), re.IGNORECASE)
PYTHON = [*(ROOT / "cmlearn").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "glossary.md"]
TESTS = [*(ROOT / "tests").rglob("test_*.py")]
NOTEBOOKS = [*(ROOT / "notebooks").glob("*.ipynb")]

STILL = {
    "cmlearn/apps/panel.py": 3,
    "cmlearn/evaluation/caption_metrics/corpus_scores.py": 1,
    "cmlearn/viz/charts.py": 3,
    "notebooks/00_start_here.ipynb": 2,
    "notebooks/01_preprocessing.ipynb": 14,
    "notebooks/02_word2vec.ipynb": 3,
    "notebooks/03_vae.ipynb": 42,
    "notebooks/04_resnet_features.ipynb": 15,
    "notebooks/05_lstm_captions.ipynb": 53,
    "notebooks/06_evaluation.ipynb": 50,
    "notebooks/07_bert.ipynb": 41,
    "notebooks/08_gan.ipynb": 1,
    "notebooks/09_rnn_lstm_attention.ipynb": 41,
    "notebooks/10_real_photographs.ipynb": 20,
    "tests/models/test_prior.py": 1,
    "tests/training/test_loop.py": 1,
}


def wrong_names(code: str) -> list[str]:
    """Identifiers of Python code of which a part is a word of the list."""
    names = names_of(ast.parse(LIBRARY_NAMES.sub("_", code)))
    return [name for name in names if parts(name) & NAMES]


def names_of(tree: ast.AST) -> Iterator[str]:
    """Every identifier; a string that could be one, such as a key, is one."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname"):
            if isinstance(name := getattr(node, field, None), str):
                yield name
        if isinstance(node, ast.Constant) and str(node.value).isidentifier():
            yield str(node.value)


def wrong_prose(text: str) -> list[str]:
    return [found[0] for found in TERM.finditer(text)]


def parts(name: str) -> set[str]:
    """`newLook_maps` → {new, look, maps}."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def in_python(code: str) -> list[str]:
    """Findings in names, strings (docstrings among them) and comments."""
    nodes = (n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant))
    texts = [value for value in nodes if isinstance(value, str) and not value.isidentifier()]
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    texts += [token.string for token in tokens if token.type == tokenize.COMMENT]
    return wrong_names(code) + [w for text in texts for w in wrong_prose(" ".join(text.split()))]


def in_test_names(code: str) -> list[str]:
    """Of tests only the names: what they hold against may be anything."""
    nodes = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef))
    return [node.name for node in nodes if parts(node.name) & NAMES]


def in_notebook(text: str) -> list[str]:
    found = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            found += wrong_prose(re.sub(r"\]\([^)]*\)|<!--.*?-->", "", source))
        elif cell["cell_type"] == "code":
            lines = [x for x in source.splitlines() if not x.lstrip().startswith(("%", "!"))]
            found += in_python("\n".join(lines) + "\n")
    return found


def findings(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return wrong_prose(re.sub(r"`[^`\n]*`|\]\([^)]*\)", "", text))
    if path.suffix == ".ipynb":
        return in_notebook(text)
    return in_test_names(text) if path in TESTS else in_python(text)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def counts() -> dict[str, int]:
    paths = [path for path in (*PYTHON, *PROSE, *NOTEBOOKS, *TESTS) if path.exists()]
    found = {name_of(path): len(findings(path)) for path in sorted(paths)}
    return {name: count for name, count in found.items() if count}


def write_still(path: Path = Path(__file__)) -> None:
    """Put the counts of today into this file."""
    rows = "".join(f'    "{name}": {count},\n' for name, count in counts().items())
    old = re.compile(r"^STILL = \{.*?\}$", re.MULTILINE | re.DOTALL)
    text = old.sub("STILL = {\n" + rows + "}", path.read_text("utf-8"), count=1)
    path.write_text(text.replace("STILL = {\n}", "STILL = {}"), "utf-8")


@pytest.mark.parametrize(
    "path", sorted(p for p in (*PYTHON, *PROSE, *NOTEBOOKS, *TESTS) if p.exists()), ids=name_of
)
def test_no_private_word_is_added(path):
    found, allowed = findings(path), STILL.get(name_of(path), 0)
    assert len(found) <= allowed, f"{len(found)}, {allowed} allowed: {sorted(set(found))}"
    assert len(found) == allowed, "fewer than before: run `python -m tests.test_words` and commit"


def test_every_file_that_is_counted_is_there():
    assert [name for name in STILL if not (ROOT / name).exists()] == []


# ── the checks themselves ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def new_look(eye): return eye\n", ["new_look", "eye", "eye"]),
        ("class LookMaps: pass\n", ["LookMaps"]),
        ("x = f'{told} to the painter'\n", ["told", "painter"]),
        ("told = {'said': 1}\n", ["told", "said"]),
        ('def f():\n    """Draw what the\n    painter knows."""\n', ["painter"]),
        ("x = 1  # the second look\n", ["second look"]),
        ("lookup = np.eye(3) + torch.eye(3)\n", []),
        ("def look_up(path): pass\n", []),
        ('def f():\n    """Look up the place where a picture lies."""\n', []),
    ],
)
def test_words_in_code(code, found):
    assert in_python(code) == found


@pytest.mark.parametrize(
    "sentence",
    [
        "The eye of two streams sees no hues.",
        "The painter was told of a red house, the teller says so.",
        "After a contest the edges are sharper.",
        "With a cheap z the caption is ignored.",
        "The learned judge reads it; judges agree.",
        "Each of the six places asks; the second look finds it.",
        "Who looks, sees it.",
        "It is a lie.",
        "Compare hump by hump.",
    ],
)
def test_a_private_word_is_found(sentence):
    assert wrong_prose(sentence) != []


@pytest.mark.parametrize(
    "sentence",
    [
        "Look at the picture, then look up the word; it looks like a house.",
        "Judge by eye whether it lies to the left; whoever judges it must see it.",
        "The query attends to 16 grid cells.",
        "In other places the file lies beside it, as said above.",
        "Have a look at the figure.",
        "A cheap laptop is enough.",
    ],
)
def test_plain_english_is_not(sentence):
    assert wrong_prose(sentence) == []


def test_notebooks_are_read_cell_by_cell(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["The painter <!-- painter -->"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "look = 1"]},
        {"cell_type": "raw", "source": ["painter"]},
    ]
    path = tmp_path / "00_a.ipynb"
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    assert findings(path) == ["painter", "look"]


def test_the_counts_are_written_where_they_are_read(tmp_path, monkeypatch):
    copy = tmp_path / "words.py"
    copy.write_text('A = 1\n\nSTILL = {\n    "x": 3,\n}\n\nB = {}\n', "utf-8")
    monkeypatch.setitem(write_still.__globals__, "counts", lambda: {"a.py": 2})
    write_still(copy)
    assert copy.read_text("utf-8") == 'A = 1\n\nSTILL = {\n    "a.py": 2,\n}\n\nB = {}\n'


if __name__ == "__main__":
    write_still()
