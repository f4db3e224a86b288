"""Tests of tools.run."""

from __future__ import annotations

import os
import signal
import threading
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import tidy
from tools.folders import find_notebooks, that_take_data
from tools.report import report
from tools.run import Run, run_notebooks

PLOT = """\
from matplotlib import pyplot as plt
from cmlearn.viz.display import show
figure, axes = plt.subplots(figsize=(2, 1))
axes.plot([1, 2])
print("before")
show(figure, alt="A rising line.")
print("after")"""
PROGRESS = """\
import sys, time
from tqdm import tqdm
for _ in tqdm(range(3)):
    time.sleep(0.01)
print("warned", file=sys.stderr)"""
WIDGET = "import ipywidgets\nipywidgets.IntSlider()"
WHERE = "import os\nprint(os.environ['OMP_NUM_THREADS'], os.path.basename(os.getcwd()))"
HEADLINE = "print('headline: 3 of 3')"


def write(folder, name: str, *sources: str, tagged: str = ""):
    cells = [new_markdown_cell("# A toy"), *(new_code_cell(source) for source in sources)]
    cells[-1].metadata.tags = [tagged] if tagged else []
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory):
    """A notebook with all that differs between two runs, its bytes after each of two, the run."""
    sources = (PLOT, PROGRESS, WIDGET, WHERE, HEADLINE)
    path = write(tmp_path_factory.mktemp("course"), "00_toy", *sources, tagged="headline")
    (first,) = run_notebooks([path])
    before = path.read_bytes()
    run_notebooks([path])
    return path, before, path.read_bytes(), first


def test_a_second_regeneration_changes_no_byte(regenerated):
    _, first, second, _ = regenerated
    assert first == second
    assert b'"execution_count": 5' in first


def test_the_result_of_a_run(regenerated):
    *_, run = regenerated
    assert (run.name, run.headline, run.failure) == ("00_toy", "3 of 3", "")
    assert 0 < run.seconds < 120
    assert 30 < run.peak_mb < 3000


def test_a_warning_is_printed_and_the_progress_bar_is_off(regenerated):
    *_, run = regenerated
    assert run.stderr == ("cell 2 (`import sys, time`)",)
    assert "strict output comparison" in report([run])


def test_kernels_run_on_one_thread_beside_their_notebook(regenerated):
    path, *_ = regenerated
    notebook = tidy.read(path)
    assert notebook.cells[4].outputs[0].text == f"1 {path.parent.name}\n"


def test_transient_outputs_are_removed(regenerated):
    path, *_ = regenerated
    notebook = tidy.read(path)
    assert [cell.id for cell in notebook.cells] == [f"cell-{n:03d}" for n in range(6)]
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    assert notebook.cells[2].outputs == []
    assert notebook.cells[3].outputs == []
    assert "widgets" not in notebook.metadata


def test_what_is_printed_around_a_figure_is_kept(regenerated):
    path, *_ = regenerated
    outputs = tidy.read(path).cells[1].outputs
    assert outputs[0].text == "before\nafter\n"
    assert 'alt="A rising line."' in outputs[1].data["text/html"]


def test_a_failing_notebook_is_named_and_the_next_one_runs(tmp_path):
    broken = write(tmp_path, "00_broken", "x = 1", "# divide\n1 / 0", "print('never')")
    fine = write(tmp_path, "01_fine", HEADLINE, tagged="headline")
    before = broken.read_bytes()
    runs = run_notebooks([broken, fine], into=tmp_path / "build")
    assert "cell 2 (`# divide`): ZeroDivisionError: division by zero" in runs[0].failure
    assert runs[1].headline == "3 of 3"
    assert broken.read_bytes() == before
    assert tidy.read(tmp_path / "build" / "00_broken.ipynb").cells[2].outputs[0].ename
    assert "00_broken failed in cell 2" in report(runs)


def test_two_at_once_come_back_in_order(tmp_path):
    meet = "import time\nfrom pathlib import Path\nPath('{}').touch()\nbegun = time.time()\n"
    meet += "while not Path('{}').exists() and time.time() < begun + 60:\n    time.sleep(0.05)\n"
    meet += "print('headline:', Path('{}').exists())"
    first = write(tmp_path, "00_a", meet.format("a", "b", "b"), tagged="headline")
    second = write(tmp_path, "01_b", meet.format("b", "a", "a"), tagged="headline")
    runs = run_notebooks([first, second], into=tmp_path / "build", at_once=2)
    assert [(run.name, run.headline) for run in runs] == [("00_a", "True"), ("01_b", "True")]


def test_regenerating_leaves_a_failing_notebook_as_it_was(tmp_path):
    broken = write(tmp_path, "00_broken", "raise SystemError('no')")
    before = broken.read_bytes()
    assert run_notebooks([broken])[0].failure
    assert broken.read_bytes() == before


def test_a_cell_that_takes_too_long_is_stopped(tmp_path):
    slow = write(tmp_path, "00_slow", "import time\ntime.sleep(60)")
    (run,) = run_notebooks([slow], into=tmp_path / "build", timeout=1)
    assert "took over 1 s" in run.failure


def test_a_kernel_that_dies_is_named(tmp_path):
    deadly = write(tmp_path, "00_deadly", "import os\nos._exit(1)")
    (run,) = run_notebooks([deadly], into=tmp_path / "build")
    assert "the kernel died" in run.failure


def test_a_kernel_that_cannot_start_fails_in_one_line(tmp_path, monkeypatch, capfd):
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "code.py").write_text("raise ImportError('hides a module of Python')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"), prepend=":")
    paths = [write(tmp_path, "00_toy", "x = 1"), write(tmp_path, "01_toy", "x = 1")]
    runs = run_notebooks(paths, into=tmp_path / "build")
    for run in runs:
        assert run.failure == (
            "its start: the kernel did not start: ImportError: hides a module of Python"
        )
    assert report(runs).count("FAILED") == 2
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, also where a shell started the tests with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_does_not_wait_for_the_cell(tmp_path):
    wait = "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(300)"
    paths = [write(tmp_path, f"0{n}_slow", wait) for n in range(3)]

    def interrupt():
        while not (tmp_path / "begun").exists():
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    before = set(psutil.Process().children())
    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_notebooks(paths, into=tmp_path / "build", at_once=2)
    thread.join()
    assert time.time() < (tmp_path / "begun").stat().st_mtime + 30
    assert {*psutil.Process().children()} == before


@pytest.mark.parametrize("name", ["build", "00_toy.ipynb"])
def test_what_cannot_be_written_is_named_before_the_work(tmp_path, name):
    path = write(tmp_path, "00_toy", "from pathlib import Path\nPath('ran').touch()")
    (tmp_path / "build").touch()
    into = tmp_path / name / "executed"
    with pytest.raises(OSError, match=f"cannot write the results: Not a directory: .*{name}"):
        run_notebooks([path], into=into)
    assert not (tmp_path / "ran").exists()


def test_a_file_that_is_no_notebook(tmp_path):
    path = tmp_path / "00_toy.ipynb"
    path.write_text("not JSON", "utf-8")
    with pytest.raises(ValueError, match=r"00_toy\.ipynb is not a notebook"):
        run_notebooks([path])


def test_the_report_sums_up():
    runs = [Run("00_a", 61.4, 500, "9 of 10"), Run("01_b", 10, 900, "", failure="cell 1: no")]
    lines = report(runs).splitlines()
    assert lines[1].split() == ["00_a", "61", "500", "9", "of", "10"]
    assert lines[2].split() == ["01_b", "10", "900", "FAILED"]
    assert lines[3].split() == ["total", "71", "900"]
    assert report(runs, 40.2).splitlines()[4].split() == ["wall-clock", "40"]


@pytest.mark.parametrize("number", ["100", "012", "06,07", "", "0", "00 ", "-1", "1_b"])
def test_a_number_is_never_cut_to_fit(tmp_path, number):
    for name in ("01_b", "06_c", "07_d", "10_e", "12_f"):
        (tmp_path / f"{name}.ipynb").touch()
    with pytest.raises(ValueError, match=f"^no notebook '{number}': there are 01, 06, 07, 10, 12$"):
        find_notebooks([number], tmp_path)


@pytest.mark.parametrize(
    ("numbers", "found"), [((), "00 01 10"), (("1",), "01"), (("10", "00"), "00 10")]
)
def test_notebooks_are_found_by_number(tmp_path, numbers, found):
    for name in ("01_b", "00_a", "10_c", "notes"):
        (tmp_path / f"{name}.ipynb").touch()
    assert [p.name[:2] for p in find_notebooks(numbers, tmp_path)] == found.split()


def test_a_wrong_number_lists_the_right_ones(tmp_path):
    (tmp_path / "00_a.ipynb").touch()
    with pytest.raises(ValueError, match="no notebook '7': there are 00"):
        find_notebooks(["7"], tmp_path)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no notebook \(NN_name\.ipynb\)"):
        find_notebooks([], tmp_path)


NEEDS_TRUTH = """\
from cmlearn.data.captioned import UnknownTruthError
raise UnknownTruthError("coco/test")"""
TRUTH = ["known-truth", "raises-exception"]


def on_other_data(folder, truth_cell: str):
    path = write(folder, "00_toy", "DATA = None", truth_cell, "print(DATA)")
    notebook = tidy.read(path)
    notebook.cells[1].metadata.tags = ["parameters"]
    notebook.cells[2].metadata.tags = TRUTH
    tidy.write(notebook, path)
    into = folder / "build"
    (run,) = run_notebooks([path], into=into, parameters={"DATA": "coco:/x"})
    return run, tidy.read(into / path.name)


def test_on_other_data_cells_that_need_the_true_scenes_are_skipped(tmp_path):
    run, executed = on_other_data(tmp_path, NEEDS_TRUTH)
    assert (run.failure, run.num_skipped) == ("", 1)
    assert executed.cells[3].outputs[0].text == "coco:/x\n"
    assert "00_toy: 1 cells skipped" in report([run])
    assert "coco" not in (tmp_path / "00_toy.ipynb").read_text("utf-8")[-200:]


def test_any_other_error_in_such_a_cell_fails(tmp_path):
    run, _ = on_other_data(tmp_path, "1 / 0")
    assert "cell 2 (`1 / 0`): ZeroDivisionError" in run.failure


def test_kernels_run_on_storybook_whatever_the_shell_says(tmp_path, monkeypatch):
    monkeypatch.setenv("CMLEARN_DATA", "coco:/x")
    path = write(tmp_path, "00_toy", "import os\nprint(repr(os.environ['CMLEARN_DATA']))")
    run_notebooks([path])
    assert tidy.read(path).cells[1].outputs[0].text == "''\n"


def test_notebooks_with_other_parameters_are_never_written_back(tmp_path):
    path = write(tmp_path, "00_toy", "DATA = None", tagged="parameters")
    with pytest.raises(ValueError, match="not written back"):
        run_notebooks([path], parameters={"DATA": "coco:/x"})


def test_notebooks_that_take_no_data_are_left_out(tmp_path):
    takes = write(tmp_path, "00_toy", "DATA = None", tagged="parameters")
    other = write(tmp_path, "01_toy", "STEPS = 3", tagged="parameters")
    assert that_take_data([takes, other]) == ([takes], [other])
    with pytest.raises(ValueError, match="no parameter DATA in 01_toy"):
        that_take_data([other])
