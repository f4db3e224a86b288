"""The site opens from disk: nothing on its pages is fetched from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.tidy import tidy

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = r"(?:https?:)?//[^\"'\s)]+"
FETCHED = [
    rf"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']({ADDRESS})",
    rf"<link\b[^>]*\brel=[\"'](?:stylesheet|preload|icon)[\"'][^>]*href=[\"']({ADDRESS})",
    rf"<link\b[^>]*href=[\"']({ADDRESS})[\"'][^>]*rel=[\"'](?:stylesheet|preload|icon)",
    rf"@import\s+(?:url\()?[\"']?({ADDRESS})",
    rf"url\([\"']?({ADDRESS})",
]


def fetched(text: str) -> list[str]:
    """The addresses that a browser would fetch to show a page or apply a style."""
    return [address for pattern in FETCHED for address in re.findall(pattern, text)]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site of the committed notebooks, and of one more; a warning fails the build."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", dirs_exist_ok=True)
    picture = '<img alt="A line." src="data:image/png;base64,iVBORw0KGgo=">'
    output = new_output("display_data", data={"text/html": picture, "text/plain": "A line."})
    cells = [
        new_markdown_cell("# A toy\n\n$$x^2$$\n\nand $y$, see [the code](../cmlearn/viz/show.py)"),
        new_code_cell("draw()", execution_count=1, outputs=[output]),
    ]
    nbformat.write(tidy(new_notebook(cells=cells)), folder / "notebooks" / "99_toy.ipynb")
    ignore = shutil.ignore_patterns("notebooks")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=ignore)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", "site"]
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return folder / "site"


def test_nothing_is_fetched(site):
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 5
    assert {str(p): found for p in pages if (found := fetched(p.read_text("utf-8")))} == {}


def test_formulas_are_set_by_a_local_mathjax_3(site):
    page = (site / "notebooks" / "99_toy.html").read_text("utf-8")
    (script,) = re.findall(r'<script[^>]*src="([^"]*mathjax[^"]*)"', page)
    path = site / "notebooks" / script.partition("?")[0]
    assert "3.2" in path.read_text("utf-8")
    assert list(site.rglob("MathJax_Main-Regular.woff"))


def test_a_figure_keeps_its_alternative_text(site):
    assert 'alt="A line."' in (site / "notebooks" / "99_toy.html").read_text("utf-8")


def test_the_pages_are_joined(site):
    index = (site / "index.html").read_text("utf-8")
    assert 'href="notebooks/99_toy.html"' in index
    assert 'href="decisions/0001-layout.html"' in index


@pytest.mark.parametrize(
    "text",
    [
        '<script defer src="https://cdn.example/x.js">',
        "<img alt='' src='//example.org/x.png'>",
        '<link rel="stylesheet" type="text/css" href="https://fonts.example/x.css">',
        '<link href="https://fonts.example/x.css" rel="stylesheet">',
        "@font-face { src: url(https://fonts.example/x.woff) }",
        "@import 'https://fonts.example/x.css'",
    ],
)
def test_what_a_browser_fetches_is_seen(text):
    assert fetched(text) != []


def test_a_link_is_not_fetched():
    assert fetched('<a href="https://example.org/">x</a><img src="data:image/png;base64,x">') == []
