"""Says what this machine has, what is missing for the course, and how to cure it."""

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
# What a package is called in the registry; the first that is installed counts.
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
ROOM = 1_000_000_000  # bytes: Storybook takes 250 MB, features and pictures kept aside the rest
SECONDS = 120  # that an import may take


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        what: its name.
        state: what is there, or what is wrong.
        cure: what to do about it; empty where all is well.
        needed: whether the course stops without it.
    """

    what: str
    state: str
    cure: str = ""
    needed: bool = True

    @property
    def is_missing(self) -> bool:
        """Whether the course stops until this is cured."""
        return bool(self.cure) and self.needed


Check = Callable[[], Finding]


def diagnose(probe: bool = False) -> list[Finding]:
    """Run every check; one that fails is a finding, and stops no other.

    Args:
        probe: also time whether bf16 is faster than fp32.
    """
    return [_run(what, check) for what, check in checks(probe).items()]


def checks(probe: bool = False) -> dict[str, Check]:
    """Every check by its name, in the order in which they are printed."""
    return {
        "system": check_system,
        "processor": check_processor,
        "memory": check_memory,
        "Python": check_python,
        **{what: _package_check(what) for what in PACKAGES},
        "OpenCV's import": check_opencv,
        "torchvision's import": check_torchvision,
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
    """Return aligned lines, then what to do about those that are marked."""
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
        cure = "cure what is marked above first, then run this again"
        return Finding(what, f"not checked: {_first_line(error)}", cure)
    except Exception as error:  # whatever is broken on a machine that we have not seen
        state = f"not checked: {type(error).__name__}: {_first_line(error)}"
        return Finding(what, state, "this check is broken: please report it with this line")


# ── the machine ───────────────────────────────────────────────────────────────────────────────


def check_system() -> Finding:
    """Operating system and architecture."""
    return Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}")


def check_processor() -> Finding:
    """Name of the processor, and how many cores there are for this process."""
    import joblib

    physical = joblib.cpu_count(only_physical_cores=True)
    return Finding("processor", f"{_processor_name()}, {physical} cores for this process")


def _processor_name() -> str:
    """The name for people where the system tells it, else the architecture."""
    if platform.system() == "Linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()


def check_memory() -> Finding:
    """Memory of the machine, and how much of it is free."""
    import psutil

    memory = psutil.virtual_memory()
    return Finding("memory", f"{_gigabytes(memory.total)}, {_gigabytes(memory.available)} free")


def check_python() -> Finding:
    """Version and place of the Python that runs this."""
    oldest, newest = (".".join(map(str, each)) for each in PYTHONS)
    state = f"{platform.python_version()}, {sys.executable}"
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding("Python", state)
    return Finding("Python", state, f"the course needs Python {oldest} to {newest}: install one")


# ── the packages ──────────────────────────────────────────────────────────────────────────────


def check_package(what: str) -> Finding:
    """Version of an installed package, one of `PACKAGES`."""
    for name in PACKAGES[what]:
        try:
            return Finding(what, version(name))
        except PackageNotFoundError:
            continue
    return Finding(what, "not installed", f"`pip install {PACKAGES[what][0]}`")


def _package_check(what: str) -> Check:
    return lambda: check_package(what)


def check_opencv() -> Finding:
    """Whether OpenCV loads; slim images lack libraries that it needs."""
    what, error = "OpenCV's import", _import_error("import cv2")
    if not error:
        return Finding(what, "fine")
    cure = SYSTEM_LIBRARIES if ".so" in error else "`pip install --force-reinstall opencv-python`"
    return Finding(what, error, cure)


def check_torchvision() -> Finding:
    """Whether torchvision loads beside this torch, by itself or with the guard's help."""
    from cmlearn.pretrained.torchvision_guard import CURE, import_torchvision

    what, error = "torchvision's import", _import_error("import torchvision")
    if not error:
        return Finding(what, "fine")
    try:
        import_torchvision()
    except ImportError as failure:
        return Finding(what, _first_line(failure), CURE)
    state = f"does not fit this torch ({error}); cmlearn gets around it"
    return Finding(what, state, f"nothing for the course; for other code, {CURE}", needed=False)


def _import_error(code: str) -> str:
    """The last line that an import writes when it fails, in a Python of its own: it may crash."""
    command = [sys.executable, "-c", code]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if outcome.returncode == 0:
        return ""
    lines = outcome.stderr.strip().splitlines()
    return lines[-1] if lines else f"`{code}` ended with status {outcome.returncode}"


# ── what would be computed on ─────────────────────────────────────────────────────────────────


def check_device() -> Finding:
    """The device that a run would choose."""
    import torch

    from cmlearn.training.runtime import DEVICE_VARIABLE, choose_device

    try:
        device = choose_device()
    except ValueError as error:
        return Finding("device", str(error), f"set {DEVICE_VARIABLE} to one of these, or unset it")
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    return Finding("device", f"{device}{name}")


def check_threads() -> Finding:
    """The number of threads that a run would choose."""
    from cmlearn.training.runtime import THREADS_VARIABLE, choose_threads

    try:
        count = choose_threads()
    except ValueError as error:
        return Finding("threads", str(error), f"set {THREADS_VARIABLE} to a number, or unset it")
    why = f" ({THREADS_VARIABLE})" if os.environ.get(THREADS_VARIABLE) else ""
    return Finding("threads", f"{count}{why}")


def check_bf16() -> Finding:
    """Whether training is faster in bf16, for the two kinds of networks of the course."""
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
        found.append(f"{'pays' if dtype == torch.bfloat16 else 'does not pay'} for {kind}")
    return Finding("bf16", ", ".join(found))


# ── the data ──────────────────────────────────────────────────────────────────────────────────


def check_text_encoder() -> Finding:
    """Where the weights of the pretrained text encoder lie; none are fetched."""
    from cmlearn.pretrained.minilm import INSTALL

    code = "from cmlearn.pretrained.minilm import find_minilm; print(find_minilm())"
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    outcome = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if outcome.returncode == 0:
        return Finding("text encoder", outcome.stdout.strip())
    error = outcome.stderr.strip().splitlines()[-1]
    return Finding("text encoder", error.removeprefix("FileNotFoundError: "), f"`{INSTALL}`")


def check_checkpoints() -> Finding:
    """Whether every shipped checkpoint is there, as long as its JSON says."""
    from cmlearn.data.folders import checkpoint_folder
    from cmlearn.recipes.registry import RECIPES

    folder = checkpoint_folder()
    shipped = [name for name, recipe in RECIPES.items() if recipe.ships]
    faults = [fault for name in shipped if (fault := _checkpoint_fault(folder / name))]
    if not faults:
        return Finding("checkpoints", f"all {len(shipped)} in {folder}")
    cure = (
        "`git checkout -- data/checkpoints` fetches them again, and "
        "`python -m cmlearn train NAME` trains one anew"
    )
    return Finding("checkpoints", "; ".join(faults), cure)


def _checkpoint_fault(path: Path) -> str:
    """What is wrong with a checkpoint, in a few words; its weights are not read."""
    from cmlearn.training.checkpoint import CheckpointError, read_info

    weights = path.with_suffix(".safetensors")
    try:
        expected, found = read_info(path).num_bytes, weights.stat().st_size
    except FileNotFoundError:
        return f"{path.name} is missing"
    except CheckpointError as error:
        return f"{path.name} is damaged ({error})"
    return "" if found == expected else f"{weights.name} has {found:,} bytes of {expected:,}"


def check_data_set() -> Finding:
    """The data set that the notebooks would run on."""
    from cmlearn.data.source import SOURCE_VARIABLE, find_source

    try:
        source = find_source()
    except (ValueError, FileNotFoundError) as error:
        said = f"{SOURCE_VARIABLE}={os.environ.get(SOURCE_VARIABLE)} cannot be used"
        return Finding("data set", said, f"{error}, or unset {SOURCE_VARIABLE}")
    return Finding("data set", f"{source.name}{f' in {source.folder}' if source.folder else ''}")


def check_storybook() -> Finding:
    """Whether Storybook was drawn; the first notebook that needs it draws it, too."""
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
    """Whether data can be written, and how much room there is for it."""
    from cmlearn.data.folders import HOME_VARIABLE, downloads_folder

    folder = downloads_folder()
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    cure = f"name another folder in {HOME_VARIABLE}"
    if not os.access(there, os.W_OK):
        return Finding("disk", f"{there} cannot be written", f"make it writable, or {cure}")
    free = shutil.disk_usage(there).free
    state = f"{_gigabytes(free)} free for {folder}"
    return Finding("disk", state, f"make room for {_gigabytes(ROOM)}, or {cure}" * (free < ROOM))


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
