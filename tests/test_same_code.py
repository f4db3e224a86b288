"""What a notebook builds in plain sight and `cmlearn` defines under the same name is one code."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
Definition = ast.FunctionDef | ast.ClassDef


class Bare(ast.NodeTransformer):
    """Drops what may differ: docstrings and annotations (comments are gone with the parsing)."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None:
            node.annotation = ast.Name("_")
            return node
        return ast.Assign([node.target], node.value, lineno=node.lineno)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        return without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        return without_docstring(node)


def without_docstring(node: Definition) -> Definition:
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return node


def definitions(source: str) -> dict[str, str]:
    """The top-level functions and classes of `source` in their bare form, by name."""
    nodes = ast.parse(source).body
    return {
        node.name: ast.unparse(ast.fix_missing_locations(Bare().visit(node)))
        for node in nodes
        if isinstance(node, Definition)
    }


def package_definitions(package: Path) -> dict[str, dict[str, str]]:
    """By name, then by module, every top-level function and class of the package."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(package.rglob("*.py")):
        if path.name == "__main__.py":  # commands, which a notebook may call as it likes
            continue
        module = str(path.relative_to(package.parent))
        for name, code in definitions(path.read_text("utf-8")).items():
            found.setdefault(name, {})[module] = code
    return found


def notebook_definitions(path: Path) -> dict[str, str]:
    """What a notebook defines, cells tagged `variant` left out."""
    found: dict[str, str] = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code" and "variant" not in cell["metadata"].get("tags", []):
            lines = "".join(cell["source"]).splitlines()
            plain = [line for line in lines if not line.lstrip().startswith(("%", "!"))]
            found |= definitions("\n".join(plain))
    return found


def differing(notebook: Path, package: Path) -> list[str]:
    in_package = package_definitions(package)
    return [
        f"{name} in {notebook.name} is other code than in {', '.join(in_package[name])}"
        for name, code in notebook_definitions(notebook).items()
        if name in in_package and code not in in_package[name].values()
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_and_package_are_the_same_code(path):
    assert differing(path, ROOT / "cmlearn") == []


PACKAGED = '''
def double(x: int, times: int = 2) -> int:
    """Twice."""
    y: int = x * times  # here
    return y


class Pair:
    """Two."""

    left: int

    def swap(self) -> None:
        """Change sides."""
'''


def differs(tmp_path: Path, source: str, tags: tuple[str, ...] = ()) -> bool:
    package = tmp_path / "package"
    package.mkdir()
    (package / "module.py").write_text(PACKAGED, "utf-8")
    cell = {"cell_type": "code", "metadata": {"tags": tags}, "source": source}
    notebook = tmp_path / "00_toy.ipynb"
    notebook.write_text(json.dumps({"cells": [cell]}), "utf-8")
    return differing(notebook, package) != []


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("def double(x, times=2):\n    y = x * times\n    return y", False),
        ("%matplotlib inline\ndef double(x, times=2):\n    y = x * times\n    return y", False),
        ("def double(x, times=2):\n    return x * times", True),
        ("def double(x, times=3):\n    y = x * times\n    return y", True),
        ("def triple(x):\n    return 3 * x", False),
        ("class Pair:\n    left: float\n    def swap(self):\n        pass", False),
        ("class Pair:\n    right: int\n    def swap(self):\n        pass", True),
    ],
)
def test_only_docstrings_comments_and_types_may_differ(tmp_path, source, verdict):
    assert differs(tmp_path, source) is verdict


def test_a_variant_may_differ(tmp_path):
    assert not differs(tmp_path, "def double(x):\n    return x", tags=("variant",))
