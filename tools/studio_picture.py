"""Takes the picture of the content studio's page in use, with a headless Chromium."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.studio_load import server

PICTURE = Path("docs") / "pictures" / "studio.png"  # from the root of the repository
SIZE = "1280,1010"  # width and height of the window
SECONDS = 120
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars")


def write_studio_picture(root: Path) -> Path:
    """Write `docs/pictures/studio.png`: the page after its first sentence was drawn.

    Args:
        root: root of the repository.

    Returns:
        The path of the picture.

    Raises:
        FileNotFoundError: Chromium or its driver is not installed.
    """
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        raise FileNotFoundError("chromium and chromedriver: apt-get install chromium-driver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, server() as (url, _):
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (*FLAGS, f"--window-size={SIZE}", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        page = webdriver.Chrome(options, Service(driver))
        try:
            shot = _draw(page, url)
        finally:
            page.quit()
    path = root / PICTURE
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").save(path, optimize=True)
    return path


def _draw(page: webdriver.Chrome, url: str) -> bytes:
    """Draw the sentence that the page begins with; return the page as a PNG."""
    page.get(url)
    wait = WebDriverWait(page, SECONDS)
    wait.until(lambda _: page.find_elements(By.CSS_SELECTOR, ".st-empty"))
    page.find_element(By.CSS_SELECTOR, ".st-draw").click()
    wait.until(lambda _: "right" in page.find_element(By.CSS_SELECTOR, ".st-status").text)
    return page.get_screenshot_as_png()
