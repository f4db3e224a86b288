"""Tests of cmlearn.viz.display."""

from __future__ import annotations

import base64
import io
import re
import struct

import nbformat
import numpy as np
import pytest
from IPython.utils.capture import capture_output
from matplotlib import pyplot as plt
from nbconvert import HTMLExporter
from PIL import Image

from cmlearn.viz.display import fewer_colours, image_tag, png_bytes, show


def a_figure(height: float = 2.0) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(3, height))
    axes.plot([1, 3, 2])
    return figure


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def shown(monkeypatch, figure, alt):
    """What `show` hands to IPython: the data by MIME type, and the metadata."""
    bundles = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, metadata, raw: bundles.append((data, metadata))
    )
    show(figure, alt)
    (bundle,) = bundles
    return bundle


def test_the_output_carries_picture_and_text(monkeypatch):
    data, metadata = shown(monkeypatch, a_figure(), alt="A line that rises, then falls.")
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert data["text/plain"] == "A line that rises, then falls."
    assert 'alt="A line that rises, then falls."' in data["text/html"]
    assert metadata == {"image/png": {"alt": "A line that rises, then falls."}}


def test_both_copies_are_the_same_picture(monkeypatch):
    data, _ = shown(monkeypatch, a_figure(), alt="A line.")
    in_html = re.search(r"base64,([A-Za-z0-9+/=]+)", data["text/html"])[1]
    assert in_html == data["image/png"]
    assert base64.b64decode(in_html).startswith(b"\x89PNG")


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_nbconvert_writes_one_picture_with_its_text(monkeypatch, template):
    data, metadata = shown(monkeypatch, a_figure(), alt="A line.")
    if template == "classic":
        del data["text/html"]  # as for a viewer that passes on no HTML
    output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("draw()", outputs=[output])
    exporter = HTMLExporter(template_name=template)
    page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    (tag,) = re.findall(r"<img\b[^>]*>", page)
    assert 'alt="A line."' in tag


def test_the_figure_is_closed(monkeypatch):
    shown(monkeypatch, a_figure(), alt="A line.")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_alternative_text_is_refused(alt):
    with pytest.raises(ValueError, match="alt is empty"):
        show(a_figure(), alt)


def test_quotes_and_angles_cannot_break_out_of_the_attribute():
    tag = image_tag(b"png", 'says "<b>" & more\non two lines')
    assert 'alt="says &quot;&lt;b&gt;&quot; &amp; more on two lines"' in tag


def test_the_same_figure_gives_the_same_bytes():
    assert png_bytes(a_figure()) == png_bytes(a_figure())


def test_no_date_and_no_version_in_the_png():
    assert b"tEXt" not in png_bytes(a_figure())


def test_the_size_follows_the_dpi():
    small, large = (
        struct.unpack(">II", png_bytes(a_figure(), dpi=dpi)[16:24]) for dpi in (50, 100)
    )
    assert large[0] == pytest.approx(2 * small[0], abs=3)


def test_show_displays_in_a_real_shell():
    with capture_output() as captured:
        show(a_figure(), alt="A line.")
    assert "A line." in captured.stdout or captured.outputs


# ── fewer colours ──────────────────────────────────────────────────────────────────────────────


def sunset(height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth sky over noisy ground, with a brown trunk of a few pixels: (H, W, 3), uint8."""
    noise = np.random.default_rng(0).integers(-30, 30, (height, width, 3))
    picture = np.clip(np.array([110, 150, 80]) + noise, 0, 255)
    down = np.linspace(0, 1, height // 2)[:, None, None]
    picture[: height // 2] = (
        np.array([200, 140, 170]) * (1 - down) + np.array([250, 210, 160]) * down
    )
    picture[30:34, 20:22] = [101, 60, 30]
    return picture.astype(np.uint8)


def reduced(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(fewer_colours(Image.fromarray(pixels)).convert("RGB"))


def test_256_colours_at_most():
    picture = fewer_colours(Image.fromarray(sunset()))
    assert picture.mode == "P"
    assert picture.size == (64, 48)
    assert len(picture.getcolors()) <= 256


def test_few_colours_are_all_kept():
    colours = np.random.default_rng(1).integers(0, 256, (200, 3), dtype=np.uint8)
    pixels = colours[np.random.default_rng(2).integers(0, 200, (40, 50))]
    assert np.array_equal(reduced(pixels), pixels)


def test_a_small_thing_keeps_its_colour():
    error = np.abs(reduced(sunset()).astype(int) - sunset())
    assert error[30:34, 20:22].max() <= 8


def test_a_smooth_sky_has_no_bands():
    # A step of 8 of 255 between neighbouring rows is where the eye begins to see an edge.
    rows = reduced(sunset())[:24, 0].astype(int)
    assert np.abs(np.diff(rows, axis=0)).max() <= 8


def test_the_figure_is_stored_with_a_palette():
    with Image.open(io.BytesIO(png_bytes(a_figure()))) as picture:
        assert picture.mode == "P"
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
