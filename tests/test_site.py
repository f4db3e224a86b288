"""The site opens from disk: no link is dead, nothing on its pages is fetched from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

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


class Page(HTMLParser):
    """The links of an HTML page, the places that a link can lead to, its pictures' texts."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.places, self.alts = [], set(), []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "img":
            self.alts.append(found.get("alt"))


def dead(folder: Path) -> list[str]:
    """The links of a site's pages that lead to no file of it, or to no such place in the file."""
    found = (p for p in folder.rglob("*.html") if folder / "_static" not in p.parents)
    pages = {path: Page(path) for path in found}  # _static holds a template of the theme
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (
                Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            )
            there_is = there.is_file() and there.is_relative_to(folder)
            if parts.fragment and there in pages:
                there_is = unquote(parts.fragment) in pages[there].places
            wrong += [] if there_is else [f"{path.relative_to(folder)}: {link}"]
    return wrong


def left_out(folder: str, names: list[str]) -> set[str]:
    """What of the checkout is in no page: hidden files, outputs, weights."""
    hidden = {name for name in names if name.startswith((".", "__pycache__"))}
    outputs = {"": {"build"}, "docs": {"notebooks", "code"}, "data": {"checkpoints", "downloads"}}
    path = Path(folder).relative_to(ROOT).as_posix()
    return hidden | outputs.get("" if path == "." else path, set())


def build(folder: Path, *cells) -> subprocess.CompletedProcess:
    """Build `folder`/site from the committed files and a toy notebook; a warning is an error."""
    shutil.copytree(ROOT, folder, ignore=left_out, dirs_exist_ok=True)
    nbformat.write(tidy(new_notebook(cells=list(cells))), folder / "notebooks" / "99_toy.ipynb")
    return sphinx(folder)


def sphinx(folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", "site"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site of the committed notebooks, and of one more."""
    folder = tmp_path_factory.mktemp("site")
    data = {
        "text/html": '<img alt="A line." src="data:image/png;base64,iVBORw0KGgo=">',
        "image/png": "iVBORw0KGgo=",
        "text/plain": "A line.",
    }
    text = (
        "# A toy\n\n$$x^2$$\n\nand $y$, see [the code](../cmlearn/viz/display.py), "
        "[why](../docs/decisions/0004-alternative-text.md) and [the set-up](../pyproject.toml)"
    )
    output = new_output("display_data", data=data, metadata={"image/png": {"alt": "A line."}})
    outcome = build(
        folder,
        new_markdown_cell(text),
        new_code_cell("draw()", execution_count=1, outputs=[output]),
    )
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


def test_a_figure_is_shown_once_with_its_alternative_text(site):
    assert Page(site / "notebooks" / "99_toy.html").alts == ["A line."]


def test_every_link_leads_somewhere(site):
    assert dead(site) == []


def test_a_link_to_code_leads_to_a_page_of_it(site):
    page = Page(site / "notebooks" / "99_toy.html")
    assert "../code/cmlearn/viz/display.py.html" in page.links
    assert "../decisions/0004-alternative-text.html" in page.links
    assert "../code/pyproject.toml.html" in page.links
    code = (site / "code" / "cmlearn" / "viz" / "display.py.html").read_text("utf-8")
    assert re.search(r'<span class="k">def</span>.*<span class="nf">png_bytes</span>', code)


def test_a_dead_link_fails_the_build(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", tmp_path / "docs")
    shutil.copytree(ROOT / "docs" / "static", tmp_path / "docs" / "static")
    text = "# A page\n\nSee [the code](../cmlearn/nowhere.py).\n"
    (tmp_path / "docs" / "index.md").write_text(text, "utf-8")
    outcome = sphinx(tmp_path)
    assert outcome.returncode != 0
    assert "nowhere.py" in outcome.stderr


@pytest.mark.parametrize(
    "link", ["nowhere.html", "there.html#nowhere", "#nowhere", "../outside.html", "folder"]
)
def test_a_dead_link_is_seen(link, tmp_path):
    (tmp_path / "site" / "folder").mkdir(parents=True)
    (tmp_path / "outside.html").write_text("", "utf-8")
    (tmp_path / "site" / "there.html").write_text('<p id="part">', "utf-8")
    good = '<a href="there.html#part"><a href="https://example.org/"><a href="#top"><i id="top">'
    (tmp_path / "site" / "here.html").write_text(f'{good}<a href="{link}">', "utf-8")
    assert dead(tmp_path / "site") == [f"here.html: {link}"]


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
