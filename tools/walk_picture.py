"""Takes the screenshot of `python -m cmlearn walk` for the notebook, in headless Chromium."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.request import urlopen

from PIL import Image

from cmlearn.viz.display import fewer_colours
from tools.readme_pictures import FOLDER

SENTENCE = "a red house left of a yellow tree at night"
PORT = 8019
WIDTH, HEIGHT = 1100, 760  # pixels of the window
PATIENCE = 300  # seconds until the page has to be there


def write_walk_picture(root: Path) -> Path:
    """Write `docs/pictures/walk.png`, a screenshot of the page in a real browser.

    The picture of the page is the first right one of seed 0, as for everybody.

    Args:
        root: root of the repository.

    Returns:
        The file.

    Raises:
        FileNotFoundError: Chromium or its driver is not installed.
        TimeoutError: the page did not open in time.
    """
    from tests.browser import CHROMIUM, DRIVER, browser

    if not (CHROMIUM and DRIVER):
        raise FileNotFoundError("chromium and chromedriver are needed: apt install chromium-driver")
    with _served(root) as address, browser(WIDTH, HEIGHT) as driver:
        driver.get(address)
        ready = "return document.getElementById('view')?.dataset.ready"
        _wait_for(lambda: driver.execute_script(ready))
        time.sleep(2)  # a few frames
        png = driver.get_screenshot_as_png()
    path = root / FOLDER / "walk.png"
    with Image.open(BytesIO(png)) as shot:
        fewer_colours(shot.convert("RGB")).save(path, optimize=True)
    return path


@contextmanager
def _served(root: Path) -> Iterator[str]:
    """Run the command as a newcomer would, and yield its address."""
    command = [sys.executable, "-m", "cmlearn", "walk", SENTENCE, "--port", str(PORT)]
    address = f"http://127.0.0.1:{PORT}"
    with subprocess.Popen(command, cwd=root) as server:
        try:
            _wait_for(lambda: _answers(address) or server.poll() is not None)
            if server.poll() is not None:
                raise OSError("the server ended before the page was open")
            yield address
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def _wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"the page did not open within {PATIENCE} s")
        time.sleep(0.5)
