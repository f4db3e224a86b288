"""README.md's generated parts, and the lines that state what was measured."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tools.folders import ROOT
from tools.measured import as_json, fill_line, line
from tools.readme import FOLDERS, code_map, fill, mean_and_range, spread_table, table, tree
from tools.run import Run

RUN = Run("03_vae", 128.4, 612.3, "80 % true")


def test_fill_replaces_what_stands_between_the_markers():
    text = "a\n<!-- tree:begin -->\nold\n<!-- tree:end -->\nb\n"
    filled = fill(text, "tree", "new")
    assert filled == "a\n<!-- tree:begin -->\nnew\n<!-- tree:end -->\nb\n"
    assert fill(filled, "tree", "new") == filled


@pytest.mark.parametrize("text", ["", "<!-- tree:begin -->", "<!-- tree:end -->"])
def test_a_missing_marker_is_named(text):
    with pytest.raises(ValueError, match="tree:begin"):
        fill(text, "tree", "new")


def test_the_tree_names_every_folder_of_the_package_with_its_sentence():
    assert set(FOLDERS) == {
        path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("cmlearn/*/**/__init__.py")
    }
    rows = tree().splitlines()
    names = [row.split()[0] for row in rows]
    assert [f"{folder.rpartition('/')[2]}/" in names for folder in FOLDERS] == [True] * len(FOLDERS)
    row = next(row for row in rows if row.startswith("        caption_metrics/ "))
    assert row.endswith("  Reference-based caption metrics: BLEU, ROUGE-L, METEOR and CIDEr-D.")
    assert not [row for row in rows if row != row.rstrip()]


def test_the_code_map_names_a_module_with_its_sentence_and_a_link():
    row = "| [run.py](../tools/run.py) | Runs notebooks in order, each in its own kernel. |"
    assert row in code_map().splitlines()


def test_a_score_says_what_is_counted_by_which_parser_on_which_split():
    head, _, *rows = spread_table().splitlines()
    assert head.startswith("| share of | parser | split | ")
    for row in rows:
        what, parser, split, trained, shipped = row.strip("| ").split(" | ")
        assert what.startswith(("captions that ", "pictures that "))
        assert parser in ("caption parser", "scene parser")
        assert split in ("test", "test, scenes of one thing", "novel")
        assert trained.endswith(")") and shipped.endswith(" %")


def test_the_table_has_minutes_memory_and_headline():
    assert (
        "| [03 vae](notebooks/03_vae.ipynb) | 2.1 min | 0.6 GB | 80 % true |"
        in table(as_json([RUN], 700)).splitlines()
    )


def test_a_mean_stands_with_its_range():
    assert mean_and_range([0.774, 0.726, 0.756]) == "75 % (73 to 77)"


def test_a_notebook_states_what_was_measured(tmp_path):
    path = tmp_path / "03_vae.ipynb"
    cells = [new_markdown_cell("# VAE"), new_markdown_cell("First\nMeasured: ? min\nlast")]
    nbformat.write(new_notebook(cells=cells), path)
    fill_line(path, line(as_json([RUN], 700)["notebooks"]["03_vae"]))
    source = nbformat.read(path, as_version=4).cells[1].source
    assert source == "First\nMeasured: 2.1 min, 0.6 GB on one core\nlast"


def test_a_notebook_without_the_line_is_named(tmp_path):
    path = tmp_path / "03_vae.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# VAE")]), path)
    with pytest.raises(ValueError, match=r"03_vae\.ipynb has no line"):
        fill_line(path, "Measured: 1 min")
