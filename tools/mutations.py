"""Every small change of a module that a test should notice: operators, numbers, calls left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

Part = ast.expr | ast.stmt
SWAPPED: dict[type[ast.AST], Any] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In},
}
# What an error says is for its reader, and the types are for mypy: no mutants there.
SKIPPED_NODES = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)
SKIPPED_FIELDS = ("annotation", "returns", "decorator_list")


@dataclass(frozen=True)
class Mutant:
    """One change of one module: `old`, the bytes `start` to `end` of the file, becomes `new`."""

    path: Path  # from the root of the checkout
    line: int
    start: int
    end: int
    old: str
    new: str

    def applied_to(self, source: bytes) -> bytes:
        """Return the module's source with the change made."""
        new = self.new if self.new == "pass" else f"({self.new})"  # a part keeps its place in a sum
        return source[: self.start] + new.encode() + source[self.end :]

    def __str__(self) -> str:
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{self.path}:{self.line}  {old}  →  {new}"


def mutants_of(root: Path, path: Path) -> list[Mutant]:
    """Return every mutant of the module at `root / path`, in the order of its lines."""
    source = (root / path).read_bytes()
    lines = source.splitlines(keepends=True)
    starts = list(accumulate(map(len, lines), initial=0))  # of lines, in bytes, as columns are
    tree = ast.parse(source)
    imported = {(name.asname or name.name).split(".")[0] for name in _imported_names(tree)}
    found = set()
    for node in _nodes(tree):
        for old, new in _changes(node, imported):
            start = starts[old.lineno - 1] + old.col_offset
            end = starts[(old.end_lineno or old.lineno) - 1] + (old.end_col_offset or 0)
            was, becomes = source[start:end].decode(), ast.unparse(new)
            found.add(Mutant(path, old.lineno, start, end, was, becomes))
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.new))


def _imported_names(tree: ast.AST) -> Iterator[ast.alias]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from node.names


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            # A class's fields are sizes and settings: choices, not behaviour.
            setting = isinstance(node, ast.ClassDef) and isinstance(child, ast.AnnAssign)
            if not isinstance(child, ast.AST) or isinstance(child, SKIPPED_NODES) or setting:
                continue
            if name not in SKIPPED_FIELDS:
                yield from _nodes(child)


def _changes(node: ast.AST, imported: set[str]) -> Iterator[tuple[Part, ast.AST]]:
    """Yield (what is replaced, by what) for one node of the syntax tree."""
    match node:
        case ast.Expr(value=ast.Call()) if "super()" not in ast.unparse(node):
            yield node, ast.Pass()
        case ast.AugAssign():
            yield node, ast.Pass()
        case ast.BinOp(left, operator, right) if type(operator) in SWAPPED:
            yield node, ast.BinOp(left, SWAPPED[type(operator)](), right)
            yield from ((node, part) for part in (left, right))
        case ast.BoolOp(operator, values):
            yield node, ast.BoolOp(SWAPPED[type(operator)](), values)
        case ast.Compare(left, [operator], rest) if type(operator) in SWAPPED:
            yield node, ast.Compare(left, [SWAPPED[type(operator)]()], rest)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield node, operand
        case ast.Constant(bool(value)):
            yield node, ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield node, ast.Constant(value + 1)
        case ast.If(test) | ast.IfExp(test):
            yield test, ast.UnaryOp(ast.Not(), test)
        case ast.Call(function, arguments, keywords):
            for keyword in keywords:
                others = [other for other in keywords if other is not keyword]
                yield node, ast.Call(function, arguments, others)
            yield from ((node, part) for part in _unwrapped(function, arguments, imported))


def _unwrapped(
    function: ast.expr, arguments: list[ast.expr], imported: set[str]
) -> Iterator[ast.expr]:
    """Yield what is left without the call: x of `x.clamp(0)`, `F.silu(x)` and `self.layer(x)`."""
    if isinstance(function, ast.Attribute) and function.attr.islower():
        if ast.unparse(function).split(".")[0] not in {*imported, "self", "super()", "cls"}:
            yield function.value
        elif len(arguments) == 1:
            yield arguments[0]
