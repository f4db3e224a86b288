"""The site of the course: Sphinx reads docs/ and the notebooks, executed before it runs."""

import shutil
from pathlib import Path

import cmlearn

DOCS = Path(__file__).parent
ROOT = DOCS.parent


def copy_notebooks() -> None:
    """Lay the notebooks beside the pages: as committed, or as `make course` made them."""
    shutil.rmtree(DOCS / "notebooks", ignore_errors=True)
    (DOCS / "notebooks").mkdir()
    for committed in sorted((ROOT / "notebooks").glob("*.ipynb")):
        executed = ROOT / "build" / "notebooks" / committed.name
        newer = executed.exists() and executed.stat().st_mtime > committed.stat().st_mtime
        shutil.copy(executed if newer else committed, DOCS / "notebooks")


copy_notebooks()

project = "Words ⇄ pictures"
author = "The authors of Words ⇄ pictures"
copyright = "2026, the authors. Text and figures CC BY 4.0, code MIT"
version = release = cmlearn.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
suppress_warnings = ["myst.xref_missing"]  # links of the notebooks into the checkout

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
