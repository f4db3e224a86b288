"""The shape of the package: what imports what, and that importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "cmlearn"
LAYERS = ("data", "text", "models", "training", "evaluation", "viz", "apps")
# What stands outside the layers, and what it may import.
OUTSIDE = {
    "__init__": (),
    "commands": (),
    "recipes": (*LAYERS, "recipes"),
    "doctor": (*LAYERS, "recipes"),
    "__main__": None,
}
# Stricter than the order: models take tensors, training names no model.
DATA_SETS = tuple(
    f"data.{name}" for name in ("captioned", "storybook", "coco", "flickr", "source", "store")
)
NEVER = {"models": ("text.vocabulary", *DATA_SETS), "training": ("models", *DATA_SETS)}


def modules(package: Path) -> list[str]:
    """Dotted names of every module, the package's own name left out."""
    paths = (path.relative_to(package).with_suffix("") for path in package.rglob("*.py"))
    return sorted(".".join(path.parts) for path in paths)


def imports(source: str, module: str) -> set[str]:
    """What of `cmlearn` a module imports, as dotted names without the package's own name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import; write `from cmlearn…`"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("cmlearn.") for name in found if name.startswith("cmlearn.")}


def wrong_imports(package: Path) -> list[str]:
    """Every import that points against the order."""
    wrong = []
    for module in modules(package):
        path = package / (module.replace(".", "/") + ".py")
        folder = module.split(".")[0]
        for target in sorted(imports(path.read_text("utf-8"), module)):
            if not _may_import(folder, target):
                wrong.append(f"cmlearn.{module} imports cmlearn.{target}")
    return wrong


def _may_import(folder: str, target: str) -> bool:
    if any(f"{target}.".startswith(f"{name}.") for name in NEVER.get(folder, ())):
        return False
    if folder in LAYERS:
        return target.split(".", maxsplit=1)[0] in LAYERS[: LAYERS.index(folder) + 1]
    assert folder in OUTSIDE, f"cmlearn/{folder} stands in no layer: name it in this test"
    allowed = OUTSIDE[folder]
    return allowed is None or any(f"{target}.".startswith(f"{name}.") for name in allowed)


def star_imports(package: Path) -> list[str]:
    return [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    ]


def python(code: str) -> str:
    outcome = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        timeout=300,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def test_imports_point_one_way():
    assert wrong_imports(PACKAGE) == []


def test_no_star_imports():
    assert star_imports(PACKAGE) == []


@pytest.mark.parametrize(
    ("module", "line", "verdict"),
    [
        ("data/coco.py", "from cmlearn.text.cleaning import tokenize", False),
        ("text/cleaning.py", "import cmlearn.data.storybook.dataset.scene", True),
        ("models/vae.py", "from cmlearn.text import vocabulary", False),
        ("training/loop.py", "from cmlearn.models.vae import VAE", False),
        ("viz/grid.py", "def f():\n    from cmlearn.apps.pipeline import Loop", False),
        ("apps/loop.py", "from cmlearn.viz.display import show", True),
        ("text/skipgram.py", "import torch\nfrom collections import Counter", True),
        ("evaluation/truth.py", "from cmlearn.commands import example", False),
        ("commands.py", "from cmlearn.data import scene", False),
    ],
)
def test_the_order_is_what_this_file_checks(tmp_path, module, line, verdict):
    path = tmp_path / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n", "utf-8")
    assert (wrong_imports(tmp_path) == []) is verdict


def test_a_star_import_is_seen(tmp_path):
    (tmp_path / "a.py").write_text("from math import *\n", "utf-8")
    assert star_imports(tmp_path) == ["a.py"]


def test_every_module_says_in_a_sentence_what_it_owns():
    for module in modules(PACKAGE):
        path = PACKAGE / (module.replace(".", "/") + ".py")
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        assert docstring.split("\n")[0].rstrip().endswith((".", "`.")), f"{path}: no sentence"


def test_import_cmlearn_is_instant_and_loads_nothing():
    code = (
        "import sys, time; start = time.perf_counter(); import cmlearn\n"
        "print(time.perf_counter() - start, 'torch' in sys.modules, 'numpy' in sys.modules)"
    )
    seconds, torch, numpy = python(code).split()
    assert (torch, numpy) == ("False", "False")
    assert float(seconds) <= 0.3


CHECK_STATE = """
import contextlib, importlib, io, json, os, random, sys
import numpy, torch
from matplotlib import pyplot

def state():
    legacy = numpy.random.get_state()
    return {
        "random": hash(random.getstate()),
        "numpy's random": hash((legacy[1].tobytes(), legacy[2])),
        "torch's random": hash(torch.get_rng_state().numpy().tobytes()),
        "torch's threads": torch.get_num_threads(),
        "torch's type": str(torch.get_default_dtype()),
        "torch's device": str(torch.get_default_device()),
        "matplotlib's style": hash(str(pyplot.rcParams)),
        "the folder": os.getcwd(),
    }

found = {}
for name in sys.argv[1:]:
    before, said = state(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        importlib.import_module(name)
    changed = [key for key, value in state().items() if before[key] != value]
    if changed or said.getvalue():
        found[name] = changed + [said.getvalue()]
print(json.dumps(found))
"""


def test_importing_any_module_does_nothing():
    names = [f"cmlearn.{name}" for name in modules(PACKAGE) if name != "__main__"]
    names = [name.removesuffix(".__init__") for name in names]
    code = f"import sys; sys.argv[1:] = {names!r}\n{CHECK_STATE}"
    assert python(code).strip() == "{}"
