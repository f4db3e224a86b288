"""The page of `python -m cmlearn walk`: worlds in the browser, with three.js from NiceGUI's wheel.

The server knows five files and answers nothing else. What the page loads comes from this process,
and its content security policy forbids the browser to ask anybody else.
"""

from __future__ import annotations

import base64
import errno
import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cmlearn.apps.vr.exhibits import Exhibit, verdict
from cmlearn.apps.vr.gltf import offset_of, to_glb
from cmlearn.apps.vr.scenery import MIDDLE, RADIUS
from cmlearn.data.images import encode_png

HERE = Path(__file__).parent
LOOPBACK, PORT = "127.0.0.1", 8018
FIRST_FREE, LAST = 1024, 65535  # ports below are for administrators
PICTURE_PIXELS = 128  # width of a picture on the page
POLICY = "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' blob: data:"


def serve(exhibits: Sequence[Exhibit], host: str = LOOPBACK, port: int = PORT) -> None:
    """Show worlds in the browser until the process is interrupted.

    Args:
        exhibits: at least one.
        host: address to listen at; the loopback address admits this machine only.
        port: its port.

    Raises:
        OSError: the port is in use, or not allowed.
        FileNotFoundError: NiceGUI, which carries three.js, is not installed.
    """
    with make_server(exhibits, host, port) as server, suppress(KeyboardInterrupt):
        server.serve_forever()


def make_server(exhibits: Sequence[Exhibit], host: str, port: int) -> ThreadingHTTPServer:
    """Make the server of `serve`, which already listens; see there."""
    check_port(host, port)
    files = {
        "/": ("text/html; charset=utf-8", page_html(exhibits).encode()),
        "/walk.js": ("text/javascript", (HERE / "walk.js").read_bytes()),
        "/walk.css": ("text/css", (HERE / "walk.css").read_bytes()),
        "/three.js": ("text/javascript", find_three().read_bytes()),
        "/walk.glb": (
            "model/gltf-binary",
            to_glb([e.world for e in exhibits], [e.sentence for e in exhibits]),
        ),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = files.get(self.path, ("text/plain", b"There is no such page."))
            self.send_response(200 if self.path in files else 404)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(content))),
                ("Content-Security-Policy", POLICY),
                ("Cache-Control", "no-store"),  # another run has other worlds
            ):
                self.send_header(name, value)
            with suppress(ConnectionError):  # the browser has gone in the meantime
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Print nothing for each request."""

    return ThreadingHTTPServer((host, port), Handler)


def find_three() -> Path:
    """Find the three.js bundle in NiceGUI's package, without importing NiceGUI.

    Raises:
        FileNotFoundError: it is not installed, or a later version keeps it elsewhere.
    """
    package = find_spec("nicegui")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        bundle = Path(folder) / "elements" / "scene" / "dist" / "index.js"
        if bundle.is_file():
            return bundle
    raise FileNotFoundError(
        "three.js is not here: it comes with NiceGUI 3.18, pip install 'nicegui>=3.18,<4'"
    )


def check_port(host: str, port: int) -> None:
    """Check that a server can listen at a port.

    Raises:
        OSError: it is in use, or not allowed; the message says what to do.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"cannot listen at {host}:{port} ({error.strerror})"
            raise OSError(f"{reason}: {_cure(error, port)}") from error


def _cure(error: OSError, port: int) -> str:
    if error.errno not in (errno.EADDRINUSE, errno.EACCES):  # the host, not its port
        return f"choose another host, an IPv4 address of this machine such as --host {LOOPBACK}"
    if port < FIRST_FREE:
        return f"choose another port, such as --port {PORT}"
    return f"choose another port, such as --port {port + 1 if port < LAST else port - 1}"


def page_html(exhibits: Sequence[Exhibit]) -> str:
    """Return the HTML of the page.

    Every claim and what each key does stands in plain HTML, for screen readers too.
    """
    sections = "\n".join(_section(number, each) for number, each in enumerate(exhibits, 1))
    data = json.dumps(_page_data(exhibits)).replace("<", "\\u003c")
    buttons = '<button id="next">Next world</button>' if len(exhibits) > 1 else ""
    return f"""<!doctype html>
<html lang="en-GB">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Walk through a sentence</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/walk.css">
<script type="module" src="/walk.js"></script></head>
<body>
<main id="walk">
<canvas id="view" tabindex="0" role="application" aria-label="{escape(_summary(exhibits))}
 Arrow keys or W, A, S, D move; dragging turns; a click on the ground takes you there."></canvas>
<div id="aim" aria-hidden="true"></div>
<p id="label" role="status" aria-live="polite"></p>
<p id="message" role="alert" hidden></p>
<aside aria-label="What was asked, and what the picture shows">
{sections}
<p class="keys"><kbd>W</kbd> <kbd>A</kbd> <kbd>S</kbd> <kbd>D</kbd> or arrows: move · drag: turn ·
click on the ground: go there</p>
<div class="buttons"><button id="orbit" aria-pressed="false">Orbit</button>{buttons}
<button id="enter-vr" hidden>VR</button>
<a id="save" href="/walk.glb" download="walk.glb">Save as .glb</a></div>
</aside>
<script type="application/json" id="worlds">{data}</script>
</main>
</body>
</html>"""


def _summary(exhibits: Sequence[Exhibit]) -> str:
    return " ".join(f"A world drawn from “{exhibit.sentence}”." for exhibit in exhibits)


def _section(number: int, exhibit: Exhibit) -> str:
    """Return the sentence, its picture and its claims with ✓ or ✗."""
    items = "".join(
        f'<li class="{"true" if claim.true else "false"}"><span aria-hidden="true">'
        f"{'✓' if claim.true else '✗'}</span><span class='hidden'>"
        f"{'true' if claim.true else 'false'}: </span>{escape(claim.text)}</li>"
        for claim in exhibit.claims
    )
    title = escape(exhibit.sentence)
    return (
        f'<section id="world-{number}"><h2>{title}</h2><img width="{PICTURE_PIXELS}" '
        f'height="{PICTURE_PIXELS}" src="{_data_uri(exhibit.picture)}" '
        f'alt="The picture drawn from “{title}”, from which this world was made.">'
        f"<ul>{items}</ul><p>{escape(verdict(exhibit))}</p></section>"
    )


def _data_uri(picture: np.ndarray) -> str:
    return f"data:image/png;base64,{base64.b64encode(encode_png(picture)).decode('ascii')}"


def _page_data(exhibits: Sequence[Exhibit]) -> dict[str, object]:
    """Return what `walk.js` has to know: where the worlds are, and which nodes are things."""
    worlds = []
    for index, exhibit in enumerate(exhibits):
        prefix = f"{index + 1}: " if index else ""
        worlds.append(
            {
                "middle": (offset_of(index) + MIDDLE).tolist(),
                "things": [prefix + part.name for part in exhibit.world.things],
                "flying": [
                    prefix + part.name
                    for part in exhibit.world.things
                    if part.thing is not None and part.thing.flies
                ],
                "ground": prefix + "ground",
                "clouds": prefix + "clouds",
            }
        )
    return {"radius": RADIUS, "worlds": worlds}
