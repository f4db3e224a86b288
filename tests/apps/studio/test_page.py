"""The page in a real browser: drawing, editing, saving, bad input, and no request to elsewhere."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from cmlearn.apps.studio.drawing import Settings
from cmlearn.apps.studio.files import read_settings
from tests.browser import browser

SECONDS = 60  # the machine may be busy


@pytest.fixture(scope="module")
def downloads(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def opened(served, downloads) -> Iterator[Chrome]:
    with browser(downloads=str(downloads)) as driver:
        yield driver


@pytest.fixture
def page(opened, served) -> Chrome:
    """A fresh page; two pictures for each sentence."""
    opened.get(served)
    wait(opened, lambda: found(opened, ".st-empty"))
    write(field(opened, "Pictures"), "2")
    return opened


def wait(driver: Chrome, condition):
    return WebDriverWait(driver, SECONDS, 0.1).until(lambda _: condition())


def found(driver: Chrome, selector: str, words: str = "") -> list:
    return [e for e in driver.find_elements(By.CSS_SELECTOR, selector) if words in e.text]


def field(driver: Chrome, label: str):
    return driver.find_element(By.CSS_SELECTOR, f'[aria-label="{label}"]')


def write(element, words: str) -> None:
    element.send_keys(Keys.CONTROL, "a")
    element.send_keys(Keys.BACKSPACE)
    element.send_keys(words)


def draw(driver: Chrome, sentence: str) -> None:
    write(field(driver, "Your sentence"), sentence)
    driver.find_element(By.CSS_SELECTOR, ".st-draw").click()


def cards(driver: Chrome) -> list:
    return driver.find_elements(By.CSS_SELECTOR, ".st-card img")


def drawn(driver: Chrome, sentence: str, count: int = 2) -> list:
    wait(driver, lambda: found(driver, "h2", sentence) and len(cards(driver)) == count)
    wait(driver, lambda: found(driver, ".st-status", "right"))
    return cards(driver)


def problem(driver: Chrome) -> str:
    return wait(driver, lambda: driver.find_element(By.CSS_SELECTOR, ".st-problem").text)


def test_it_loads_without_a_request_to_elsewhere(page, served):
    rows = [json.loads(row["message"])["message"] for row in page.get_log("performance")]
    urls = [
        r["params"]["request"]["url"] for r in rows if r["method"] == "Network.requestWillBeSent"
    ]
    hosts = {urlsplit(url).netloc for url in urls if re.match("(http|ws)s?:", url)}
    assert hosts == {urlsplit(served).netloc}
    assert [row for row in page.get_log("browser") if row["level"] == "SEVERE"] == []


def test_a_sentence_gets_pictures_with_claims(page):
    draw(page, "a red house at night")
    pictures = drawn(page, "a red house at night")
    assert all("of “a red house at night”" in p.get_attribute("alt") for p in pictures)
    for claims in found(page, ".st-claims"):
        assert re.search("[✓✗] (red house|can be read)", claims.text)
    assert re.fullmatch(r"[012] of 2 pictures are right\.", found(page, ".st-status")[0].text)


def test_words_can_be_clicked_together_and_drawn_by_the_keyboard(page):
    write(field(page, "Your sentence"), " ")
    for word in ("a", "yellow", "star", "at night"):
        next(e for e in found(page, "aside .st-chip", word) if e.text == word).click()
    wait(
        page,
        lambda: field(page, "Your sentence").get_attribute("value") == "a yellow star at night",
    )
    field(page, "Your sentence").send_keys(Keys.ENTER)
    drawn(page, "a yellow star at night")


def test_one_word_is_changed_and_marked(page):
    draw(page, "a red house at night")
    drawn(page, "a red house at night")[0].click()
    wait(page, lambda: found(page, "button.st-word", "red"))[0].click()
    wait(page, lambda: found(page, ".st-dialog .st-chip", "blue"))[0].click()
    wait(page, lambda: found(page, ".st-three"))
    assert [e.text for e in found(page, ".st-word.new")] == ["blue"]
    assert "claims that held were kept" in found(page, ".st-dialog")[0].text
    assert "of the pixels changed" in found(page, ".st-three")[0].text


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("a red dragon", '"dragon" is not known'),
        ("<img src=x onerror=alert(1)>", '"img" is not known'),
        ("a red blue house", "one colour"),
        ("дом", "Only English"),
    ],
)
def test_a_bad_sentence_gets_a_kind_word_and_stays_text(page, typed, named):
    draw(page, typed)
    assert named in problem(page)
    assert field(page, "Your sentence").get_attribute("value") == typed
    assert not page.find_elements(By.CSS_SELECTOR, 'img[src="x"]')
    draw(page, "a tree")
    drawn(page, "a tree")
    assert page.find_element(By.CSS_SELECTOR, ".st-problem").text == ""


def test_a_seed_out_of_range_is_explained(page):
    write(field(page, "Seed"), "-3")
    draw(page, "a tree")
    assert "seed: a whole number" in problem(page)


def test_pictures_and_sheets_are_saved_and_read_back(page, downloads):
    write(field(page, "Seed"), "7")
    draw(page, "a blue ball in the snow")
    drawn(page, "a blue ball in the snow")
    for ending in ("PNG", "PDF"):
        found(page, ".st-seg .st-quiet", ending)[0].click()
        start = {"PNG": b"\x89PNG", "PDF": b"%PDF"}[ending]
        path = downloads / f"contact-sheet.{ending.lower()}"
        wait(page, path.is_file)
        assert path.read_bytes().startswith(start)
    cards(page)[1].click()
    wait(page, lambda: found(page, ".st-quiet", "Save as PNG"))[0].click()
    path = downloads / "picture-7-2.png"
    wait(page, path.is_file)
    assert read_settings(path.read_bytes())[0] == Settings("a blue ball in the snow", 7, 1)
    page.refresh()
    wait(page, lambda: found(page, ".st-empty"))
    page.find_element(By.ID, "studio-file").send_keys(str(path))
    [picture] = drawn(page, "a blue ball in the snow", 1)
    assert "Picture 2 of" in picture.get_attribute("alt")
    write(field(page, "Your sentence"), "a star")
    page.find_element(By.ID, "studio-file").send_keys(str(path))  # the same file once more
    sentence = field(page, "Your sentence")
    wait(page, lambda: sentence.get_attribute("value") == "a blue ball in the snow")


def test_a_file_without_settings_is_explained(page, tmp_path):
    path = tmp_path / "no.png"
    path.write_bytes(b"no picture")
    page.find_element(By.ID, "studio-file").send_keys(str(path))
    assert "no PNG" in problem(page)


def test_a_grid_has_a_row_for_each_colour_and_a_strip_its_two_ends(page):
    found(page, ".st-quiet", "Strip")[0].click()
    write(field(page, "Pictures"), "3")
    write(wait(page, lambda: field(page, "To this sentence")), "a blue boat on the sea")
    draw(page, "a red house")
    alts = [picture.get_attribute("alt") for picture in drawn(page, "a red house", 3)]
    assert "“a red house”" in alts[0] and "“a blue boat on the sea”" in alts[2]


def test_work_can_be_cancelled(page):
    write(field(page, "Pictures"), "24")
    draw(page, "a tree")
    wait(page, lambda: found(page, ".st-stop", "Cancel"))[0].click()
    wait(page, lambda: found(page, ".st-status", "Cancelled."))
    assert len(cards(page)) < 24


def test_a_browser_that_goes_in_mid_work_leaves_the_server_to_others(page, served):
    with browser() as other:
        other.get(served)
        wait(other, lambda: found(other, ".st-empty"))
        write(field(other, "Pictures"), "24")
        draw(other, "two trees")
        draw(page, "a star")  # two users at once
        wait(page, lambda: cards(page))
        wait(other, lambda: cards(other))
    began = time.monotonic()
    draw(page, "a yellow ball")
    drawn(page, "a yellow ball")
    assert time.monotonic() - began < SECONDS


def test_what_can_be_used_has_a_name(page):
    nameless = page.execute_script(
        "return [...document.querySelectorAll('button, input, textarea, img')].filter(e =>"
        " e.type !== 'hidden' && !e.hasAttribute('alt') &&"
        " !(e.innerText || e.ariaLabel || e.labels?.length || e.getAttribute('aria-labelledby')))"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert nameless == []
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang").startswith("en")
