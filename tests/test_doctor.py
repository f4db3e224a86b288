"""Tests of each check of `python -m cmlearn doctor`, on machines with simulated faults."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import psutil
import pytest
import torch
from typer.testing import CliRunner

from cmlearn import doctor
from cmlearn.__main__ import app
from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.photos.coco import caption_path
from cmlearn.data.storybook.dataset import SPLITS
from cmlearn.doctor import Finding
from cmlearn.pretrained import torchvision_guard
from cmlearn.pretrained.minilm import INSTALL, SHA256

LIBGL = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"


def test_the_machine_is_described():
    assert doctor.check_system().state.startswith(sys.platform.capitalize()[:5])
    assert "cores for this process" in doctor.check_processor().state
    total = psutil.virtual_memory().total / 1e9
    assert doctor.check_memory().state.startswith(f"{total:.1f} GB")
    for check in (doctor.check_system, doctor.check_processor, doctor.check_memory):
        assert not check().cure


def test_a_processor_without_a_name_has_its_architecture(monkeypatch):
    monkeypatch.setattr(doctor.platform, "system", lambda: "Plan 9")
    monkeypatch.setattr(doctor.platform, "processor", lambda: "")
    monkeypatch.setattr(doctor.platform, "machine", lambda: "mips")
    assert doctor.check_processor().state.startswith("mips, ")


@pytest.mark.parametrize(("found", "fine"), [((3, 10), False), ((3, 12), True), ((3, 14), False)])
def test_a_python_outside_the_bounds_is_missing(monkeypatch, found, fine):
    monkeypatch.setattr(doctor.sys, "version_info", (*found, 0))
    finding = doctor.check_python()
    assert finding.is_missing is not fine
    assert fine or "the course needs Python 3.11 to 3.13" in finding.cure


def test_the_bounds_of_python_are_those_of_the_package(root):
    declared = 'requires-python = ">={}.{},<{}.{}"'
    (low, high) = doctor.PYTHONS
    line = declared.format(*low, high[0], high[1] + 1)
    assert line in (root / "pyproject.toml").read_text("utf-8")


def test_the_packages_of_the_web_applications_are_optional(monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "1.2")
    assert doctor.check_applications().state == "nicegui 1.2, trimesh 1.2"

    def version(name):
        if name == "trimesh":
            raise doctor.PackageNotFoundError(name)
        return "1.2"

    monkeypatch.setattr(doctor, "version", version)
    finding = doctor.check_applications()
    assert finding.state == "trimesh is not installed"
    assert "[apps]" in finding.cure and not finding.is_missing


def test_a_package_that_is_not_installed(monkeypatch):
    assert doctor.check_package("torch") == Finding("torch", torch.__version__)

    def not_there(name):
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", not_there)
    finding = doctor.check_package("JupyterLab")
    assert finding.is_missing
    assert (finding.state, finding.cure) == ("not installed", "`pip install jupyterlab`")


def test_either_opencv_will_do(monkeypatch):
    def headless(name):
        if name != "opencv-python-headless":
            raise doctor.PackageNotFoundError(name)
        return "4.12"

    monkeypatch.setattr(doctor, "version", headless)
    assert doctor.check_package("OpenCV") == Finding("OpenCV", "4.12")


@pytest.fixture
def failing_import(monkeypatch, tmp_path):
    """A module in the way of the real one, for every Python that is started from here."""

    def make(module: str, code: str) -> None:
        (tmp_path / f"{module}.py").write_text(code, "utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return make


def test_an_import_that_works_is_fine():
    assert not doctor.check_opencv().cure


@pytest.mark.parametrize(
    ("code", "state", "cure"),
    [
        (f"raise ImportError({LIBGL.partition(': ')[2]!r})", LIBGL, "libgl1 libglib2.0-0"),
        ("raise ImportError('numpy.core')", "ImportError: numpy.core", "--force-reinstall"),
        ("import os; os._exit(3)", "`import cv2` exited with status 3", "--force-reinstall"),
    ],
)
def test_opencv_that_does_not_load(failing_import, code, state, cure):
    failing_import("cv2", code)
    finding = doctor.check_opencv()
    assert finding.is_missing
    assert finding.state == state
    assert cure in finding.cure


def test_torchvision_beside_another_torch_is_no_fault_where_the_guard_helps(failing_import):
    failing_import("torchvision", "raise RuntimeError('operator torchvision::nms does not exist')")
    finding = doctor.check_torchvision()
    assert not finding.is_missing
    assert "operator torchvision::nms does not exist); cmlearn works around it" in finding.state
    assert torchvision_guard.CURE in finding.cure


def test_torchvision_that_the_guard_cannot_help(failing_import, monkeypatch):
    def fail():
        raise ImportError("torchvision cannot be imported (no file)")

    failing_import("torchvision", "raise ImportError('no file')")
    monkeypatch.setattr(torchvision_guard, "import_torchvision", fail)
    finding = doctor.check_torchvision()
    assert finding.is_missing
    assert finding.cure == torchvision_guard.CURE


def test_torchvision_that_loads(failing_import):
    failing_import("torchvision", "")
    assert doctor.check_torchvision() == Finding("torchvision's import", "fine")


def test_the_device_and_a_wrong_one(monkeypatch):
    monkeypatch.setenv("CMLEARN_DEVICE", "cpu")
    assert doctor.check_device() == Finding("device", "cpu")
    monkeypatch.setenv("CMLEARN_DEVICE", "cuda:99")
    finding = doctor.check_device()
    assert finding.is_missing
    assert "CMLEARN_DEVICE=cuda:99 is not on this machine" in finding.state
    assert "unset it" in finding.cure


def test_a_gpu_has_a_name(monkeypatch):
    monkeypatch.delenv("CMLEARN_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Fast 9000")
    assert doctor.check_device().state == "cuda (Fast 9000)"


def test_the_threads_and_a_wrong_number(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert doctor.check_threads() == Finding("threads", "3 (OMP_NUM_THREADS)")
    monkeypatch.setenv("OMP_NUM_THREADS", "all")
    assert doctor.check_threads().is_missing
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert int(doctor.check_threads().state) >= 1


def test_bf16_is_reported_for_both_kinds_of_networks(monkeypatch):
    def choose(model, batch, loss, device):
        value = loss(model, batch[:1])
        assert value.dtype == torch.float32
        assert value.ndim == 0
        return torch.bfloat16 if batch.ndim == 3 else torch.float32

    monkeypatch.setenv("CMLEARN_DEVICE", "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("cmlearn.training.runtime.choose_precision", choose)
    assert (
        doctor.check_bf16().state == "not worthwhile for convolutions, worthwhile for a transformer"
    )
    assert "bf16" in doctor.checks(probe=True)
    assert "bf16" not in doctor.checks(probe=False)


def test_the_text_encoder_is_found_or_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("CMLEARN_BERT", str(tmp_path))
    finding = doctor.check_text_encoder()
    assert finding.is_missing
    assert f"{tmp_path} has no model.safetensors" in finding.state
    assert INSTALL in finding.cure
    for name in SHA256:
        (tmp_path / name).touch()
    assert doctor.check_text_encoder() == Finding("text encoder", str(tmp_path))


def test_the_shipped_checkpoints_are_whole():
    finding = doctor.check_checkpoints()
    assert not finding.cure, finding.state


def test_checkpoints_that_are_missing_or_damaged(monkeypatch, tmp_path):
    folder = Path(shutil.copytree(checkpoint_folder(), tmp_path / "checkpoints"))
    monkeypatch.setattr("cmlearn.data.folders.checkpoint_folder", lambda: folder)
    assert not doctor.check_checkpoints().cure
    (folder / "scene_classifier.safetensors").unlink()
    (folder / "vae.json").write_text("{", "utf-8")
    with (folder / "captioner.safetensors").open("r+b") as file:
        file.truncate(99)
    finding = doctor.check_checkpoints()
    assert finding.is_missing
    for said in (
        "scene_classifier is missing",
        "vae is damaged",
        "captioner.safetensors has 99 bytes instead of 3,1",
    ):
        assert said in finding.state
    assert "python -m cmlearn train NAME" in finding.cure


def test_the_data_set_and_a_folder_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.delenv("CMLEARN_DATA", raising=False)
    assert doctor.check_data_set() == Finding("data set", "storybook")
    monkeypatch.setenv("CMLEARN_DATA", f"coco:{tmp_path}")
    assert doctor.check_data_set() == Finding("data set", f"coco in {tmp_path}")
    for wrong, remedy in (
        (f"coco:{tmp_path}/no", "python -m cmlearn download coco"),
        ("imagenet", "write storybook, or coco:"),
    ):
        monkeypatch.setenv("CMLEARN_DATA", wrong)
        finding = doctor.check_data_set()
        assert finding.is_missing
        assert finding.state == f"CMLEARN_DATA={wrong} cannot be used"
        assert remedy in finding.cure


def test_storybook_is_drawn_or_not(monkeypatch, tmp_path):
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path))
    finding = doctor.check_storybook()
    assert finding.cure == "`python -m cmlearn draw`"
    assert not finding.is_missing, "the notebooks draw it"
    for split in SPLITS:
        path = caption_path(tmp_path / "downloads" / "storybook", split)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert not doctor.check_storybook().cure
    path.unlink()
    assert doctor.check_storybook().state.endswith(f": {split}")


@pytest.mark.parametrize(("free", "missing"), [(5e9, False), (2e8, True)])
def test_a_full_disk(monkeypatch, tmp_path, free, missing):
    usage = namedtuple("usage", "free")
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path / "not" / "made" / "yet"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(free))
    finding = doctor.check_disk()
    assert finding.is_missing is missing
    assert finding.state.startswith(f"{free / 1e9:.1f} GB free for {tmp_path}")
    assert not missing or "free at least 1.0 GB, or set CMLEARN_HOME to another folder" in (
        finding.cure
    )


def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setenv("CMLEARN_HOME", str(tmp_path))
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    finding = doctor.check_disk()
    assert finding.is_missing
    assert finding.state == f"{tmp_path} cannot be written"


def test_a_broken_check_stops_no_other(monkeypatch):
    def broken():
        raise RuntimeError("unforeseen\nsecond line")

    def without_torch():
        raise ImportError("No module named 'torch'")

    fine = Finding("last", "fine")
    faulty = {"first": broken, "second": without_torch, "last": lambda: fine}
    monkeypatch.setattr(doctor, "checks", lambda probe: faulty)
    first, second, last = doctor.diagnose()
    assert first.state == "not checked: RuntimeError: unforeseen"
    assert "report" in first.cure
    assert second.state == "not checked: No module named 'torch'"
    assert "marked above" in second.cure
    assert last == fine


def test_the_table_is_aligned_and_ends_with_the_cures():
    findings = [Finding("disk", "9 GB"), Finding("data set", "gone", "fetch it", needed=False)]
    assert doctor.table(findings).splitlines() == [
        "  disk      9 GB",
        "! data set  gone",
        "",
        "What to do:",
        "  data set: fetch it",
    ]
    assert doctor.table(findings[:1]).endswith("\n\nNothing is missing.")


@pytest.mark.parametrize(
    ("finding", "status"),
    [
        (Finding("a", "fine"), 0),
        (Finding("a", "not drawn", "draw it", needed=False), 0),
        (Finding("a", "gone", "fetch it"), 1),
    ],
)
def test_the_status_says_whether_something_needed_is_missing(monkeypatch, finding, status):
    asked = []
    monkeypatch.setattr(doctor, "diagnose", lambda probe: asked.append(probe) or [finding])
    outcome = CliRunner().invoke(app, ["doctor", "--probe"])
    assert outcome.exit_code == status
    assert f"a  {finding.state}" in outcome.stdout
    assert asked == [True]


def test_without_opencv_every_other_line_is_printed(failing_import, root):
    failing_import("cv2", f"raise ImportError({LIBGL.partition(': ')[2]!r})")
    outcome = subprocess.run(
        [sys.executable, "-m", "cmlearn", "doctor"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 1, outcome.stderr
    assert outcome.stderr == ""
    printed = outcome.stdout.partition("What to do:")[0]
    for what in doctor.checks():
        assert f"  {what}  " in printed or f"! {what}  " in printed
    assert f"! OpenCV's import       {LIBGL}" in printed
    assert "\n  device  " in printed, "the device can be chosen without OpenCV"
