"""Checks whether this machine can run the course, and says how to fix what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ((3, 11), (3, 13))  # the oldest and the newest that pyproject.toml allows
# Name -> distributions that provide it; the first one that is installed counts.
PACKAGES = {
    "torch": ("torch",),
    "torchvision": ("torchvision",),
    "NumPy": ("numpy",),
    "OpenCV": ("opencv-python", "opencv-python-headless"),
    "gensim": ("gensim",),
    "Matplotlib": ("matplotlib",),
    "JupyterLab": ("jupyterlab",),
}
SYSTEM_LIBRARIES = (
    "install the system libraries (Debian, Ubuntu: `apt-get install libgl1 libglib2.0-0`), or "
    "without root: `pip uninstall opencv-python`, then `pip install opencv-python-headless`"
)
DISK_SPACE = 1_000_000_000  # bytes: Storybook takes 250 MB, cached features and images the rest
TIMEOUT = 120  # seconds for an import


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        what: name of the check.
        state: what was found.
        cure: how to fix the problem; empty if there is none.
        needed: whether the course cannot run without it.
    """

    what: str
    state: str
    cure: str = ""
    needed: bool = True

    @property
    def is_missing(self) -> bool:
        """Whether the course cannot run until this is fixed."""
        return bool(self.cure) and self.needed


Check = Callable[[], Finding]


def diagnose(probe: bool = False) -> list[Finding]:
    """Run every check; an error in one check becomes its finding.

    Args:
        probe: also time bf16 against fp32.
    """
    return [_run(what, check) for what, check in checks(probe).items()]


def checks(probe: bool = False) -> dict[str, Check]:
    """Return every check by its name, in the order of printing."""
    return {
        "system": check_system,
        "processor": check_processor,
        "memory": check_memory,
        "Python": check_python,
        **{what: _package_check(what) for what in PACKAGES},
        "OpenCV's import": check_opencv,
        "torchvision's import": check_torchvision,
        "web applications": check_applications,
        "device": check_device,
        "threads": check_threads,
        **({"bf16": check_bf16} if probe else {}),
        "text encoder": check_text_encoder,
        "checkpoints": check_checkpoints,
        "data set": check_data_set,
        "Storybook": check_storybook,
        "disk": check_disk,
    }


def table(findings: Sequence[Finding]) -> str:
    """Format findings as aligned lines; "!" marks problems, whose fixes follow below."""
    width = max(len(finding.what) for finding in findings)
    lines = []
    for finding in findings:
        mark = "!" if finding.cure else " "
        lines.append(f"{mark} {finding.what:{width}}  {finding.state}")
    cures = [f"  {each.what}: {each.cure}" for each in findings if each.cure]
    lines += ["", "What to do:", *cures] if cures else ["", "Nothing is missing."]
    return "\n".join(lines)


def _run(what: str, check: Check) -> Finding:
    try:
        return check()
    except ImportError as error:
        cure = "fix the problems marked above first, then run this again"
        return Finding(what, f"not checked: {_first_line(error)}", cure)
    except Exception as error:  # any other fault must not hide the other findings
        state = f"not checked: {type(error).__name__}: {_first_line(error)}"
        return Finding(what, state, "this check itself failed: please report it with this line")


# ── the machine ───────────────────────────────────────────────────────────────────────────────


def check_system() -> Finding:
    """Report the operating system and the architecture."""
    return Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}")


def check_processor() -> Finding:
    """Report the processor and the number of cores available to this process."""
    import joblib

    physical = joblib.cpu_count(only_physical_cores=True)
    return Finding("processor", f"{_processor_name()}, {physical} cores for this process")


def _processor_name() -> str:
    """Return the model name if the system provides it, else the architecture."""
    if platform.system() == "Linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()


def check_memory() -> Finding:
    """Report the total and the free memory."""
    import psutil

    memory = psutil.virtual_memory()
    return Finding("memory", f"{_gigabytes(memory.total)}, {_gigabytes(memory.available)} free")


def check_python() -> Finding:
    """Check the version of Python."""
    oldest, newest = (".".join(map(str, each)) for each in PYTHONS)
    state = f"{platform.python_version()}, {sys.executable}"
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding("Python", state)
    return Finding("Python", state, f"the course needs Python {oldest} to {newest}: install one")


# ── the packages ──────────────────────────────────────────────────────────────────────────────


def check_package(what: str) -> Finding:
    """Check whether a package is installed.

    Args:
        what: a key of `PACKAGES`.
    """
    for name in PACKAGES[what]:
        try:
            return Finding(what, version(name))
        except PackageNotFoundError:
            continue
    return Finding(what, "not installed", f"`pip install {PACKAGES[what][0]}`")


def _package_check(what: str) -> Check:
    return lambda: check_package(what)


def check_opencv() -> Finding:
    """Check whether OpenCV can be imported; slim container images lack libraries it needs."""
    what, error = "OpenCV's import", _import_error("import cv2")
    if not error:
        return Finding(what, "fine")
    cure = SYSTEM_LIBRARIES if ".so" in error else "`pip install --force-reinstall opencv-python`"
    return Finding(what, error, cure)


def check_applications() -> Finding:
    """Check whether the packages of the web applications are installed."""
    found = {}
    for name in ("nicegui", "trimesh"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            cure = '`pip install -e ".[apps]"`; all but the web applications works without it'
            return Finding("web applications", f"{name} is not installed", cure, needed=False)
    state = ", ".join(f"{name} {number}" for name, number in found.items())
    return Finding("web applications", state)


def check_torchvision() -> Finding:
    """Check whether torchvision can be imported with this torch, if need be by a workaround."""
    from cmlearn.pretrained.torchvision_guard import CURE, import_torchvision

    what, error = "torchvision's import", _import_error("import torchvision")
    if not error:
        return Finding(what, "fine")
    try:
        import_torchvision()
    except ImportError as failure:
        return Finding(what, _first_line(failure), CURE)
    state = f"does not match this torch ({error}); cmlearn works around it"
    return Finding(what, state, f"not needed for the course; for other code, {CURE}", needed=False)


def _import_error(code: str) -> str:
    """Run `code` in another process, as it may crash; return its last error line, or ""."""
    command = [sys.executable, "-c", code]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if outcome.returncode == 0:
        return ""
    lines = outcome.stderr.strip().splitlines()
    return lines[-1] if lines else f"`{code}` exited with status {outcome.returncode}"


# ── the runtime ─────────────────────────────────────────────────────────────────


def check_device() -> Finding:
    """Report the device that a run would use."""
    import torch

    from cmlearn.training.runtime import DEVICE_VARIABLE, choose_device

    try:
        device = choose_device()
    except ValueError as error:
        return Finding(
            "device", str(error), f"set {DEVICE_VARIABLE} to one of these devices, or unset it"
        )
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    return Finding("device", f"{device}{name}")


def check_threads() -> Finding:
    """Report the number of threads that a run would use."""
    from cmlearn.training.runtime import THREADS_VARIABLE, choose_threads

    try:
        count = choose_threads()
    except ValueError as error:
        return Finding("threads", str(error), f"set {THREADS_VARIABLE} to a number, or unset it")
    source = f" ({THREADS_VARIABLE})" if os.environ.get(THREADS_VARIABLE) else ""
    return Finding("threads", f"{count}{source}")


def check_bf16() -> Finding:
    """Time whether bf16 is worthwhile for convolutions and for a transformer."""
    import torch
    from torch import Tensor, nn

    from cmlearn.training.runtime import choose_precision, setup

    def loss(model: nn.Module, batch: Tensor) -> Tensor:
        return model(batch).float().square().mean()

    device = setup()
    convolutions = nn.Sequential(nn.Conv2d(3, 64, 3), nn.GELU(), nn.Conv2d(64, 64, 3))
    transformer = nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True)
    kinds: dict[str, tuple[nn.Module, Tensor]] = {
        "convolutions": (convolutions, torch.rand(16, 3, 64, 64)),
        "a transformer": (transformer, torch.rand(16, 64, 256)),
    }
    found = []
    for kind, (model, batch) in kinds.items():
        dtype = choose_precision(model.to(device), batch.to(device), loss, device)
        found.append(f"{'worthwhile' if dtype == torch.bfloat16 else 'not worthwhile'} for {kind}")
    return Finding("bf16", ", ".join(found))


# ── the data ──────────────────────────────────────────────────────────────────────────────────


def check_text_encoder() -> Finding:
    """Check for the weights of the pretrained text encoder; nothing is downloaded."""
    from cmlearn.pretrained.minilm import INSTALL

    code = "from cmlearn.pretrained.minilm import find_minilm; print(find_minilm())"
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    outcome = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if outcome.returncode == 0:
        return Finding("text encoder", outcome.stdout.strip())
    error = outcome.stderr.strip().splitlines()[-1]
    return Finding("text encoder", error.removeprefix("FileNotFoundError: "), f"`{INSTALL}`")


def check_checkpoints() -> Finding:
    """Check that every shipped checkpoint exists and has the recorded size."""
    from cmlearn.data.folders import checkpoint_folder
    from cmlearn.recipes.registry import RECIPES

    folder = checkpoint_folder()
    shipped = [name for name, recipe in RECIPES.items() if recipe.ships]
    faults = [fault for name in shipped if (fault := _checkpoint_fault(folder / name))]
    if not faults:
        return Finding("checkpoints", f"all {len(shipped)} in {folder}")
    cure = (
        "`git checkout -- data/checkpoints` restores them; "
        "`python -m cmlearn train NAME` trains one"
    )
    return Finding("checkpoints", "; ".join(faults), cure)


def _checkpoint_fault(path: Path) -> str:
    """Return what is wrong with a checkpoint, or ""; its weights are not read."""
    from cmlearn.training.checkpoint import CheckpointError, read_info

    weights = path.with_suffix(".safetensors")
    try:
        expected, found = read_info(path).num_bytes, weights.stat().st_size
    except FileNotFoundError:
        return f"{path.name} is missing"
    except CheckpointError as error:
        return f"{path.name} is damaged ({error})"
    return (
        "" if found == expected else f"{weights.name} has {found:,} bytes instead of {expected:,}"
    )


def check_data_set() -> Finding:
    """Report the data set that the notebooks would use."""
    from cmlearn.data.source import SOURCE_VARIABLE, find_source

    try:
        source = find_source()
    except (ValueError, FileNotFoundError) as error:
        state = f"{SOURCE_VARIABLE}={os.environ.get(SOURCE_VARIABLE)} cannot be used"
        return Finding("data set", state, f"{error}, or unset {SOURCE_VARIABLE}")
    return Finding("data set", f"{source.name}{f' in {source.folder}' if source.folder else ''}")


def check_storybook() -> Finding:
    """Check whether Storybook was drawn; otherwise the first notebook that needs it draws it."""
    from cmlearn.data.folders import downloads_folder
    from cmlearn.data.photos.coco import caption_path
    from cmlearn.data.storybook.dataset import SPLITS

    folder = downloads_folder() / "storybook"
    missing = [split for split in SPLITS if not caption_path(folder, split).is_file()]
    if not missing:
        return Finding("Storybook", f"drawn, in {folder}")
    state = f"not drawn yet in {folder}: {', '.join(missing)}"
    return Finding("Storybook", state, "`python -m cmlearn draw`", needed=False)


def check_disk() -> Finding:
    """Check whether the data folder is writable and has enough space."""
    from cmlearn.data.folders import HOME_VARIABLE, downloads_folder

    folder = downloads_folder()
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    cure = f"set {HOME_VARIABLE} to another folder"
    if not os.access(existing, os.W_OK):
        return Finding("disk", f"{existing} cannot be written", f"make it writable, or {cure}")
    free = shutil.disk_usage(existing).free
    state = f"{_gigabytes(free)} free for {folder}"
    return Finding(
        "disk", state, f"free at least {_gigabytes(DISK_SPACE)}, or {cure}" * (free < DISK_SPACE)
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
