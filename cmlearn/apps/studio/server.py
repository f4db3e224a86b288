"""Serves the studio: the page, and two routes for programs."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import warnings
import webbrowser
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from nicegui import ui

from cmlearn.apps.studio.drawing import Drawing, Settings
from cmlearn.apps.studio.files import MAX_BYTES, read_settings, to_png
from cmlearn.apps.studio.layouts import variations
from cmlearn.apps.studio.page import TITLE, build_page
from cmlearn.apps.studio.service import Studio
from cmlearn.apps.studio.work_queue import Job, QueueFullError

MAX_BODY = 100_000  # bytes of a request for pictures
OPTIONS = ("seed", "steps", "guidance")
RECONNECT = 30  # seconds that a page outlives its connection, which breaks on a busy machine
POLL = 0.5  # seconds after which a client that has gone is noticed


def create_app(studio: Studio) -> FastAPI:
    """Return the web application.

    Args:
        studio: what all its users share.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/api/draw")
    async def draw_route(request: Request) -> JSONResponse:
        return await _draw(studio, request)

    @app.post("/api/settings")
    async def settings_route(request: Request) -> JSONResponse:
        return await _read(request)

    def page() -> None:
        build_page(studio)

    ui.run_with(
        app,
        root=page,
        title=TITLE,
        favicon="🎨",
        language="en-US",
        tailwind=False,
        reconnect_timeout=RECONNECT,
    )
    return app


def serve(host: str = "127.0.0.1", port: int = 8080, show: bool = True) -> None:
    """Serve the studio until it is interrupted.

    Args:
        host: address to listen at; others than 127.0.0.1 let other machines in.
        port: port to listen at; 0 chooses a free one.
        show: open the page in a browser.

    Raises:
        OSError: the port is in use, or the address is not one of this machine.
        FileNotFoundError: there is no checkpoint.
    """
    # NiceGUI inspects every object of the process as it starts, one of torch warns of that.
    warnings.filterwarnings("ignore", r".*torch\.distributed\.reduce_op", FutureWarning)
    listening = listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    studio = Studio.load()
    app = create_app(studio)
    print(f"Content studio: {url} (Ctrl-C ends it)", flush=True)
    if show:
        threading.Timer(1, webbrowser.open, [url]).start()
    try:
        uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)).run(
            sockets=[listening]
        )
    finally:
        studio.queue.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        OSError: that is not possible; the message says what to do.
    """
    try:
        return socket.create_server((host, port), backlog=128)
    except OSError as error:
        raise OSError(
            f"cannot listen at {host}, port {port}: {error.strerror or error}. "
            "Choose another with --port, such as --port 0 for any free one"
        ) from error


async def _draw(studio: Studio, request: Request) -> JSONResponse:
    """Answer a request for variations of a sentence."""
    try:
        values = _values(await _body(request, MAX_BODY))
        settings = Settings(values["sentence"], **{k: values[k] for k in OPTIONS if k in values})
        host = request.client.host if request.client else ""
        user = f"api {host} {str(values.get('user', ''))[:40]}"
        job = studio.submit(user, variations(settings, values.get("count", 1)))
    except QueueFullError as error:
        about = {"error": str(error), "seconds": error.seconds}
        return JSONResponse(about, 429, {"Retry-After": str(error.seconds)})
    except (ValueError, TypeError) as error:
        return JSONResponse({"error": str(error)}, 422)
    await _wait(studio, job, request)
    if job.error or job.is_cancelled:
        return JSONResponse({"error": job.error or "The request was cancelled."}, 500)
    return JSONResponse({"model": studio.name, "pictures": [_as_json(d) for d in job.results]})


async def _read(request: Request) -> JSONResponse:
    """Answer with the settings in a PNG."""
    try:
        settings, model = read_settings(await _body(request, MAX_BYTES))
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 422)
    return JSONResponse({"settings": vars(settings), "model": model})


async def _wait(studio: Studio, job: Job, request: Request) -> None:
    """Wait until a job has ended; cancel it if its client goes."""
    ended = asyncio.wrap_future(job.ended)
    while not ended.done():
        await asyncio.wait([ended], timeout=POLL)
        if not ended.done() and await request.is_disconnected():
            studio.queue.cancel(job)


async def _body(request: Request, limit: int) -> bytes:
    """Read the body of a request, in memory only.

    Raises:
        ValueError: it is larger than `limit` bytes.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ValueError(f"The request is too large: at most {limit:,} bytes are read.")
    return body


def _values(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("The request is no JSON.") from error
    if not isinstance(values, dict) or "sentence" not in values:
        raise ValueError('The request needs a sentence, as in {"sentence": "a red house"}.')
    return values


def _as_json(drawing: Drawing) -> dict[str, Any]:
    claims = [{"text": claim.text, "true": claim.true} for claim in drawing.claims]
    png = base64.b64encode(to_png(drawing)).decode("ascii")
    return {
        "png": png,
        "index": drawing.settings.index,
        "right": drawing.is_right,
        "claims": claims,
    }
