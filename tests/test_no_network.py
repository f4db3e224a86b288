"""The guard that keeps the notebooks' kernels off the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

GUARD = Path(__file__).parent / "no_network"
LISTEN = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
"""


def guarded(code: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(GUARD)}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_address_outside_is_refused():
    # 192.0.2.1 is kept for documentation (RFC 5737): nobody is there, guard or not.
    outcome = guarded("import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)")
    assert outcome.returncode != 0
    assert "the network is blocked here" in outcome.stderr


def test_a_download_is_refused_before_its_host_is_resolved():
    code = "import urllib.request as r; r.urlopen('http://example.invalid/weights.pt')"
    assert "'example.invalid'" in guarded(code).stderr


def test_a_datagram_is_refused():
    code = "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))"
    assert "the network is blocked here" in guarded(code).stderr


def test_this_machine_may_talk_to_itself():
    outcome = guarded(LISTEN)
    assert outcome.returncode == 0, outcome.stderr
