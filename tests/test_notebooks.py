"""The notebooks as files: executed in order, paced, accessible, light, and free of this machine.

Their outputs are compared by nbval (`make test`). It compares nothing in a cell that was never
executed, so the first thing held here is that every cell was.
"""

from __future__ import annotations

import json
import re
import statistics
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.tidy import headline, tidy

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HEADINGS = ("You will", "You have", "Exercises", "Roads not taken", "Next")
MAX_OUTPUT_BYTES = 1_000_000
MAX_EXEMPT = 0.03
MAX_WITH_MARGIN = 0.08
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


# ── the checks: each takes a notebook and tells what is wrong with it ──────────────────────────


def not_executed_in_order(notebook) -> list[str]:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts {counts}"]


def errors(notebook) -> list[str]:
    return [
        f"cell {n} holds an error"
        for n, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error" and not may_fail(cell)
    ]


def may_fail(cell) -> bool:
    """Cells that need the known truth fail on photographs, never on Storybook as it ships."""
    return "raises-exception" in tags(cell) and "known-truth" not in tags(cell)


def half_tagged(notebook) -> list[str]:
    """JupyterLab goes on after an error in a cell with the one tag; people read the other."""
    return [
        f"cell {n} is tagged known-truth and not raises-exception"
        for n, cell in enumerate(notebook.cells)
        if "known-truth" in tags(cell) and "raises-exception" not in tags(cell)
    ]


def not_tidy(notebook) -> list[str]:
    return [] if tidy(notebook) == notebook else ["not as `regenerate` writes it"]


def pictures_without_text(notebook) -> list[str]:
    wrong = []
    for n, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            html = data.get("text/html", "")
            bare = [t for t in PICTURE_TYPES if t in data and "<img" not in html]
            wrong += [f"cell {n}: a bare {t}; use viz.show" for t in bare]
            wrong += [f"cell {n}: {tag}" for tag in images_without_alt(html)]
        if cell.cell_type == "markdown":
            wrong += [f"cell {n}: {tag}" for tag in images_without_alt(cell.source)]
            wrong += [f"cell {n}: {link}" for link in re.findall(r"!\[\s*\]\([^)]*\)", cell.source)]
    return wrong


def images_without_alt(html: str) -> list[str]:
    tags_found = re.findall(r"<img\b[^>]*>", html)
    return [tag[:80] for tag in tags_found if not re.search(r'\balt="[^"]*\w[^"]*"', tag)]


def pace(notebook) -> list[str]:
    lines = [len([x for x in c.source.splitlines() if x.strip()]) for c in code_cells(notebook)]
    wrong = [f"a code cell of {n} lines (at most 25)" for n in lines if n > 25]
    if lines and statistics.median(lines) > 6:
        wrong.append(f"the median code cell has {statistics.median(lines)} lines (at most 6)")
    if led_by_prose(notebook) < 0.8:
        wrong.append(f"{led_by_prose(notebook):.0%} of code cells follow prose (at least 80 %)")
    return wrong


def led_by_prose(notebook) -> float:
    kinds = [cell.cell_type for cell in notebook.cells]
    before = [kinds[n - 1] for n, kind in enumerate(kinds) if kind == "code" and n > 0]
    return before.count("markdown") / max(1, kinds.count("code"))


def skeleton(notebook) -> list[str]:
    """What is missing of the order that all notebooks share (see docs/decisions)."""
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    wrong = [] if prose.startswith("# ") else ["the first cell has no title"]
    places = [place(heading, prose) for heading in HEADINGS]
    wrong += [f"no heading {h!r}" for h, at in zip(HEADINGS, places) if at < 0]
    if not wrong and places != sorted(places):
        wrong.append(f"headings in another order than {', '.join(HEADINGS)}")
    if not re.search(r"^Measured: ", prose, re.MULTILINE):
        wrong.append("no line that begins with 'Measured: '")
    wrong += [f"no {word!r}" for word in ("Prerequisites", "What if") if word not in prose]
    for tag in ("parameters", "headline"):
        found = sum(tag in tags(cell) for cell in notebook.cells)
        wrong += [] if found == 1 else [f"{found} cells tagged {tag!r} (exactly one)"]
    return wrong + ([] if headline(notebook) else ["its last result prints no 'headline: …'"])


def place(heading: str, prose: str) -> int:
    """Where a heading stands, as `## You will` or `**You will**`; -1 where it does not."""
    found = re.search(rf"^(?:#+ |\*\*)(?:[\d.]+ )?{heading}\b", prose, re.MULTILINE)
    return found.start() if found else -1


def too_heavy(notebook) -> list[str]:
    size = sum(len(json.dumps(cell.get("outputs", []))) for cell in notebook.cells)
    return [] if size <= MAX_OUTPUT_BYTES else [f"outputs of {size / 1e6:.1f} MB (at most 1)"]


def speaks_of_this_machine(notebook) -> list[str]:
    """Paths and addresses that differ on the reader's machine."""
    here = {str(Path.home()), str(ROOT), tempfile.gettempdir()} - {"/"}
    known = [re.escape(path) + r"\b" for path in here]
    pattern = "|".join([*known, r"/home/\w+", r"/Users/\w+", "site-packages", r" at 0x[0-9a-f]{6}"])
    wrong = []
    for n, cell in enumerate(notebook.cells):
        text = re.sub(r"[A-Za-z0-9+/=]{500,}", "", json.dumps(cell.get("outputs", [])))  # base64
        wrong += [f"cell {n} prints {found!r}" for found in re.findall(pattern, text)]
    return wrong


def bars_that_are_widgets(notebook) -> list[str]:
    """`tqdm.auto` draws a widget, which git cannot keep; plain `tqdm` writes text."""
    found = [c for c in code_cells(notebook) if re.search(r"tqdm\.(auto|notebook)", c.source)]
    return [f"{cell.id} imports tqdm.auto: write `from tqdm import tqdm`" for cell in found]


CHECKS = [
    not_executed_in_order,
    errors,
    half_tagged,
    not_tidy,
    pictures_without_text,
    pace,
    skeleton,
    too_heavy,
    speaks_of_this_machine,
    bars_that_are_widgets,
]


def code_cells(notebook) -> list:
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


# ── the course ─────────────────────────────────────────────────────────────────────────────────


def test_the_course_is_there():
    assert NOTEBOOKS, f"no notebook in {ROOT / 'notebooks'}"


def test_names_give_the_order():
    names = [path.name for path in NOTEBOOKS]
    assert [name[:3] for name in names] == [f"{n:02d}_" for n in range(len(names))], names
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", name) for name in names), names


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, check):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert check(notebook) == []


def test_few_cells_are_exempt_from_comparison(exempt):
    ignored, total = exempt
    assert total, "no code cell in notebooks/"
    assert ignored <= MAX_EXEMPT * total, f"{ignored} of {total} cells are not compared"


def test_few_cells_are_compared_with_a_margin(with_margin):
    near, total = with_margin
    assert near <= MAX_WITH_MARGIN * total, f"{near} of {total} cells are tagged `trained`"


# ── the checks themselves, on small bad notebooks ──────────────────────────────────────────────

PICTURE = '<img alt="A line." src="data:image/png;base64,iVBORw0KGgo=">'
SHOWN = {"image_png": "iVBORw0KGgo=", "text_html": PICTURE, "text_plain": "A line."}


def executed(source: str, count: int, *outputs, tagged: str = ""):
    metadata = {"tags": [tagged]} if tagged else {}
    return new_code_cell(source, execution_count=count, outputs=list(outputs), metadata=metadata)


def printed(text: str):
    return new_output("stream", name="stdout", text=text)


def displayed(**data: str):
    return new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})


def good() -> nbformat.NotebookNode:
    """A small notebook with nothing wrong."""
    cells = [
        new_markdown_cell(
            "# Why?\n\n**You will**\n\n- see\n- build\n- try\n\n**Prerequisites**: 0"
        ),
        new_markdown_cell("Measured: 0.1 min, 0.1 GB on one core\n\n## Setup"),
        executed("import math", 1),
        new_markdown_cell("## Parameters"),
        executed("steps = 3", 2, tagged="parameters"),
        new_markdown_cell("## What if there were more?"),
        executed("plot(steps)", 3, displayed(**SHOWN)),
        new_markdown_cell("In one line:"),
        executed("print(f'headline: {steps}')", 4, printed("headline: 3\n"), tagged="headline"),
        new_markdown_cell("## You have\n\nseen\n\n## Exercises\n\n1. One\n2. Two\n3. Three"),
        new_markdown_cell("## Roads not taken\n\nMany.\n\n## Next\n\n01"),
    ]
    return tidy(new_notebook(cells=cells))


def test_a_good_notebook_passes_every_check():
    assert [check(good()) for check in CHECKS] == [[]] * len(CHECKS)


def stripped(notebook):
    for cell in code_cells(notebook):
        cell.execution_count, cell.outputs = None, []


def unordered(notebook):
    code_cells(notebook)[0].execution_count = 7


def failing(notebook):
    notebook.cells[6].outputs = [new_output("error", ename="E", evalue="e", traceback=[])]


def failing_for_want_of_truth(notebook):
    failing(notebook)
    notebook.cells[6].metadata["tags"] = ["known-truth", "raises-exception"]


def tagged_by_half(notebook):
    notebook.cells[6].metadata["tags"] = ["known-truth"]


def timed(notebook):
    notebook.cells[2].metadata["execution"] = {"iopub.status.busy": "2026-01-01"}


def renamed_cell(notebook):
    notebook.cells[2].id = "a1b2c3d4"


def progress_left_in(notebook):
    notebook.cells[4].outputs = [new_output("stream", name="stderr", text="100%")]


def bare_picture(notebook):
    notebook.cells[6].outputs = [displayed(image_png="iVBORw0KGgo=")]


def picture_beside_a_table(notebook):
    html = "<table><tr><td>1</td></tr></table>"
    notebook.cells[6].outputs = [displayed(image_png="iVBORw0KGgo=", text_html=html)]


def picture_with_empty_alt(notebook):
    notebook.cells[6].outputs[0].data["text/html"] = PICTURE.replace("A line.", " ")


def markdown_picture_without_alt(notebook):
    notebook.cells[1].source += "\n\n![](map.png)"


def long_cell(notebook):
    notebook.cells[4].source = "steps = 3\n" * 26


def heavy_cells(notebook):
    for cell in code_cells(notebook):
        cell.source += "\nx = 1" * 7


def code_without_prose(notebook):
    del notebook.cells[3], notebook.cells[4], notebook.cells[5]


def without_exercises(notebook):
    notebook.cells[9].source = "## You have\n\nseen"


def headings_swapped(notebook):
    notebook.cells[9], notebook.cells[10] = notebook.cells[10], notebook.cells[9]


def without_measured(notebook):
    notebook.cells[1].source = "## Setup"


def without_headline(notebook):
    notebook.cells[8].outputs = [printed("3\n")]


def without_parameters(notebook):
    del notebook.cells[4].metadata["tags"]


def megabytes(notebook):
    notebook.cells[6].outputs[0].data["text/plain"] = "x" * 1_100_000


def home_folder(notebook):
    notebook.cells[8].outputs.append(printed("saved to /home/ada/course\n"))


def object_address(notebook):
    notebook.cells[8].outputs.append(printed("<generator at 0x7f12ab34cd56>\n"))


def widget_bar(notebook):
    notebook.cells[2].source = "from tqdm.auto import tqdm"


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (stripped, not_executed_in_order),
        (unordered, not_executed_in_order),
        (failing, errors),
        (failing_for_want_of_truth, errors),
        (tagged_by_half, half_tagged),
        (timed, not_tidy),
        (renamed_cell, not_tidy),
        (progress_left_in, not_tidy),
        (bare_picture, pictures_without_text),
        (picture_beside_a_table, pictures_without_text),
        (picture_with_empty_alt, pictures_without_text),
        (markdown_picture_without_alt, pictures_without_text),
        (long_cell, pace),
        (heavy_cells, pace),
        (code_without_prose, pace),
        (without_exercises, skeleton),
        (headings_swapped, skeleton),
        (without_measured, skeleton),
        (without_headline, skeleton),
        (without_parameters, skeleton),
        (megabytes, too_heavy),
        (home_folder, speaks_of_this_machine),
        (object_address, speaks_of_this_machine),
        (widget_bar, bars_that_are_widgets),
    ],
    ids=lambda value: value.__name__,
)
def test_a_bad_notebook_is_refused(spoil, check):
    notebook = good()
    spoil(notebook)
    assert check(notebook) != []
