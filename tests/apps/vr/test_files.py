"""`python -m cmlearn walk --out … --turntable …`, without a browser."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cmlearn.__main__ import app
from cmlearn.apps.text_to_image import TextToImage
from cmlearn.apps.vr import turntable
from cmlearn.apps.vr.files import check_targets
from cmlearn.apps.vr.gltf import read_glb
from cmlearn.data.storybook.renderer import render
from tests.apps.vr.scenes import SENTENCES


class Drawer:
    def draw(self, sentence, count, rng) -> np.ndarray:
        return render(SENTENCES[sentence])[None].repeat(count, 0)


@pytest.fixture(autouse=True)
def drawn(monkeypatch) -> None:
    monkeypatch.setattr(TextToImage, "load", classmethod(lambda cls: Drawer()))
    monkeypatch.setattr(turntable, "FRAMES", 3)
    monkeypatch.setattr(turntable.turntable_frames, "__defaults__", (3, 32))


def walk(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["walk", *map(str, arguments)], catch_exceptions=False)


def test_files_are_written_and_no_page_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("cmlearn.apps.vr.page.serve", lambda *_: pytest.fail("a server started"))
    out, film = tmp_path / "w.glb", tmp_path / "w.gif"
    outcome = walk(*SENTENCES, "--out", out, "--turntable", film)
    assert outcome.exit_code == 0
    assert f"Saved: {out}\nSaved: {film}\n" in outcome.stdout
    assert "✓ house left of tree" in outcome.stdout and "✗ red boat" in outcome.stdout
    assert {"big red house", "2: big yellow boat"} < {n.name for n in read_glb(out.read_bytes())}
    with Image.open(film) as gif:
        assert (gif.n_frames, gif.size) == (3, (64, 32))


def test_a_strip_has_a_row_for_each_world(tmp_path):
    assert walk(*SENTENCES, "--turntable", tmp_path / "w.png").exit_code == 0
    with Image.open(tmp_path / "w.png") as strip:
        assert strip.size == (8 * 32, 2 * 32)


def test_without_files_the_page_is_opened_on_the_loopback(monkeypatch):
    asked = []
    monkeypatch.setattr("cmlearn.apps.vr.page.serve", lambda *given: asked.append(given))
    monkeypatch.setattr("cmlearn.apps.vr.page.check_port", lambda *given: asked.append(given))
    outcome = walk(*SENTENCES, "--port", "8123")
    assert outcome.exit_code == 0, outcome.stderr
    assert asked[0] == ("127.0.0.1", 8123) == asked[1][1:]
    assert [exhibit.sentence for exhibit in asked[1][0]] == list(SENTENCES)
    assert "Open http://127.0.0.1:8123 in a browser" in outcome.stdout


@pytest.mark.parametrize(
    ("missing", "options", "needed"),
    [
        ({"trimesh", "nicegui"}, [], "trimesh"),
        ({"nicegui"}, [], "nicegui"),
        ({"trimesh"}, ["--out", "w.glb"], "trimesh"),
        ({"nicegui"}, ["--out", "w.glb"], None),
        ({"trimesh", "nicegui"}, ["--turntable", "w.gif"], None),
    ],
)
def test_a_missing_package_is_named_before_anything_is_drawn(
    missing, options, needed, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cmlearn.__main__.find_spec", lambda name: name not in missing or None)
    if needed:
        monkeypatch.setattr(TextToImage, "load", lambda: pytest.fail("the model was loaded"))
    outcome = walk(*SENTENCES, *options)
    assert outcome.exit_code == (1 if needed else 0)
    if needed:
        assert f"cmlearn: walk needs {needed}, which is not installed" in outcome.stderr
        assert 'pip install -e ".[apps]"' in outcome.stderr


def test_a_world_that_is_left_out_is_named_on_standard_error(tmp_path, monkeypatch):
    first, second = SENTENCES
    grey = np.full((1, 64, 64, 3), 127, np.uint8)
    draw = Drawer.draw
    monkeypatch.setattr(Drawer, "draw", lambda *a: grey if a[1] == first else draw(*a))
    outcome = walk(first, second, "--out", tmp_path / "w.glb")
    assert outcome.exit_code == 0 and second in outcome.stdout
    assert outcome.stderr.startswith("left out: no scene") and first in outcome.stderr


def test_existing_files_are_kept_unless_forced(tmp_path):
    out = tmp_path / "w.glb"
    out.write_text("mine")
    outcome = walk(*SENTENCES, "--out", out)
    assert outcome.exit_code == 1 and "--force" in outcome.stderr
    assert out.read_text() == "mine"
    assert walk(*SENTENCES, "--out", out, "--force").exit_code == 0
    assert out.read_bytes()[:4] == b"glTF"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a red dragon"], '"dragon" is not known'),
        (["a red blue house", "--out", "x.glb"], "one colour, not both"),
        ([""], "The request is empty"),
        (["a house"] * 7, "1 to 6 make a gallery"),
        (["a house", "--out", "x.obj"], "--out x.obj: the name of a binary glTF file ends in .glb"),
        (["a house", "--turntable", "x.mp4"], "x.mp4: a turntable is written as .gif or .png"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = walk(*arguments)
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("cmlearn: ") and outcome.stderr.count("\n") == 1
    assert said in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_disk_error_leaves_no_half_file(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("cmlearn.apps.vr.files.to_glb", fail)
    outcome = walk(*SENTENCES, "--out", tmp_path / "w.glb")
    assert outcome.exit_code == 1 and "disk full" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_write_is_nothing_to_check():
    check_targets(None, None, force=False)
