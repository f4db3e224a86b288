"""Tests of cmlearn.pretrained.torchvision_guard."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def run(code: str, *first_on_path: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh Python that finds the packages of `first_on_path` before all others."""
    search_path = os.pathsep.join(str(path) for path in [*first_on_path, REPOSITORY])
    environment = {**os.environ, "PYTHONPATH": search_path}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def stand_in(folder: Path, code: str) -> Path:
    """Write a torchvision package whose `__init__` is `code`."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(code)
    return folder


GUARD = (
    "from cmlearn.pretrained import torchvision_guard as guard\ntv = guard.import_torchvision()\n"
)


def test_installed_torchvision_builds_a_resnet() -> None:
    try:
        version("torchvision")
    except PackageNotFoundError:
        pytest.skip("torchvision is not installed")
    code = GUARD + (
        "import torch\n"
        "assert guard.import_torchvision() is tv\n"
        "print(tv.models.resnet18()(torch.zeros(1, 3, 64, 64)).shape[1])\n"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "1000"


def test_broken_pair_gets_its_missing_operators(tmp_path: Path) -> None:
    broken = stand_in(
        tmp_path,
        "import torch\n"
        "from torchvision import early\n"
        "torch.library.register_fake('torchvision::standin_nms')(lambda dets, scores, t: dets)\n"
        "torch.library.register_fake('torchvision::standin_qnms')(lambda dets, scores, t: dets)\n",
    )
    (broken / "torchvision" / "early.py").write_text("")
    done = run(GUARD + "print(*guard._definitions)", broken)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["standin_nms", "standin_qnms"]


def test_healthy_pair_is_left_alone(tmp_path: Path) -> None:
    healthy = stand_in(
        tmp_path,
        "import torch\n"
        "library = torch.library.Library('torchvision', 'DEF')\n"
        "library.define('nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')\n",
    )
    done = run(GUARD + "print(len(guard._definitions), tv.library is not None)", healthy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "True"]


def test_other_errors_pass_through(tmp_path: Path) -> None:
    done = run(GUARD, stand_in(tmp_path, "raise RuntimeError('a different trouble')\n"))
    assert "RuntimeError: a different trouble" in done.stderr


def test_an_operator_that_never_comes_is_not_tried_for_ever(tmp_path: Path) -> None:
    code = "raise RuntimeError('operator torchvision::ghost does not exist')\n"
    done = run(GUARD, stand_in(tmp_path, code))
    assert "operator torchvision::ghost does not exist" in done.stderr
    assert done.returncode == 1


def test_endless_operators_are_bounded(tmp_path: Path) -> None:
    code = (
        "import builtins\n"
        "n = builtins.n = getattr(builtins, 'n', 0) + 1\n"
        "raise RuntimeError(f'operator torchvision::ghost{n} does not exist')\n"
    )
    done = run(GUARD, stand_in(tmp_path, code))
    assert "ImportError: torchvision still lacks operators" in done.stderr


def test_absent_torchvision_names_the_cure(tmp_path: Path) -> None:
    done = run(GUARD, stand_in(tmp_path, "raise ImportError('No module named torchvision')\n"))
    assert "from one index" in done.stderr
