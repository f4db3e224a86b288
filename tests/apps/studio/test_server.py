"""The routes for programs, the address, and twenty seconds of many users."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys

import pytest
from fastapi.testclient import TestClient
from nicegui import core
from typer.testing import CliRunner

from benchmarks.studio_load import run_load
from cmlearn.__main__ import app as commands
from cmlearn.apps.studio import work_queue
from cmlearn.apps.studio.drawing import Settings
from cmlearn.apps.studio.files import MAX_BYTES, read_settings
from cmlearn.apps.studio.server import MAX_BODY, create_app, listen
from cmlearn.apps.studio.service import Studio
from tests.apps.studio.test_files import GOOD, png_with


@pytest.fixture(scope="module")
def client(tiny):
    studio = Studio.load(tiny, threads=1)
    yield TestClient(create_app(studio))
    studio.queue.close()


def test_pictures_are_drawn_and_carry_their_settings(client):
    asked = {"sentence": "two red houses", "count": 2, "seed": 5, "steps": 2, "guidance": 1.5}
    answer = client.post("/api/draw", json=asked)
    assert answer.status_code == 200
    pictures = answer.json()["pictures"]
    settings, model = read_settings(base64.b64decode(pictures[1]["png"]))
    assert settings == Settings("two red houses", 5, 1, 2, 1.5)
    assert model == answer.json()["model"]
    assert {"text": "2 red house", "true": False} in pictures[0]["claims"]
    again = client.post("/api/settings", content=base64.b64decode(pictures[1]["png"]))
    assert again.json()["settings"]["index"] == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b"[]", "needs a sentence"),
        (b"{}", "needs a sentence"),
        (b'{"sentence": 3}', "expected a string"),
        (b'{"sentence": ""}', "empty"),
        (b'{"sentence": "%s"}' % (b"a" * 10_000), "10,000 letters"),
        (b'{"sentence": "a red blue house"}', "one colour"),
        ('{"sentence": "дом"}'.encode(), "Only English"),
        (b'{"sentence": "a house", "count": 25}', "count"),
        (b'{"sentence": "a house", "count": "2"}', "count"),
        (b'{"sentence": "a house", "seed": -1}', "seed"),
        (b'{"sentence": "a house", "seed": 99999999999}', "seed"),
        (b'{"sentence": "a house", "steps": 1000}', "steps"),
        (b'{"sentence": "a house", "guidance": 1e9}', "guidance"),
        (b'{"sentence": "a house", "guidance": 1%s}' % (b"0" * 400), "guidance"),
        (b'{"sentence": "a house", "guidance": NaN}', "guidance"),
        (b'{"sentence": "a house", "guidance": "\\ud800"}', "guidance"),
        (b'{"sentence": "a house", "seed": "\\ud800"}', "seed"),
        (b'{"sentence": "a house", "count": "\\ud800"}', "count"),
        (b'{"sentence": "\\ud800 house"}', "Only English"),
        (b" " * (MAX_BODY + 1), "too large"),
    ],
)
def test_bad_requests_get_a_clear_word(client, body, named):
    answer = client.post("/api/draw", content=body)
    assert answer.status_code == 422 and named in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"GIF89a", "no PNG"),
        (bytes(MAX_BYTES + 1), "too large"),
        (png_with("{}"), "not those of the studio"),
        (png_with("null"), "not those of the studio"),
        (png_with(json.dumps({**GOOD, "guidance": 10**400})), "guidance"),
        (png_with(json.dumps({**GOOD, "sentence": "\ud800 house"})), "Only English"),
        (png_with(json.dumps({**GOOD, "model": "\ud800"})), "not those of the studio"),
    ],
)
def test_other_files_get_a_clear_word(client, body, named):
    answer = client.post("/api/settings", content=body)
    assert answer.status_code == 422 and named in answer.json()["error"]


def test_a_full_queue_says_when_to_try_again(client, monkeypatch, tiny):
    queue = work_queue.WorkQueue(max_jobs=0)
    with TestClient(create_app(Studio(tiny, "flow-x", queue))) as full:
        answer = full.post("/api/draw", json={"sentence": "a tree"})
    queue.close()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1 and "busy" in answer.json()["error"]


def test_a_page_outlives_a_broken_connection_on_a_busy_machine(client):
    assert core.app.config.reconnect_timeout == 30


def test_a_port_in_use_is_explained(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port}: .*--port 0"):
            listen("127.0.0.1", port)
        done = CliRunner().invoke(commands, ["studio", "--port", str(port), "--no-show"])
    assert done.exit_code == 1 and "--port" in done.stderr and done.stderr.count("\n") == 1


def test_it_listens_on_this_machine_only_unless_asked():
    page = CliRunner().invoke(commands, ["studio", "--help"]).stdout
    assert "127.0.0.1" in page


def test_without_nicegui_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['nicegui'] = None\n"
        "from typer.testing import CliRunner; from cmlearn.__main__ import app\n"
        "done = CliRunner().invoke(app, ['studio']); print(done.exit_code, done.stderr)"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert outcome.stdout.startswith("1 cmlearn: the studio needs nicegui")
    assert 'pip install -e ".[apps]"' in outcome.stdout


def test_many_users_at_once_lose_nothing(served):
    found = run_load(served, users=30, seconds=20, steps=1)
    assert found.lost == 0 and found.answered > 0
    assert found.answered + found.told_to_wait == found.asked
