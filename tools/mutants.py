"""Change the package in one small way at a time, and list the changes that no test notices.

Mutation testing (DeMillo, Lipton & Sayward 1978, "Hints on test data selection"), on a sample:

    python -m tools.mutants --count 60 --seed 0 cmlearn/models cmlearn/training
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm

from tools.mutations import Mutant, mutants_of

FOLDERS = tuple(f"cmlearn/{part}" for part in ("models", "training", "evaluation", "data", "text"))
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "build", "downloads")
PASSED, NONE = 0, 5  # exit codes of pytest: all passed; there were no tests


def sampled(root: Path, folders: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """Return `count` mutants of the modules in these folders, or all if there are fewer."""
    modules = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    mutants = [mutant for path in modules for mutant in mutants_of(root, path.relative_to(root))]
    return random.Random(seed).sample(mutants, min(count, len(mutants)))


def files_that_test(root: Path, module: Path) -> list[Path]:
    """Return the test files for a module, the likeliest to notice a change of it first.

    They import it and stand in the folder that mirrors its own. Where there are none, they are
    those in any folder that import it, or else that import what imports it, and so on.
    """
    tests = {path: _imports(path) for path in sorted((root / "tests").rglob("test_*.py"))}
    package = {_dotted(path, root): path for path in (root / module.parts[0]).rglob("*.py")}
    wanted = {_dotted(root / module, root)}
    while wanted:
        found = [path for path, names in tests.items() if wanted & names]
        mirror = root / "tests" / module.relative_to(module.parts[0]).parent
        near = [path for path in found if path.parent == mirror] or found
        if near:
            own = f"test_{module.stem}"
            return [p.relative_to(root) for p in sorted(near, key=lambda p: (p.stem != own, p))]
        importers = {name for name, path in package.items() if wanted & _imports(path)}
        wanted = wanted | importers if importers - wanted else set()
    return []


def _dotted(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


@cache
def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def verdicts(root: Path, mutants: Sequence[Mutant], limit: float, jobs: int) -> list[str]:
    """Return what became of each mutant; the tests run in copies of the checkout.

    Raises:
        RuntimeError: a test that killed a mutant fails without any change, too.
    """
    tests = {path: files_that_test(root, path) for path in {mutant.path for mutant in mutants}}
    found = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            copies.put(shutil.copytree(root, Path(folder) / str(job), ignore=NOT_COPIED))

        def tried(mutant: Mutant) -> str:
            copy = copies.get()
            try:
                return verdict(copy, mutant, tests[mutant.path], limit)
            finally:
                copies.put(copy)

        bar = tqdm(mutants, desc="mutants")
        for mutant, outcome in zip(bar, pool.map(tried, mutants), strict=True):
            found.append(outcome)
            if outcome != "killed":
                bar.write(f"{outcome:<9}  {mutant}", file=sys.stdout)
        for _ in range(jobs):  # what failed last in each copy, which no longer holds a mutant
            arguments = ["-q", "--last-failed", "--last-failed-no-failures=none"]
            if pytest(copies.get(), arguments, silent=False) not in (PASSED, NONE):
                raise RuntimeError(
                    f"{summary(found)}, but the tests named above fail without any change, too: "
                    "make them pass first"
                )
    return found


def verdict(copy: Path, mutant: Mutant, tests: Sequence[Path], limit: float) -> str:
    """Return "killed", "survived", "timed out" or "no test", once the tests ran in the copy."""
    if not tests:
        return "no test"
    path = copy / mutant.path
    source = path.read_bytes()
    path.write_bytes(mutant.applied_to(source))
    try:
        return "survived" if pytest(copy, [*map(str, tests)], limit) == PASSED else "killed"
    except subprocess.TimeoutExpired:
        return "timed out"
    finally:
        path.write_bytes(source)


def pytest(
    copy: Path, arguments: Sequence[str], limit: float | None = None, silent: bool = True
) -> int:
    """Run tests in a copy of the checkout until one fails, and return how it ended."""
    # No bytecode, since the files of two mutants can be of one size and one second.
    settings = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    output = subprocess.DEVNULL if silent else None
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", *arguments],
        cwd=copy,
        env={**os.environ, **settings, "PYTHONPATH": str(copy)},
        stdout=output,
        stderr=output,
        timeout=limit,
        check=False,
    ).returncode


def summary(found: Sequence[str]) -> str:
    """Return the share of killed mutants; those that ran out of time count on neither side."""
    killed, judged = found.count("killed"), len(found) - found.count("timed out")
    return f"killed: {killed} of {judged} ({killed / max(judged, 1):.0%})"


def main(arguments: Sequence[str] | None = None, root: Path = Path()) -> None:
    """Print the mutants of a sample that survive the tests."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", default=FOLDERS, help="what to change")
    parser.add_argument("--count", type=int, default=60, help="how many mutants to try")
    parser.add_argument("--seed", type=int, default=0, help="chooses which")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--limit", type=float, default=120, help="seconds that a mutant may take")
    given = parser.parse_args(arguments)
    root = root.resolve()
    mutants = sampled(root, given.folders, given.count, given.seed)
    print(summary(verdicts(root, mutants, given.limit, given.jobs)))


if __name__ == "__main__":
    main()
