"""Mutation testing on a toy package, with tests that notice a change and tests that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutants import files_that_test, main, sampled, verdicts
from tools.mutations import Mutant, mutants_of

MODULE = (
    '"""Adds."""\n\n\ndef twice_the_sum(x: int | None, y: int) -> int:\n    return (x + y) * 2\n'
)
GOOD = "    assert twice_the_sum(3, 4) == 14\n"
BAD = "    assert twice_the_sum(3, 4) is not None\n"


def checkout(root: Path, *checks: str) -> Path:
    """Write a package of one module, whose test makes these checks."""
    test = "from toy.sums import twice_the_sum\n\n\ndef test_the_sum():\n" + "".join(checks)
    files = {"toy/__init__.py": "", "toy/sums.py": MODULE, "tests/test_sums.py": test}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


def changes(tmp_path: Path, source: str) -> set[str]:
    (tmp_path / "module.py").write_text(source, "utf-8")
    return {mutant.new for mutant in mutants_of(tmp_path, Path("module.py"))}


def test_a_good_test_kills_what_a_bad_one_lets_live(tmp_path, capsys):
    for name, check, share in (("good", GOOD, "100%"), ("bad", BAD, "0%")):
        root = checkout(tmp_path / name, check)
        main(["toy", "--count", "2", "--limit", "60"], root)
        out = capsys.readouterr().out
        assert f"({share})" in out
        assert out.count("toy/sums.py:5") == (0 if name == "good" else 2)
        assert (root / "toy" / "sums.py").read_text("utf-8") == MODULE  # only a copy is changed


def test_tests_that_fail_anyway_are_refused(tmp_path):
    with pytest.raises(RuntimeError, match="without any change"):
        main(["toy", "--count", "1"], checkout(tmp_path, "    assert twice_the_sum(1, 1) == 5\n"))


def test_a_mutant_that_never_ends_is_no_kill(tmp_path):
    root = checkout(tmp_path, "    while twice_the_sum(0, 1) != 2:\n        pass\n")
    mutant = Mutant(Path("toy/sums.py"), 5, 75, 80, "x + y", "x - y")
    assert mutant in mutants_of(root, Path("toy/sums.py"))
    assert verdicts(root, [mutant], limit=3, jobs=1) == ["timed out"]


def test_the_same_seed_chooses_the_same_mutants(tmp_path):
    root = checkout(tmp_path, GOOD)
    every = sampled(root, ["toy"], 1000, seed=0)
    assert len(every) == len(set(every)) > 5
    chosen = [sampled(root, ["toy"], 4, seed) for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("z = x - y", {"x + y", "x", "y"}),
        ("z = x.clamp(-7, 3)", {"x", "7", "4"}),
        ("f(x, rate=r)", {"f(x)", "pass"}),
        ("if a < b: x += 1.5", {"a <= b", "not a < b", "pass", "2.5"}),
        ("import F\nz = F.silu(self.layer(x))", {"self.layer(x)", "x"}),
        ("z = not (a and b)", {"a and b", "a or b"}),
        ("z = True", {"False"}),
        ('def f(x: int | None) -> int | None:\n    raise ValueError("ä" + f"{x + 1}")', set()),
        ("class Config:\n    width: int = 16", set()),
    ],
)
def test_what_is_changed(tmp_path, source, expected):
    assert expected <= changes(tmp_path, source)
    assert expected or not changes(tmp_path, source)


def test_a_change_keeps_its_place_among_letters_of_two_bytes(tmp_path):
    source = 'z = ("é", a + b)\n'
    (tmp_path / "module.py").write_text(source, "utf-8")
    swapped = next(m for m in mutants_of(tmp_path, Path("module.py")) if m.new == "a - b")
    assert swapped.applied_to(source.encode()).decode() == 'z = ("é", (a - b))\n'
    assert str(swapped) == "module.py:1  a + b  →  a - b"


def test_tests_are_found_by_what_they_import(tmp_path):
    files = {
        "toy/models/vae.py": "from toy.models.parts import look",
        "toy/models/parts.py": "",
        "toy/alone.py": "",
        "tests/models/test_gan.py": "from toy.models import vae",
        "tests/models/test_vae.py": "import toy.models.vae",
        "tests/test_all.py": "from toy.models.vae import VAE",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    found = [Path("tests/models/test_vae.py"), Path("tests/models/test_gan.py")]
    assert files_that_test(tmp_path, Path("toy/models/vae.py")) == found
    assert set(files_that_test(tmp_path, Path("toy/models/parts.py"))) == set(found)
    assert files_that_test(tmp_path, Path("toy/alone.py")) == []
