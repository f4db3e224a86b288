"""Relative links of the checkout lead to files, for JupyterLab, an editor and a code host alike.

The links of the built site are held in tests/test_site.py, where it is built.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {ROOT / "docs" / "code", ROOT / "docs" / "notebooks"}
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "data").glob("*.md")),
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if not GENERATED & set(p.parents)),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
]


def prose(page: Path) -> str:
    """The Markdown of a page or of a notebook's cells."""
    if page.suffix != ".ipynb":
        return page.read_text("utf-8")
    cells = nbformat.read(page, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def links(markdown: str) -> list[str]:
    """The addresses of links and pictures, in Markdown and in HTML; those in code are none."""
    found = []
    for block in MarkdownIt("commonmark").enable("table").parse(markdown):
        for token in [block, *(block.children or [])]:
            found += [str(token.attrs[name]) for name in ("href", "src") if name in token.attrs]
            if token.type in ("html_block", "html_inline"):
                found += re.findall(r"\b(?:href|src)=[\"']([^\"']+)", token.content)
    return found


def dead(page: Path, root: Path = ROOT) -> list[str]:
    """The relative links of a page that lead to no file or folder of the checkout at `root`."""
    relative = [link for link in links(prose(page)) if not re.match(r"[a-z+]+:|//|#", link)]
    targets = {
        link: Path(os.path.normpath(page.parent / unquote(urlsplit(link).path)))
        for link in relative
    }
    return [
        link
        for link, target in targets.items()
        if link.startswith("/") or not target.is_relative_to(root) or not target.exists()
    ]


def test_pages_were_found():
    assert {ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "index.md"} <= set(PAGES)
    assert {page.suffix for page in PAGES} == {".md", ".ipynb"}
    assert any("../cmlearn/" in link for page in PAGES for link in links(prose(page)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    assert dead(page) == []


@pytest.mark.parametrize("name", ["Makefile", "README.md"])
def test_jupyterlab_serves_the_checkout_and_opens_a_notebook(name):
    # A notebook as argument would make its folder the root, and ../cmlearn unreachable.
    text = (ROOT / name).read_text("utf-8")
    (start,) = re.findall(r"jupyter lab --LabApp\.default_url=/lab/tree/(\S+)", text)
    assert (ROOT / start).is_file()
    assert not re.search(r"jupyter lab\b.* [\w/]+\.ipynb", text)


# ── the check itself ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "see [it](../cmlearn/nowhere.py)",
        "![a map](map.png)",
        "| a |\n| --- |\n| [it](nowhere.md#part) |",
        "[it][1]\n\n[1]: nowhere.md",
        'an <img alt="map" src="map.png"> inside',
        "[a path of one machine](/home)",
        "[out of the checkout](../../..)",
    ],
)
def test_a_dead_link_is_seen(text, tmp_path):
    assert len(dead(a_page(tmp_path, text), tmp_path)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[code](../code.py)",
        "[a line of it](../code.py#L1)",
        "[a folder](..)",
        "`[no](link.md)`",
        "[up](#part)",
        "[web](https://example.org/x)",
    ],
)
def test_a_link_that_leads_somewhere_passes(text, tmp_path):
    assert dead(a_page(tmp_path, text), tmp_path) == []


def a_page(root: Path, text: str) -> Path:
    """A page in a folder of its own, beside which lies `code.py`."""
    (root / "notebooks").mkdir()
    (root / "code.py").write_text("x = 1\n", "utf-8")
    page = root / "notebooks" / "page.md"
    page.write_text(text, "utf-8")
    return page
