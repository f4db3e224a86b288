"""The site of the course: Sphinx reads docs/ and the notebooks, executed before it runs."""

import os
import re
import shutil
from pathlib import Path

import cmlearn

DOCS = Path(__file__).parent
ROOT = DOCS.parent
CODE = DOCS / "code"
LEXERS = {".py": "python", ".md": "markdown"}
UPWARD = re.compile(r"(?<=\]\()\.\./[^)\s#\\]+")  # links that leave the folder of their page


def copy_notebooks() -> None:
    """Lay the notebooks beside the pages: as committed, or as `make course` made them."""
    shutil.rmtree(DOCS / "notebooks", ignore_errors=True)
    (DOCS / "notebooks").mkdir()
    for committed in sorted((ROOT / "notebooks").glob("*.ipynb")):
        executed = ROOT / "build" / "notebooks" / committed.name
        newer = executed.exists() and executed.stat().st_mtime > committed.stat().st_mtime
        shutil.copy(executed if newer else committed, DOCS / "notebooks")


def address(link: str, page: Path) -> str:
    """Where a link of the checkout leads on the site, from its top; unchanged where it is dead."""
    target = Path(os.path.normpath(page.parent / link))
    if not target.is_file() or not target.is_relative_to(ROOT):
        return link
    if target.is_relative_to(DOCS):
        return f"/{target.relative_to(DOCS).as_posix()}"
    path = target.relative_to(ROOT).as_posix()
    return f"/{path}" if path.startswith("notebooks/") else f"/{CODE.name}/{path}.md"


def write_code_pages() -> None:
    """Write a page for each file of the checkout that a notebook or a page links to."""
    shutil.rmtree(CODE, ignore_errors=True)
    for page in [*(ROOT / "notebooks").glob("*.ipynb"), *DOCS.rglob("*.md")]:
        for link in UPWARD.findall(page.read_text("utf-8")):
            if (found := address(link, page)).startswith(f"/{CODE.name}/"):
                write_code_page(found.removeprefix(f"/{CODE.name}/").removesuffix(".md"))


def write_code_page(path: str) -> None:
    page = CODE / f"{path}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    lexer = LEXERS.get(page.with_suffix("").suffix, "none")
    block = f"```{{literalinclude}} /../{path}\n:language: {lexer}\n:linenos:\n```"
    page.write_text(f"---\norphan: true\n---\n\n# {path}\n\n{block}\n", "utf-8")


def lead_to_the_site(app, docname: str, source: list[str]) -> None:
    """Turn the links of the checkout, which a code host and JupyterLab follow, into the site's."""
    page = (ROOT if docname.startswith("notebooks/") else DOCS) / docname
    source[0] = UPWARD.sub(lambda link: address(link[0], page), source[0])


def setup(app) -> None:
    app.connect("source-read", lead_to_the_site)


copy_notebooks()
write_code_pages()

project = "Words ⇄ pictures"
author = "The authors of Words ⇄ pictures"
copyright = "2026, the authors. Text and figures CC BY 4.0, code MIT"
version = release = cmlearn.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]

nb_execution_mode = "off"
nb_ipywidgets_js = {}  # no widget state is kept, so that no widget script is needed
myst_enable_extensions = ["amsmath", "dollarmath", "colon_fence"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_css_files = ["course.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
}
