"""The page: its HTML and, where Chromium is installed, walking through it."""

from __future__ import annotations

import errno
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cmlearn.apps.vr.exhibits import exhibit_of
from cmlearn.apps.vr.page import check_port, find_three, make_server, page_html, serve
from cmlearn.data.storybook.renderer import render
from tests.apps.vr.scenes import NIGHT, SENTENCES, exhibits
from tests.browser import browser, needs_chromium

ROOT = Path(__file__).resolve().parents[3]
READY = "return document.getElementById('view')?.dataset.ready"
FAKE_HEADSET = (Path(__file__).parent / "fake_headset.js").read_text("utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve two worlds from a thread."""
    with make_server(exhibits(), "127.0.0.1", free_port()) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def wait_for(condition, seconds: float = 90) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


@pytest.fixture(scope="module")
def page(address) -> Iterator[Any]:
    with browser() as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": FAKE_HEADSET})
        driver.get(address)
        wait_for(lambda: driver.execute_script(READY))
        yield driver


def run(page, code: str) -> Any:
    return page.execute_script(code)


def position(page) -> list[float]:
    return run(page, "return walk.rig.position.toArray()")


def press(page, key: str, seconds: float = 0.6) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(page).key_down(key).pause(seconds).key_up(key).perform()


def click(page, name: str) -> None:
    run(page, f"document.getElementById('{name}').click()")


def pixel(page, thing: str) -> list[int]:
    """The colour on the screen of a point on a thing's front, halfway up."""
    return run(
        page,
        """
        const {node} = walk.things.find((each) => each.name === arguments[0]);
        const view = walk.renderer.domElement;
        node.geometry.computeBoundingBox();
        const box = node.geometry.boundingBox.clone().applyMatrix4(node.matrixWorld);
        const at = box.max.clone();
        at.x = box.min.x + 0.3 * (box.max.x - box.min.x);
        at.y = box.min.y + 0.25 * (box.max.y - box.min.y);
        at.project(walk.camera);
        walk.renderer.render(walk.rig.parent, walk.camera);
        const gl = walk.renderer.getContext();
        const colour = new Uint8Array(4);
        gl.readPixels((at.x + 1) / 2 * view.width, (at.y + 1) / 2 * view.height, 1, 1,
                      gl.RGBA, gl.UNSIGNED_BYTE, colour);
        return [...colour];
        """.replace("arguments[0]", json.dumps(thing)),
    )


# ── without a browser ─────────────────────────────────────────────────────────────────────────────


def test_every_claim_is_text_with_its_truth():
    html = page_html(exhibits())
    items = re.findall(r'<li class="(\w+)">.*?</span>([^<]+)</li>', html)
    assert ("true", "house left of tree") in items and ("false", "red boat") in items
    assert html.count("<h2>") == 2 and html.count('id="next"') == 1
    assert "In the best one" in html
    assert 'id="next"' not in page_html(exhibits()[:1])


def test_images_and_controls_have_names():
    html = page_html(exhibits())
    assert all(re.search(r'alt="[^"]+"', tag) for tag in re.findall(r"<img [^>]*>", html))
    assert all("aria-" in tag for tag in re.findall(r"<(?:canvas|aside) [^>]*>", html))
    assert re.search(r'<button id="enter-vr" hidden>', html)


def test_markup_in_a_sentence_stays_text():
    exhibit = exhibit_of('<b onload="x()">a red house</b></script>', render(NIGHT), NIGHT)
    html = page_html([exhibit])
    assert "<b " not in html and "&lt;b onload" in html
    assert html.count("</script>") == 2


def test_the_server_knows_its_five_files_and_nothing_else(address):
    for path in ("/", "/walk.js", "/walk.css", "/three.js", "/walk.glb"):
        with urlopen(address + path, timeout=20) as file:
            assert file.status == 200 and "default-src 'self'" in str(file.headers)
    for path in ("/../page.py", "/page.py", "/walk.js/../page.py", "//etc/passwd", "/%2e%2e/x"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(address + path, timeout=20)


def test_a_browser_that_hangs_up_disturbs_nobody(address, capfd):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as gone:
            gone.sendall(b"GET /walk.glb HTTP/1.0\r\n\r\n")
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with urlopen(address, timeout=20) as page:
        assert page.status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_an_interruption_ends_the_server_without_an_error(monkeypatch):
    def interrupted(self) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cmlearn.apps.vr.page.ThreadingHTTPServer.serve_forever", interrupted)
    serve(exhibits(), port=free_port())


def test_without_nicegui_it_says_what_to_install(monkeypatch):
    assert find_three().name == "index.js"
    monkeypatch.setattr("cmlearn.apps.vr.page.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install 'nicegui"):
        find_three()


def test_a_port_in_use_gets_a_clear_message():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port} \(Address .* in use\): choose"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", free_port())


@pytest.mark.parametrize(("port", "advised"), [(8018, 8019), (65535, 65534), (80, 8018)])
def test_the_port_that_is_advised_can_be_chosen(monkeypatch, port, advised):
    def bind(self, address):
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr("cmlearn.apps.vr.page.socket.socket.bind", bind)
    with pytest.raises(OSError, match=rf"another port, such as --port {advised}$"):
        check_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["::1", "no-such-host.invalid", "192.0.2.1"])
def test_a_wrong_host_is_named_and_not_its_port(host):
    with pytest.raises(OSError, match=r"choose another host, .* --host 127\.0\.0\.1$"):
        check_port(host, free_port())


def test_our_script_is_small_and_names_no_address():
    folder = ROOT / "cmlearn" / "apps" / "vr"
    script = (folder / "walk.js").read_text("utf-8")
    assert len(script.splitlines()) < 320
    for text in (script, (folder / "walk.css").read_text("utf-8"), page_html(exhibits())):
        assert not re.search(r"https?:|//[a-z]+\.", text)


def test_the_script_is_in_the_package():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["setuptools"]["package-data"]["cmlearn.apps.vr"] == ["*.js", "*.css"]


# ── in a browser: the tests share a page, and each puts itself where it needs to be ───────────────


@needs_chromium
def test_the_page_loads_with_the_network_cut_and_without_errors(page):
    requests = [
        json.loads(entry["message"])["message"]["params"]["request"]["url"]
        for entry in page.get_log("performance")
        if '"Network.requestWillBeSent"' in entry["message"]
    ]
    assert any(url.endswith("/walk.glb") for url in requests)
    network = [url for url in requests if re.match(r"(https?|wss?):", url)]
    assert all(url.startswith("http://127.0.0.1:") for url in network)
    errors = [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []


@needs_chromium
def test_the_pixel_below_the_roof_of_the_house_is_red(page):
    run(page, "walk.enter(0)")
    r, g, b, _ = pixel(page, "big red house")
    assert r > 90 and r > 2 * max(g, b)


@needs_chromium
def test_keys_move_and_dragging_turns(page):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    run(page, "walk.enter(0); view.focus()")
    start = position(page)
    press(page, "w")
    after = position(page)
    assert after[2] < start[2] - 0.2 and after[0] == pytest.approx(start[0], abs=0.01)
    press(page, Keys.ARROW_RIGHT)
    assert position(page)[0] > after[0] + 0.2
    view = page.find_element("id", "view")
    ActionChains(page).move_to_element_with_offset(view, 100, 0).click_and_hold().move_by_offset(
        150, 0
    ).release().perform()
    assert run(page, "return walk.camera.rotation.y") == pytest.approx(0.6, abs=0.02)


@needs_chromium
def test_nobody_walks_out_of_the_gallery(page):
    run(page, "walk.enter(0); walk.goTo({x: -500, z: 900})")
    x, _, z = position(page)
    assert x == -25 and z == 12


@needs_chromium
def test_a_click_on_the_ground_takes_us_there(page):
    from selenium.webdriver import ActionChains

    run(page, "walk.enter(0)")
    start = position(page)
    view = page.find_element("id", "view")
    ActionChains(page).move_to_element_with_offset(view, 60, 180).click().perform()
    after = position(page)
    assert after[2] < start[2] - 1 and after[1] == 0


@needs_chromium
def test_what_the_camera_points_at_gets_a_label(page):
    run(page, "walk.enter(0); walk.rig.position.set(-4.2, 0, -6)")
    label = page.find_element("id", "label")
    wait_for(lambda: label.text == "big red house")
    assert label.get_attribute("aria-live") == "polite"
    run(page, "walk.camera.rotation.set(1.3, 0, 0)")
    wait_for(lambda: label.text == "")


@needs_chromium
def test_the_gallery_has_a_section_for_the_world_around_us(page):
    run(page, "walk.enter(0)")
    shown = [s.is_displayed() for s in page.find_elements("css selector", "#walk section")]
    assert shown == [True, False]
    click(page, "next")
    text = page.find_element("css selector", "#walk section.here").text
    assert list(SENTENCES)[1] in text and "✗" in text and "red boat" in text
    r, g, b, _ = pixel(page, "big yellow boat")
    assert min(r, g) > 1.5 * b
    run(page, "walk.goTo({x: 0, z: 0})")  # on foot
    assert "night" in page.find_element("css selector", "#walk section.here").text


@needs_chromium
def test_orbit_is_a_switch(page):
    button = page.find_element("id", "orbit")
    before = page.get_screenshot_as_png()
    click(page, "orbit")
    assert button.get_attribute("aria-pressed") == "true"
    start = run(page, "return walk.bird.position.toArray()")
    from selenium.webdriver import ActionChains

    view = page.find_element("id", "view")
    ActionChains(page).move_to_element_with_offset(view, 100, 0).click_and_hold().move_by_offset(
        200, 20
    ).release().perform()
    time.sleep(0.3)
    assert run(page, "return walk.bird.position.toArray()") != start
    assert page.get_screenshot_as_png() != before
    click(page, "orbit")
    assert button.get_attribute("aria-pressed") == "false"


@needs_chromium
def test_the_file_can_be_saved(page, address):
    link = page.find_element("id", "save")
    assert link.get_attribute("download") == "walk.glb"
    with urlopen(link.get_attribute("href"), timeout=20) as file:
        assert file.read(4) == b"glTF"


@needs_chromium
def test_a_headset_is_entered_and_left(page):
    button = page.find_element("id", "enter-vr")
    wait_for(button.is_displayed)
    run(page, "walk.enter(0)")
    click(page, "enter-vr")
    wait_for(lambda: run(page, "return walk.renderer.xr.isPresenting"))
    assert run(page, "return headset.asked") == ["immersive-vr"]
    wait_for(lambda: run(page, "return headset.frames") > 3)
    assert run(page, "return walk.camera.matrixWorld.elements[13]") == pytest.approx(1.6, abs=0.05)
    run(page, "headset.session.end()")
    wait_for(lambda: not run(page, "return walk.renderer.xr.isPresenting"))
    assert [e for e in page.get_log("browser") if e["level"] == "SEVERE"] == []


@needs_chromium
def test_in_the_headset_the_gaze_is_ours_and_not_that_of_the_orbit(page):
    label = page.find_element("id", "label")
    run(page, "walk.enter(0)")
    click(page, "orbit")
    run(page, "walk.rig.position.set(-4.2, 0, -6); walk.bird.position.set(30, 60, 30)")
    wait_for(lambda: label.text == "")
    click(page, "enter-vr")
    wait_for(lambda: label.text == "big red house", 30)
    run(page, "headset.session.end()")
    wait_for(lambda: not run(page, "return walk.renderer.xr.isPresenting"))
    click(page, "orbit")


@needs_chromium
def test_without_a_headset_there_is_no_button(address):
    with browser() as driver:
        driver.get(address)
        wait_for(lambda: driver.execute_script(READY))
        assert not driver.find_element("id", "enter-vr").is_displayed()
