"""The shape of the package: what imports what, and that importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "cmlearn"
# Each imports what stands before it and its own kind. A module belongs to the longest name that
# fits, so that `data` holds what is about no data set: captioned, files, folders, images, …
LAYERS = (
    "data",
    "data.storybook",
    "data.photos",
    "data.source",
    "text",
    "models",
    "pretrained",
    "training",
    "evaluation",
    "viz",
    "apps",
    "exercises",
    "recipes",
)
# What stands outside the layers, and what of them it may import.
OUTSIDE = {
    "__init__": (),
    "cli_helpers": (),
    "doctor": LAYERS,
    "__main__": (*LAYERS, "cli_helpers", "doctor"),
}
# Stricter than the order. Models and figures take arrays: no vocabulary, no data set.
ONLY = {"models": ("models", "data.images"), "viz": ("viz", "data.images")}
# Training names no model and no data set; evaluation neither trains nor loads.
NEVER = {
    "training": ("models", "pretrained", "data.captioned", "data.store", *LAYERS[1:4]),
    "evaluation": ("training", "pretrained", "data.source"),
}


def modules(package: Path) -> list[str]:
    """Dotted names of every module, the package's own name left out."""
    paths = (path.relative_to(package).with_suffix("") for path in package.rglob("*.py"))
    return sorted(".".join(path.parts) for path in paths)


def imports(tree: ast.AST, root: str = "cmlearn") -> set[str]:
    """What of `root` a piece of code imports, as dotted names without the root's own name."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    relative = {f"{name} (write `from cmlearn…`)" for name in found if name.startswith(".")}
    return relative | {n.removeprefix(f"{root}.") for n in found if f"{n}.".startswith(f"{root}.")}


def parse(package: Path, module: str) -> ast.Module:
    return ast.parse((package / (module.replace(".", "/") + ".py")).read_text("utf-8"))


def wrong_imports(package: Path) -> list[str]:
    """Every import that points against the order."""
    return [
        f"cmlearn.{module} imports cmlearn.{target}"
        for module in modules(package)
        for target in sorted(imports(parse(package, module)))
        if not may_import(module, target)
    ]


def may_import(module: str, target: str) -> bool:
    layer = layer_of(module)
    if not layer:
        return within(target, OUTSIDE.get(module, ()))
    if layer in ONLY:
        return within(target, ONLY[layer])
    before = LAYERS[: LAYERS.index(layer) + 1]
    return layer_of(target) in before and not within(target, NEVER.get(layer, ()))


def layer_of(name: str) -> str:
    """The longest layer that a dotted name lies in; "" where it lies in none."""
    return max((each for each in LAYERS if within(name, (each,))), key=len, default="")


def within(name: str, folders: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{folder}.") for folder in folders)


def imports_of_tools(package: Path) -> list[str]:
    """Modules that need `tools`, which is not installed; `__main__` may, within its functions."""
    wrong = []
    for module in modules(package):
        tree = parse(package, module)
        if module == "__main__":
            tree.body = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
        wrong += [module] if imports(tree, "tools") else []
    return wrong


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


def test_every_module_belongs_to_a_layer():
    placed = [name for name in modules(PACKAGE) if layer_of(name) or name in OUTSIDE]
    assert placed == modules(PACKAGE), "name the layer of the others in LAYERS or OUTSIDE"


def test_the_package_works_without_its_tools():
    assert imports_of_tools(PACKAGE) == []


def test_tests_mirror_what_they_test():
    """`tests/x/test_y.py` tests `cmlearn/x/y.py`; a second file of it has a suffix."""
    stray = []
    for path in sorted((PACKAGE.parent / "tests").glob("*/**/test_*.py")):
        folder = path.relative_to(PACKAGE.parent / "tests").parent
        home = PACKAGE if (PACKAGE / folder).is_dir() else PACKAGE.parent
        names = {module.stem for module in (home / folder).glob("*.py")} | {"reference_scores"}
        subject = path.stem.removeprefix("test_")
        stray += [] if any(f"{subject}_".startswith(f"{n}_") for n in names) else [str(path)]
    assert stray == []


def test_no_star_imports():
    assert star_imports(PACKAGE) == []


@pytest.mark.parametrize(
    ("module", "line", "verdict"),
    [
        ("data/store.py", "from cmlearn.data.storybook.scene import Scene", False),
        ("data/storybook/dataset.py", "from cmlearn.data.store import open_store", True),
        ("data/storybook/dataset.py", "from cmlearn.data.photos.coco import read_coco", False),
        ("data/photos/sample.py", "from cmlearn.data.storybook.renderer import render", True),
        ("data/photos/coco.py", "from cmlearn.data.source import load_pictures", False),
        ("data/photos/coco.py", "from cmlearn.text.cleaning import tokenize", False),
        ("data/photos/coco.py", "from .karpathy import read_karpathy", False),
        ("text/cleaning.py", "import cmlearn.data.storybook.scene", True),
        ("models/vae.py", "from cmlearn.data.images import to_tensor", True),
        ("models/vae.py", "from cmlearn.text import vocabulary", False),
        ("models/vae.py", "from cmlearn.data.storybook.targets import LABELS", False),
        ("pretrained/minilm.py", "from cmlearn.models.bert import Bert", True),
        ("training/loop.py", "from cmlearn.models.vae import VAE", False),
        ("training/batches.py", "from cmlearn.text.vocabulary import PAD", True),
        ("evaluation/bleu.py", "from cmlearn.training.checkpoint import load_checkpoint", False),
        ("evaluation/bleu.py", "from cmlearn.cli_helpers import example", False),
        ("viz/grid.py", "from cmlearn.data.storybook.scene import KINDS", False),
        ("viz/grid.py", "def f():\n    from cmlearn.apps.pipeline import Pipeline", False),
        ("apps/panel.py", "from cmlearn.viz.display import display", True),
        ("apps/panel.py", "from cmlearn.recipes.vae import train", False),
        ("cli_helpers.py", "from cmlearn.data import images", False),
        ("text/word2vec.py", "import torch\nfrom collections import Counter", True),
    ],
)
def test_the_order_is_what_this_file_checks(tmp_path, module, line, verdict):
    path = tmp_path / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n", "utf-8")
    assert (wrong_imports(tmp_path) == []) is verdict


@pytest.mark.parametrize(
    ("module", "line", "verdict"),
    [
        ("__main__.py", "def course():\n    from tools.run import run_notebooks", True),
        ("__main__.py", "from tools.run import run_notebooks", False),
        ("cli_helpers.py", "def course():\n    import tools.run", False),
        ("cli_helpers.py", "import toolsmith", True),
    ],
)
def test_tools_are_imported_by_a_command_when_it_runs(tmp_path, module, line, verdict):
    (tmp_path / module).write_text(line + "\n", "utf-8")
    assert (imports_of_tools(tmp_path) == []) is verdict


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
    before, printed = state(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        importlib.import_module(name)
    changed = [key for key, value in state().items() if before[key] != value]
    if changed or printed.getvalue():
        found[name] = changed + [printed.getvalue()]
print(json.dumps(found))
"""


def test_importing_any_module_does_nothing():
    names = [f"cmlearn.{name}" for name in modules(PACKAGE) if name != "__main__"]
    names = [name.removesuffix(".__init__") for name in names]
    code = f"import sys; sys.argv[1:] = {names!r}\n{CHECK_STATE}"
    assert python(code).strip() == "{}"
